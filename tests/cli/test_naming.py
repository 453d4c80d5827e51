"""Commands say which run they found."""

from __future__ import annotations

from pathlib import Path

from fozzy.cli.naming import named_body, named_line
from fozzy.insight.recall import Named
from fozzy.report.text import plain


def test_a_run_is_told_with_how_it_was_named() -> None:
    """Id, member, trace and the word are in the line and in the document."""
    named = Named("@latest/2", "alias", "7f3c2a1d", Path("runs/7f3c2a1d"), 2, Path("runs/7f3c2a1d/2.fozzy"))
    assert plain(named_line(named)) == '  run 7f3c2a1d/2, trace runs/7f3c2a1d/2.fozzy, named by "@latest/2"'
    body = named_body(named)
    assert (body.run_id, body.member, body.trace_path, body.by) == ("7f3c2a1d", 2, "runs/7f3c2a1d/2.fozzy", "alias")


def test_a_suite_has_no_trace_and_no_member() -> None:
    """What is not there is not said."""
    body = named_body(Named("7f3", "prefix", "7f3c2a1d", Path("runs/7f3c2a1d")))
    assert (body.member, body.trace_path) == (None, None)


def test_a_word_cannot_break_the_line() -> None:
    """Line ends and escapes in a name stay in the line."""
    said = plain(named_line(Named("a\n\x1b[2J", "alias", "7f3c2a1d")))
    assert "\n" not in said and "\x1b" not in said
