"""The list and the failures of a page."""

from __future__ import annotations

from typing import Any

from fozzy.core.summary import Beat
from fozzy.report.html_cases import again, failures, scenarios, steps


def test_the_list_links_to_failures(made: Any) -> None:
    """What did not pass comes first and leads to its screen; what passed leads nowhere."""
    page = "\n".join(scenarios(made.suite().scenarios))
    assert page.index("#case-2") < page.index("<details")
    assert 'href="#case-1"' not in page and 'href="#case-6"' not in page


def test_the_list_says_why_in_one_short_line(made: Any) -> None:
    """A row has the first line of the first message, cut to what a row can hold."""
    member = made.member(1, "fail", findings=[made.finding(message="y" * 500 + "\nmore")])
    page = "\n".join(scenarios([member]))
    assert "y" * 140 in page and "y" * 160 not in page and "more" not in page


def test_a_failure_without_findings_says_so(made: Any) -> None:
    """What could not run has no finding, and still a sentence and a command."""
    page = "\n".join(failures([made.member(1, "error", findings=[])], True))
    assert "it could not run" in page and "fozzy run" in page


def test_a_failure_alone_has_no_way_back(made: Any) -> None:
    """The only failure of a page about one run repeats no name and leads back to no list."""
    alone = "\n".join(failures([made.member(1, "fail")], False))
    assert "Back to the list" not in alone and "<h3" not in alone


def test_small_parts(made: Any) -> None:
    """Numbers of steps, and nothing for nothing."""
    assert [steps(made.member(1, status)) for status in ("pass", "fail")] == ["14", "9 of 14"]
    assert again([]) == [] and failures([], True) == []


def test_a_failure_of_a_cluster_tells_how_it_happened(made: Any) -> None:
    """The story stands between what was found and the commands, escaped, with how much of it is left out."""
    story = [
        Beat(at_ns=4_000_000, who="n0", what="says <b>"),
        Beat(at_ns=5_000_000, who="check", what="x", outcome="FAIL"),
    ]
    page = "\n".join(failures([made.member(1, "fail", story=story, story_left_out=7)], False))
    assert (
        page.index("charged twice") < page.index("How it happened (7 lines are left out)") < page.index("fozzy replay")
    )
    assert "4ms  n0     says &lt;b&gt;" in page
    assert "How it happened" not in "\n".join(failures([made.member(1, "fail")], False))
