"""Selectors over a :class:`~archiver.document.Document`: CSS as rule files write it, compiled once.

cssselect parses; matching is ours, because a document is a flat list. What is supported is
what rules need: type, class, id, attribute tests, ``:not()``, and the four combinators.
Anything else is refused when the rule file is loaded.

An :class:`Index` lists, for one document, the elements under each key some rule asks for, so
that a selector looks at a handful of candidates and never at the whole page.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, NamedTuple, TypeVar

import cssselect
from cssselect import parser as css

from archiver.document import Document, Node

Test = Callable[[Node], bool]
#: A kind (``.`` class, ``#`` id, ``@`` attribute name, ``t`` tag, ``~`` letters in the class) and a name.
Key = tuple[str, str]


class Alternative(NamedTuple):
    """One selector of a group: where to look, what must hold, and what must stand around it."""

    #: What its last compound names, the most telling first: a match stands under each of them.
    keys: tuple[Key, ...]
    test: Test
    #: What the compounds before it name: where the page has none of one of them, nothing matches.
    around: tuple[Key, ...]
    #: Whether whatever stands under its only key matches.
    is_key: bool


class Selector(NamedTuple):
    """A compiled selector."""

    source: str
    alternatives: tuple[Alternative, ...]

    def matches(self, node: Node) -> bool:
        return any(one.test(node) for one in self.alternatives)


def compile_selector(source: str) -> Selector:
    """Compile a selector group; ValueError tells what it does not understand."""
    try:
        parsed = cssselect.parse(source)
    except cssselect.SelectorError as error:
        raise ValueError(f"{source!r} is no selector: {error}") from error
    alternatives = []
    for one in parsed:
        keys: list[Key] = []
        around: list[Key] = []
        test = _compile(one.parsed_tree, keys, source, around)
        telling = sorted(keys or [("t", "*")], key=lambda key: _PREFERENCE[key[0]])
        alternatives.append(Alternative(tuple(telling), test, tuple(around), _is_key(one.parsed_tree)))
    return Selector(source, tuple(alternatives))


_PREFERENCE: Final = {"#": 0, ".": 1, "@": 2, "t": 3}


def _is_key(tree: object) -> bool:
    """Whether a selector names one thing only: a tag, a class, an id, an attribute."""
    match tree:
        case css.Element():
            return True
        case css.Class(selector=css.Element(element=None)) | css.Hash(selector=css.Element(element=None)):
            return True
        case css.Attrib(selector=css.Element(element=None), operator="exists"):
            return True
    return False


def _compile(tree: object, keys: list[Key], source: str, around: list[Key]) -> Test:
    """A test for one branch of cssselect's tree; ``keys`` collects what its last compound names,
    ``around`` what the compounds before it do."""
    match tree:
        case css.Element(element=name):
            if name is None or name == "*":
                return lambda node: True
            keys.append(("t", name))
            return lambda node: node.tag == name
        case css.Class(selector=inner, class_name=token):
            before = _compile(inner, keys, source, around)
            keys.append((".", token))
            return _class_test(token, before)
        case css.Hash(selector=inner, id=name):
            before = _compile(inner, keys, source, around)
            keys.append(("#", name))
            return lambda node: node.attrs.get("id") == name and before(node)
        case css.Attrib(selector=inner, attrib=name, operator=operator, value=value):
            before = _compile(inner, keys, source, around)
            keys.append(("@", name))
            says = _attribute_test(operator, "" if value is None else str(value.value), source)
            return lambda node: name in node.attrs and says(node.attrs[name]) and before(node)
        case css.Negation(selector=inner, subselector=negated):
            before, without = _compile(inner, keys, source, around), _compile(negated, [], source, [])
            return lambda node: before(node) and not without(node)
        case css.CombinedSelector(selector=outer, combinator=combinator, subselector=inner):
            return _combined(_compile(outer, around, source, around), combinator, _compile(inner, keys, source, around))
    raise ValueError(f"{source!r} uses a selector that rules do not support")


def _class_test(token: str, before: Test) -> Test:
    def has(node: Node) -> bool:
        said = node.attrs.get("class")
        # most elements do not even have the letters, which is cheaper to ask
        return said is not None and token in said and token in said.split() and before(node)

    return has


def _attribute_test(operator: str, value: str, source: str) -> Callable[[str], bool]:
    tests: dict[str, Callable[[str], bool]] = {
        "exists": lambda text: True,
        "=": lambda text: text == value,
        "^=": lambda text: text.startswith(value),
        "$=": lambda text: text.endswith(value),
        "*=": lambda text: value in text,
        "~=": lambda text: value in text and value in text.split(),
        "|=": lambda text: text == value or text.startswith(value + "-"),
    }
    if operator not in tests:
        raise ValueError(f"{source!r}: unknown operator {operator}")
    return tests[operator]


def _combined(outer: Test, combinator: str, inner: Test) -> Test:
    if combinator == ">":
        return lambda node: inner(node) and node.parent is not None and outer(node.parent)
    if combinator == " ":
        return _within_test(outer, inner)
    raise ValueError(f"rules do not support the combinator {combinator!r}")


def _within_test(outer: Test, inner: Test) -> Test:
    def stands(node: Node) -> bool:
        if not inner(node):
            return False
        above = node.parent
        while above is not None:
            if outer(above):
                return True
            above = above.parent
        return False

    return stands


#: So many candidates are looked at without asking whether there is a shorter list.
_FEW: Final = 8


class Index:
    """The elements of one document under the keys that rules ask for."""

    __slots__ = ("_places", "document")

    def __init__(self, document: Document) -> None:
        self.document = document
        self._places = IN_USE.places(document)

    def select(self, selector: Selector, within: Node | None = None) -> list[Node]:
        """Elements that match, in document order; ``within`` keeps to an element's descendants."""
        lists: list[list[Node]] = []
        places = self._places
        for keys, test, around, is_key in selector.alternatives:
            if keys[0] not in places or (around and not self._has(around)):
                continue
            nodes = self._candidates(keys)
            if within is not None:
                start = bisect_right(nodes, within.index, key=_place)
                nodes = nodes[start : bisect_right(nodes, within.end - 1, start, key=_place)]
            lists.append(nodes if is_key else [node for node in nodes if test(node)])
        return _in_order(lists)

    def _candidates(self, keys: tuple[Key, ...]) -> list[Node]:
        """The elements under that one of the keys which has the fewest."""
        nodes = self._places[keys[0]]
        if len(nodes) > _FEW:
            for key in keys[1:]:
                others = self._places.get(key, [])
                if len(others) < len(nodes):
                    nodes = others
        return nodes

    def _has(self, keys: tuple[Key, ...]) -> bool:
        return all(key in self._places for key in keys)

    def first(self, selector: Selector, within: Node | None = None) -> Node | None:
        return next(iter(self.select(selector, within)), None)

    def __iter__(self) -> Iterator[Key]:
        """The keys that stand on the page."""
        return iter(self._places)

    def under(self, kind: str, name: str) -> list[Node]:
        """Elements under one key, in document order."""
        return self._places.get((kind, name), [])


