"""Which names the entries of an archive may have: plain file names that mean the same file on every system."""

from __future__ import annotations

import os
import re
import unicodedata

NAME_BYTES_MAX = 200  # a file system takes 255 bytes; what is written beside it first has a longer name

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DRIVE = re.compile("[A-Za-z]:")
_WINDOWS = re.compile(r'[<>:"|?*]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


def is_hidden(name: str) -> bool:
    """Whether a file is one that editors, systems and we ourselves leave in a folder."""
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
        "is hidden": is_hidden(name),
        f"is longer than {NAME_BYTES_MAX} bytes": len(name.encode("utf-8", "surrogatepass")) > NAME_BYTES_MAX,
        "means something else on Windows": os.name == "nt" and bool(_WINDOWS.search(name)),
    }
    return next((flaw for flaw, holds in found.items() if holds), "")
