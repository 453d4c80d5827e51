"""File names of tests: each test id has one, the same each time."""

from __future__ import annotations

import re

from blake3 import blake3

from fozzy.trace.format import SUFFIX

DEFAULT = "default" + SUFFIX  # of requests that name no test
STEM_CHARS_MAX = 80
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # what Windows keeps for itself


def file_of(test: str, is_taken: bool = False) -> str:
    """The file of a test. A name that no file can have everywhere is made into one, with a digest of the true one, and
    so is one that `is_taken` by another test, where large and small letters are the same."""
    if not test:
        return DEFAULT
    if (
        not is_taken
        and _SAFE.fullmatch(test)
        and test != "default"
        and test[-1] != "."
        and not _DEVICES.fullmatch(test)
    ):
        return test + SUFFIX
    stem = _UNSAFE.sub("_", test).strip("._-")[:STEM_CHARS_MAX] or "test"
    return f"{stem}-{blake3(test.encode('utf-8', 'surrogateescape')).hexdigest(length=4)}{SUFFIX}"