def _place(node: Node) -> int:
    return node.index


def _in_order(lists: list[list[Node]]) -> list[Node]:
    """Elements of several lists, each once, in document order."""
    lists = [nodes for nodes in lists if nodes]
    if len(lists) == 1:
        return [*lists[0]]
    found = {node.index: node for nodes in lists for node in nodes}
    return [found[i] for i in sorted(found)]


class Vocabulary:
    """The keys that the rules in use ask for. It knows, for a class attribute seen before, which
    of its tokens matter: sites repeat the same few attributes."""

    _KEPT: Final = 50_000

    def __init__(self) -> None:
        self._classes: set[str] = set()
        self._ids: set[str] = set()
        self._attributes: set[str] = set()
        self._tags: set[str] = set()
        self._letters: set[str] = set()
        self._seen: dict[str, tuple[Key, ...]] = {}

    def learn(self, key: Key) -> None:
        kind, name = key
        {".": self._classes, "#": self._ids, "@": self._attributes, "t": self._tags, "~": self._letters}[kind].add(name)
        self._seen.clear()

    def places(self, document: Document) -> dict[Key, list[Node]]:
        """Where in the document each key stands."""
        by_tag: defaultdict[str, list[Node]] = defaultdict(list)
        by_attribute: defaultdict[str, list[Node]] = defaultdict(list)
        by_name: defaultdict[Key, list[Node]] = defaultdict(list)
        ids, seen = self._ids, self._seen
        for node in document.nodes:
            by_tag[node.tag].append(node)
            attrs = node.attrs
            for name in attrs:
                by_attribute[name].append(node)
                if name == "class":
                    text = attrs[name]
                    found = seen.get(text)
                    for key in self._look(text) if found is None else found:
                        by_name[key].append(node)
                elif name == "id" and attrs[name] in ids:
                    by_name["#", attrs[name]].append(node)
        places = dict(by_name)
        for kind, watched, listed in (("t", self._tags, by_tag), ("@", self._attributes, by_attribute)):
            for name, nodes in listed.items():  # in page order, the same in every process
                if name in watched:
                    places[kind, name] = nodes
        if "*" in self._tags:
            places["t", "*"] = document.nodes
        return places

    def _look(self, text: str) -> tuple[Key, ...]:
        if len(self._seen) > self._KEPT:
            self._seen.clear()
        tokens = dict.fromkeys(text.split())
        found = tuple((".", token) for token in tokens if token in self._classes)
        folded = text.lower()
        found += tuple(("~", letters) for letters in self._letters if letters in folded)
        self._seen[text] = found
        return found


#: What every rule in use asks for; :func:`rule` teaches it.
IN_USE: Final = Vocabulary()


def rule(source: str) -> Selector:
    """Compile a selector and have every index list its candidates."""
    selector = compile_selector(source)
    for one in selector.alternatives:
        for key in (*one.keys, *one.around):
            IN_USE.learn(key)
    return selector


T = TypeVar("T")


class Watch(Generic[T]):
    """Values that wait for selectors, asked for all at once: those of which nothing stands on the
    page cost nothing."""

    def __init__(self, entries: Iterable[tuple[Selector, T]]) -> None:
        self._values: list[T] = []
        self._by_key: dict[Key, list[int]] = {}
        for place, (selector, value) in enumerate(entries):
            self._values.append(value)
            for key in {one.keys[0] for one in selector.alternatives}:
                self._by_key.setdefault(key, []).append(place)

    def candidates(self, index: Index) -> list[T]:
        """Values whose selector could match, in the order they were given."""
        waiting = self._by_key
        places = {place for key in index if key in waiting for place in waiting[key]}
        return [self._values[place] for place in sorted(places)]


def rule_letters(letters: str) -> None:
    """Have every index list the elements whose class holds these (lower case) letters anywhere."""
    IN_USE.learn(("~", letters))


def closest(node: Node, test: Test) -> Node | None:
    """The element itself or its nearest ancestor that passes."""
    here: Node | None = node
    while here is not None:
        if test(here):
            return here
        here = here.parent
    return None


def siblings_after(document: Document, node: Node) -> Iterator[Node]:
    """The element siblings that follow, in order."""
    if node.parent is None:
        return
    i = node.end
    while i < node.parent.end:
        sibling = document.nodes[i]
        yield sibling
        i = sibling.end
