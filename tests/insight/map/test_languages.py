"""Which files are code under test."""

from __future__ import annotations

import pytest

from fozzy.insight.map.languages import EXTENSIONS, PARSED, is_declaration, is_test, language_of


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "Python"),
        ("a/b.TSX", "TSX"),
        ("a.d.ts", "TypeScript"),
        ("a.md", None),
        (".py", None),
        ("py", None),
        ("a b\nc.go", "Go"),
    ],
)
def test_a_language_by_the_name(path: str, language: str | None) -> None:
    """The ending says it; a name that is only an ending has none."""
    assert language_of(path) == language


@pytest.mark.parametrize(
    "path", ["tests/a.py", "a/__tests__/b.ts", "test_a.py", "a_test.go", "a.spec.ts", "OrderTest.java", "conftest.py"]
)
def test_tests_are_no_code_under_test(path: str) -> None:
    """A folder of tests or a name of a test."""
    assert is_test(path)


@pytest.mark.parametrize("path", ["latest.py", "contest.py", "attestation/a.py", "protest.go", "Test.java.py"])
def test_what_only_sounds_like_a_test(path: str) -> None:
    """Names that hold the word are code."""
    assert not is_test(path)


def test_declarations() -> None:
    """Files that hold types alone."""
    assert is_declaration("a.d.ts") and is_declaration("a.pyi") and not is_declaration("a.ts")
    assert set(PARSED) <= set(EXTENSIONS.values())
