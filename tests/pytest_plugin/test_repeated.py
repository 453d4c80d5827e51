"""What runs of one test together must show: see `test_runs` for whole sessions."""

from __future__ import annotations

from fozzy.pytest_plugin.repeated import difference


def test_the_first_difference_is_shown() -> None:
    """Of two logs, also where one is shorter; nothing where they are the same."""
    assert difference([b"a\n", b"b\n"], [b"a\n", b"b\n"]) == ""
    assert difference([b"a\n", b"b\n"], [b"a\n", b"c\n"]) == "  before: b\n  now:    c"
    assert difference([b"a\n"], [b"a\n", b"c\n"]) == "  before: nothing\n  now:    c"
