"""Names: of a target's corpus and of an entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

TARGETS = ("py:", "cmd:", "scenario:")
SLUG_CHARS_MAX = 100  # a file system takes 255 bytes; what we write beside it has a longer name
HASH_DIGITS = 8
DIGITS = (16, 32, 64)  # of a content's hash: the first that no other content has taken

_PLAIN = re.compile(r"\w+(\.\w+)*(:\w+(\.\w+)*)*", re.ASCII)
_UNSAFE = re.compile(r"[^\w.]+", re.ASCII)


def is_target(word: str) -> bool:
    """Whether a word is a target's, and no folder."""
    return word.startswith(TARGETS)


def slug(target: str) -> str:
    """A target's words as the name of a folder: `py:shop.orders:parse` is `py-shop.orders-parse`.

    What else is replaced or cut off is made up for by a hash behind a `~`, so two targets never share a name.
    """
    made = _UNSAFE.sub("-", target)
    if _PLAIN.fullmatch(target) and len(made) <= SLUG_CHARS_MAX:
        return made
    digest = blake3(target.encode("utf-8", "surrogatepass")).hexdigest(HASH_DIGITS // 2)
    return f"{made[: SLUG_CHARS_MAX - HASH_DIGITS - 1]}~{digest}"


def folder_of(base_dir: Path, word: str) -> Path:
    """The folder a word names: a target's own, or the path it is."""
    return base_dir / "corpus" / slug(word) if is_target(word) else Path(word)


def names_of(data: bytes) -> Iterator[str]:
    """The names an input may have, the usual one first: more and more of its content's hash."""
    digest = blake3(data).hexdigest()
    return (digest[:digits] for digits in DIGITS)
