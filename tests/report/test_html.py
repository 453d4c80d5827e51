"""The HTML report: what it says, that it is sound as a document, and that nothing gets out of it or into it."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from fnmatch import fnmatch
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.core.summary import Heap
from fozzy.report.cases import cases, commands
from fozzy.report.html import render
from fozzy.report.text import safe

ROOT = Path(__file__).parent.parent.parent
VOID = {"meta", "link", "input", "wbr", "rect", "br"}


class Page(HTMLParser):
    """A page taken apart. Tags that do not match fail at once."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []  # the tag around a text, and the text
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag."""
        self.tags.append((tag, dict(attrs)))
        assert len(attrs) == len(dict(attrs)), f"an attribute twice in {tag}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag without content."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember a text."""
        self.texts.append((self.open[-1] if self.open else "", data))

    @property
    def text(self) -> str:
        """All that is said."""
        return "".join(data for tag, data in self.texts if tag not in ("style", "script"))

    def values(self, attribute: str) -> list[str]:
        """Every value of an attribute."""
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every tag of that name."""
        return [attrs for name, attrs in self.tags if name == tag]


EVERY = ["suite", "single", "replay", "evil", "empty", "good", "passed"]


@pytest.fixture(params=EVERY)
def summary(request: pytest.FixtureRequest, made: Any) -> Any:
    """Every sort of summary in turn."""
    other = {
        "empty": lambda: made.suite([]),
        "good": lambda: made.suite([made.member(1, "pass")]),
        "passed": lambda: made.single("pass", failed_step=0, memory=Heap(in_use_bytes=12, peak_bytes=4100)),
    }
    return other.get(request.param, lambda: getattr(made, request.param)())()


def test_tags_match_and_names_are_unique(summary: Any) -> None:
    """Every tag is closed in order, every id is there once, every reference and label has its target."""
    page = Page(render(summary))
    ids = Counter(page.values("id"))
    assert [name for name, number in ids.items() if number > 1] == []
    targets = [href[1:] for href in page.values("href") if href.startswith("#")]
    assert set(targets) | set(page.values("aria-labelledby")) <= set(ids)


def test_nothing_is_loaded(summary: Any) -> None:
    """No reference leads out of the page, and the page's own policy forbids what would."""
    page = Page(render(summary))
    assert page.values("src") == [] and page.values("srcset") == [] and page.values("action") == []
    assert all(href.startswith("#") or href == "data:," for href in page.values("href"))
    assert not re.search(r"url\(|@import|https?:|//[a-z]", "".join(text for tag, text in page.texts if tag == "style"))
    policy = next(attrs["content"] for attrs in page.named("meta") if attrs.get("http-equiv"))
    assert policy and policy.startswith("default-src 'none'; style-src 'sha256-")
    assert {name for name, _ in page.tags} & {"iframe", "object", "embed", "img", "base", "form"} == set()


def test_no_code_but_ours(summary: Any) -> None:
    """There is one script and one style, no event handler and no inline style."""
    page = Page(render(summary))
    assert (len(page.named("script")), len(page.named("style"))) == (1, 1)
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "style"]


def test_landmarks_and_headings(summary: Any) -> None:
    """There is one header, main and footer, a skip link at first, one h1, and no heading level is left out."""
    page = Page(render(summary))
    assert [len(page.named(tag)) for tag in ("header", "main", "footer", "h1", "title")] == [1] * 5
    assert page.named("html")[0]["lang"] == "en"
    assert page.named("a")[0]["class"] == "skip"
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_tables_have_scoped_headers(made: Any) -> None:
    """Every header cell says what it heads."""
    page = Page(render(made.suite()))
    assert page.named("th") and all(attrs.get("scope") in ("col", "row") for attrs in page.named("th"))


def test_every_failure_has_its_commands(summary: Any) -> None:
    """Each case that did not pass has an article with the commands that show it again."""
    page = Page(render(summary))
    said = page.text
    failed = [case for case in cases(summary) if not case.passed]
    assert len(page.named("article")) == len(failed)
    for case in failed:
        assert f"case-{case.number}" in page.values("id")
        assert commands(case) and all(safe(each) in said for each in commands(case))


