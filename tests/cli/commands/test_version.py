"""`fozzy version`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fozzy.version import VERSION


def test_the_version_is_one_line(fz: Callable[..., Any]) -> None:
    """Asked in any way that is not the quick one, it says the same."""
    for words in (("version",), ("version", "-q"), ("-v", "version"), ("version", "--color", "never")):
        ran = fz(*words)
        assert (ran.code, ran.out, ran.err) == (0, f"fozzy {VERSION}\n", "")


def test_the_version_as_a_document(fz: Callable[..., Any]) -> None:
    """The document holds the version alone."""
    document = fz("version", "--json").document()
    assert document == {"schemaVersion": 1, "command": "version", "status": "pass", "version": VERSION}
