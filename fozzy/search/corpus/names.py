"""Names: of a target's corpus, of an entry, and which names an archive may bring."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

TARGETS = ("py:", "cmd:", "scenario:")
SLUG_CHARS_MAX = 100  # a file system takes 255 bytes; what we write beside it has a longer name
HASH_DIGITS = 8
NAME_BYTES_MAX = 200  # likewise
DIGITS = (16, 32, 64)  # of a content's hash: the first that no other content has taken

_PLAIN = re.compile(r"\w+(\.\w+)*(:\w+(\.\w+)*)*", re.ASCII)
_UNSAFE = re.compile(r"[^\w.]+", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DRIVE = re.compile("[A-Za-z]:")
_WINDOWS = re.compile(r'[<>:"|?*]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


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


def is_hidden(name: str) -> bool:
    """Whether a file is none of the corpus: what editors, systems and we ourselves leave in a folder."""
    return name.startswith(".")


def same_name(name: str) -> str:
    """What two names share that some file systems take for one: case and the way accents are composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def flaw_of(name: str) -> str:
    """Why an archive must not bring a file of this name, as the rest of a sentence; empty when it may."""
    parts = name.split("/")
    found = {
        "is empty": not name,
        "has a control character": bool(_CONTROL.search(name)),
        "is an absolute path": name.startswith("/"),
        "has a backslash": "\\" in name,
        "begins with a drive": bool(_DRIVE.match(name)),
        'leaves the folder with ".."': ".." in parts,
        "is a folder's": name.endswith("/"),
        'has a part that is empty or "."': "" in parts or "." in parts,
        "stands in a folder of its own": len(parts) > 1,
        "is hidden, which a corpus ignores": is_hidden(name),
        f"is longer than {NAME_BYTES_MAX} bytes": len(name.encode("utf-8", "surrogatepass")) > NAME_BYTES_MAX,
        "means something else on Windows": os.name == "nt" and bool(_WINDOWS.search(name)),
    }
    return next((flaw for flaw, holds in found.items() if holds), "")
