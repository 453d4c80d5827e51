"""The summary of a CI step, read back by a Markdown parser."""

from __future__ import annotations

from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from fozzy.core.outcome import Finding
from fozzy.report.markdown import SIZE_BYTES_MAX, TAIL_BYTES, render, within

EVIL = "`x` | <b>*a*</b> [l](http://e) @me #1 :tada:\n# head\n```\n~~~ & \ud800\x1b[31m"


def tokens(text: str) -> list[Token]:
    """The blocks and inline parts of a text, as GitHub's flavour has them."""
    parser = MarkdownIt("commonmark").enable("table")
    return [inner for each in parser.parse(text) for inner in [each, *(each.children or [])]]


def kinds(text: str) -> set[str]:
    """What a text is made of."""
    return {each.type for each in tokens(text)}


def test_the_verdict_and_each_failure(made: Any) -> None:
    """A heading with the numbers, a line of the table and a block for each that failed, and commands that are pasted."""
    text = render(made.suite(skipped=3))
    assert text.startswith("## fozzy test: 2 passed, 4 failed, 3 skipped\n\nseed 1337, 2.00s\n")
    assert sum(each.type == "tr_open" for each in tokens(text)) == 1 + 4
    blocks = [each for each in tokens(text) if each.type == "fence"]
    assert len(blocks) == 2 * 4
    assert "assert_eq_int: charged twice" in blocks[0].content
    assert "--> scenarios/pay.fozzy.json:31:33" in blocks[0].content
    assert blocks[1].info == "sh" and blocks[1].content.startswith("fozzy replay .fozzy/runs/7f3c0a11/2.fozzy\n")


def test_what_passed_is_a_number(made: Any) -> None:
    """Nothing but the verdict where nothing failed; nothing ran is said too."""
    assert render(made.suite([made.member(1, "pass")])) == "## fozzy test: 1 passed\n\nseed 1337, 2.00s\n"
    assert render(made.suite([])).startswith("## fozzy test: nothing ran\n")


def test_runs_and_replays(made: Any) -> None:
    """A single run and a replay are one case."""
    assert "0 passed, 1 failed" in render(made.single()) and "charged twice" in render(made.single())
    assert "the replay came to DRIFT" in render(made.replay())


def test_no_data_is_markup(made: Any) -> None:
    """Names, messages and warnings of any kind add no heading, link, image, fence or HTML of their own."""
    plain = made.suite([made.member(1, "fail")], warnings=["careful"])
    finding = Finding(kind="assertion", title=EVIL, message=EVIL)
    evil = made.suite([made.member(1, "fail", EVIL, path=EVIL, trace_path=EVIL, findings=[finding])], warnings=[EVIL])
    for kind in ("heading_open", "fence", "tr_open", "list_item_open", "html_block"):
        numbers = [sum(each.type == kind for each in tokens(render(each))) for each in (plain, evil)]
        assert numbers[0] == numbers[1], kind
    assert kinds(render(evil)) <= kinds(render(plain))
    tags = {each.content for each in tokens(render(evil)) if each.type == "html_inline"}
    assert tags == {"<code>", "</code>"}
    render(made.evil()).encode()


def test_it_fits_what_github_takes(made: Any) -> None:
    """However much failed, at most 1 MiB, whole blocks only, and what is missing is counted."""
    message = "x" * 4000
    finding = Finding(kind="assertion", title="t", message="\n".join([message] * 20))
    text = render(made.suite([made.member(number, "fail", findings=[finding]) for number in range(1, 400)]))
    assert SIZE_BYTES_MAX - 100_000 < len(text.encode()) <= SIZE_BYTES_MAX
    shown = sum(each.type == "heading_open" and each.tag == "h3" for each in tokens(text))
    assert 0 < shown < 399
    assert text.endswith(f"\n{399 - shown} more failures did not fit here; the log has all.\n")


def test_what_is_left_of_the_room_is_used(made: Any) -> None:
    """Where little room is left only the verdict is told, and nothing where that does not fit either."""
    suite = made.suite([made.member(1, "fail")])
    verdict = within(suite, TAIL_BYTES + 200)
    assert verdict.endswith("1 more failure did not fit here; the log has all.\n") and len(verdict) <= TAIL_BYTES + 200
    assert within(suite, TAIL_BYTES) == within(suite, -1) == ""