def test_it_says_what_happened(made: Any) -> None:
    """Verdict, numbers, seed, run, times, message, place, source line with its caret and the step before are there."""
    page = Page(render(made.suite(skipped=3, warnings=["old schema"])))
    for said in (
        "FAIL 4 of 6 scenarios did not pass",
        "1 failed, 1 timed out, 1 crashed, 1 could not run, 2 passed, 3 left out",
        "1337",
        "7f3c0a11",
        "2026-01-31 12:00:00 UTC",
        "2.00s",
        "old schema",
        "assert_eq_int: charged twice",
        "scenarios/pay.fozzy.json:31:33",
        '31 | { "type": "assert_eq_int", "a": "${charges}", "b": 1 }',
        "^^^^^^^^^^^^ is 2, wanted 1",
        "http_request POST /pay",
        "step 9 of 14",
    ):
        assert said in page.text, said
    assert page.text.count("TIMEOUT") == 3  # the filter, the list, the failure: colour never stands alone


def test_the_caret_stands_under_its_text(made: Any) -> None:
    """In the page as in a terminal the carets are below what they mean."""
    lines = Page(render(made.single())).text.splitlines()
    index = next(number for number, line in enumerate(lines) if "^^^" in line)
    assert lines[index - 1][lines[index].index("^") :].startswith('"${charges}"')


def test_details_are_a_diff(made: Any) -> None:
    """What was wanted and what came is shown line by line with signs, not by colour alone."""
    details = {"expected": {"id": 42, "name": "Ada"}, "actual": {"id": 42, "name": "Bob"}}
    lines = Page(render(made.single(findings=[made.finding(details=details)]))).text.splitlines()
    assert '-    "name": "Ada"' in lines and '+    "name": "Bob"' in lines


def test_a_replay_shows_both_sides(made: Any) -> None:
    """A drift says its verdict, the record, both sides and the cause."""
    said = Page(render(made.replay())).text
    for each in ("DRIFT kept", "#14", "ask http GET /users/42", "ask http GET /users/43", "the scenario changed"):
        assert each in said
    assert "SAME" in Page(render(made.replay(verdict="SAME", record=None))).text


def test_passing_scenarios_are_folded(made: Any) -> None:
    """Beside failures the passing ones are folded; alone they are open. An expected failure says so."""
    assert "open" not in Page(render(made.suite())).named("details")[0]
    alone = Page(render(made.suite([made.member(1, "fail", passed=True, expected="fail")])))
    assert "open" in alone.named("details")[0] and "fail as expected" in alone.text


def test_the_filter_offers_what_there_is(made: Any) -> None:
    """A status is offered when a scenario has it; with only one status there is nothing to choose."""
    page = Page(render(made.suite([made.member(1, "pass"), made.member(2, "crash")])))
    assert [attrs["id"] for attrs in page.named("input")] == ["show-all", "show-crash", "show-pass"]
    assert Page(render(made.suite([made.member(1, "pass")]))).named("input") == []


def test_hostile_data_stays_data(made: Any) -> None:
    """Markup, control characters and marks of direction in any text do nothing; a megabyte is bounded."""
    source = render(made.evil())
    page = Page(source)
    assert "<script>alert" not in source and "<script>alert(1)</script>" in page.text
    assert not set(source) & set("\x00\x1b\u202e\u2066\ud800\x85")
    assert len(source.encode("utf-8")) < 300_000


def test_a_long_suite_is_bounded(made: Any) -> None:
    """Thousands of failures have rows, the first five hundred a screen, and the page says what is left out."""
    members = [made.member(number, "fail", findings=[made.finding()] * 30) for number in range(1, 601)]
    page = Page(render(made.suite(members)))
    assert len(page.named("article")) == 500 and len(page.named("tr")) == 601
    assert "100 more failures" in page.text and "10 more findings" in page.text


def test_same_summary_same_bytes(made: Any) -> None:
    """Rendering twice, also after a way through JSON, gives the same bytes."""
    summary = made.suite()
    again = msgspec.json.decode(msgspec.json.encode(summary), type=type(summary))
    assert render(summary) == render(summary) == render(again)


def test_style_and_script_are_installed() -> None:
    """The files a page is made of are part of the package."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    globs = settings["tool"]["setuptools"]["package-data"]["fozzy"]
    for name in ("report/html.css", "report/html.js"):
        assert (ROOT / "fozzy" / name).is_file() and any(fnmatch(name, each) for each in globs)
