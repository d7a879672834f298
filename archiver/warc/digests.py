"""Digests as archives state them: an algorithm, a colon, and hex or base 32."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

_STATED: Final = re.compile(r"([A-Za-z0-9_-]{1,20}):([A-Za-z0-9+/=_-]{1,200})")
_BITS_OF_A_SIGN: Final = 5  # in base 32


@dataclass(frozen=True)
class Stated:
    """``value`` is None for an algorithm that is not known here."""

    algorithm: str
    value: bytes | None

    def of(self, data: bytes) -> bool:
        return (
            self.value is not None and hashlib.new(self.algorithm, data, usedforsecurity=False).digest() == self.value
        )


def stated(text: str) -> Stated | None:
    """None where it is no digest, or not one of its algorithm."""
    found = _STATED.fullmatch(text.strip())
    if found is None:
        return None
    algorithm = found[1].lower().replace("sha-", "sha")
    if algorithm not in _LENGTHS:
        return Stated(algorithm, None)
    value = _decoded(found[2], _LENGTHS[algorithm])
    return Stated(algorithm, value) if value is not None else None


#: Bytes of the digests that archives have been seen to use.
_LENGTHS: Final = {"md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}


def _decoded(text: str, length: int) -> bytes | None:
    bare = text.rstrip("=").upper()
    try:
        if len(bare) == 2 * length:
            return binascii.unhexlify(bare)
        if len(bare) == -(-8 * length // _BITS_OF_A_SIGN):
            return base64.b32decode(bare + "=" * (-len(bare) % 8))
    except (ValueError, binascii.Error):
        pass
    return None
