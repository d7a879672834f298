"""The key of an address is the one that replay programs make of it."""

from __future__ import annotations

import pytest

from archiver.warc.surt import surt

#: Each with the key that the programs of others give it; `make test-replay` asks them.
ADDRESSES = {
    "http://example.org": "org,example)/",
    "http://example.org/": "org,example)/",
    "https://www.example.org/Goo/?a=1&B=2": "org,example)/goo?a=1&b=2",
    "http://www2.example.org:80/a": "org,example)/a",
    "https://example.org:443/a": "org,example)/a",
    "https://example.org:80/a": "org,example:80)/a",
    "http://example.org:8080/a/": "org,example:8080)/a",
    "http://user:pw@example.org/a#frag": "org,example)/a",
    "http://example.org/?": "org,example)/",
    "http://example.org/a?": "org,example)/a",
    "http://example.org/a?&": "org,example)/a?&",
    "http://example.org/a?b": "org,example)/a?b",
    "http://example.org/a?b=": "org,example)/a?b=",
    "http://example.org/a?b=1&a=2&b=0": "org,example)/a?a=2&b=0&b=1",
    "http://example.org/a?b=1=2&b": "org,example)/a?b&b=1=2",
    "http://example.org/a//b///c": "org,example)/a/b/c",
    "http://example.org/a/./b/../c": "org,example)/a/c",
    "http://example.org/../../a": "org,example)/a",
    "http://example.org/a/..": "org,example)/",
    "http://example.org/a/.": "org,example)/a",
    "http://example.org/%7Efoo/%41%2541": "org,example)/~foo/aa",
    "http://example.org/caf%C3%A9?q=%C3%89": "org,example)/caf%c3%a9?q=%c3%89",
    "http://example.org/café?q=É": "org,example)/caf%c3%a9?q=%c3%89",
    "http://example.org/a%20b?c%20d=e+f": "org,example)/a%20b?c%20d=e+f",
    "http://example.org/a%2Fb%3Fc%23d": "org,example)/a/b?c%23d",
    "http://example.org/a?x=%26y%3D1": "org,example)/a?x=&y=1",
    "http://bücher.example/x": "example,xn--bcher-kva)/x",
    "http://xn--bcher-kva.example/x": "example,xn--bcher-kva)/x",
    "http://example.org./a": "org,example)/a",
    "http://a..b.example/x": "example,b,a)/x",
    "http://127.0.0.1:8080/a": "1,0,0,127:8080)/a",
    "http://127.1/a": "1,0,0,127)/a",
    "http://2130706433/": "1,0,0,127)/",
    "http://0177.0.0.1/": "1,0,0,127)/",
    "http://[::1]:8080/a": "::1:8080)/a",
    "http://WWW.Example.ORG/A": "org,example)/a",
    "http://wwww.example.org/": "org,example,wwww)/",
    "http://www.com/": "com)/",
    "http://example.org/a;jsessionid=0123456789ABCDEF?x=1": "org,example)/a;jsessionid=0123456789abcdef?x=1",
    "http://example.org/a?jsessionid=ABCDEF0123456789ABCDEF0123456789&x=1": "org,example)/a?x=1",
    "http://example.org/a?x=1&sid=ABCDEF0123456789ABCDEF0123456789": "org,example)/a?&x=1",
    "http://example.org/a?x=1&phpsessid=ABCDEF0123456789ABCDEF0123456789&y=2": "org,example)/a?x=1&y=2",
    "http://example.org/a?ASPSESSIONIDabcdefgh=abcdefghijklmnopqrstuvwx&y=2": "org,example)/a?y=2",
    "http://example.org/a?cfid=1&cftoken=2&z=1": "org,example)/a?z=1",
    "http://example.org/(a(abcdefghijklmnopqrstuvwx))/x.aspx?q=1": "org,example)/x.aspx?q=1",
    "http://example.org/(abcdefghijklmnopqrstuvwx)/x.aspx": "org,example)/x.aspx",
    "http://example.org/x/(s(abcdefghijklmnopqrstuvwx)f(abcdefghijklmnopqrstuvwx))/y.aspx": "org,example)/x/y.aspx",
    "http://http://example.org/a": "org,example)/a",
    "http:///example.org/a": "org,example)/a",
    "HTTP://example.org/a": "org,example)/a",
    "http://example.org:/a": "org,example)/a",
    "http://example.org/a%0Ab": "org,example)/a%0ab",
    "http://example.org/a%00b": "org,example)/a%00b",
    "http://example.org/a%ff": "org,example)/a%ff",
    'http://example.org/"q"<x>|{}^`\\': 'org,example)/"q"<x>|{}^`\\',
    "http://example.org/a?b=/../c/": "org,example)/a?b=/../c/",
    "http://example.org/a/?b/": "org,example)/a?b/",
    "http://example.org?b=1": "org,example)/?b=1",
    "http://ex%61mple.org/": "org,example)/",
    "http://example.org/%2e%2e/a": "org,example)/../a",
    "http://example.org/a?%": "org,example)/a?%25",
    "http://example.org/100%": "org,example)/100%25",
    "http://example.org/a?a=1&a=&a": "org,example)/a?a&a=&a=1",
    "http://demo.example/2010/09/never-let-me-go-101912/": "example,demo)/2010/09/never-let-me-go-101912",
    "http://example.org:99999/": "http://example.org:99999/",
    "http://example.org/;a=b": "org,example)/;a=b",
    "http://example.org//": "org,example)/",
    "http://example.org/a//": "org,example)/a",
    "http://w_x.example/a": "example,w_x)/a",
    "http://example.org/a b": "org,example)/a%20b",
}


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_has_its_key(url: str) -> None:
    assert surt(url) == ADDRESSES[url]


@pytest.mark.parametrize("url", ["", "dns:example.org", "urn:uuid:1", "http://\ud800/", "http://[", "http://%/%?%"])
def test_no_address_is_too_odd(url: str) -> None:
    assert " " not in surt(url)
