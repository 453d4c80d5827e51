"""`fozzy explain`: what an error code or a finding's title means, offline."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command
from fozzy.cli.console import Console
from fozzy.cli.documents import ExplainDocument, PageBody
from fozzy.cli.pages import FILES, Page, heading, names, page_of, pages
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError, suggestion
from fozzy.report.text import WIDTH, Line, Span, line

_LABEL = 8


class Explain(Command, frozen=True, kw_only=True):
    """Explain an error code or the title of a finding.

    What it means, why it happens and what to do. Also the reasons in a proxy's journal, exit-codes, verdicts, secrets
    and every step type. Without a word it lists all pages.
    """

    name: ClassVar[str] = "explain"
    code: Annotated[str | None, Arg("A code such as scenario.unknown_step, or a finding's title.", "CODE")] = None

    def call(self, console: Console) -> Exit:
        found = pages() if self.code is None else [_page(self.code)]
        if console.json:
            bodies = [_body(page) for page in found]
            document = ExplainDocument(schema_version=SCHEMA_VERSION, command="explain", status="pass", pages=bodies)
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer(_list_lines(found) if self.code is None else _page_lines(found[0]))
        return Exit.PASS


def _page(word: str) -> Page:
    page = page_of(word)
    if page is None:
        hint = suggestion(word, names()) or "fozzy explain lists all pages"
        raise UsageError("explain.unknown", f'there is no page of "{word}"', hint=hint)
    return page


def _body(page: Page) -> PageBody:
    return PageBody(
        names=list(page.names),
        area=page.area,
        meaning=page.meaning,
        why=page.why,
        do=page.do,
        sample=page.sample or None,
    )


def _page_lines(page: Page) -> Iterator[Line]:
    yield line("  ", Span(", ".join(page.names), "strong"))
    yield []
    yield from (line(f"  {each}") for each in textwrap.wrap(page.meaning, WIDTH - 2, break_on_hyphens=False))
    for label, text in (("why", page.why), ("do", page.do)):
        yield []
        for index, each in enumerate(textwrap.wrap(text, WIDTH - _LABEL, break_on_hyphens=False)):
            yield line(Span(f"  {'' if index else label:<{_LABEL - 2}}", "strong"), each)
    if page.sample:
        yield []
        yield from (line(" " * _LABEL, Span(each, "code")) for each in page.sample.split("\n"))


def _list_lines(found: list[Page]) -> Iterator[Line]:
    for index, area in enumerate(FILES):
        yield from [[]] if index else []
        yield line("  ", Span(heading(area)[0], "strong"))
        for page in found:
            for name in page.names if page.area == area else ():
                said = textwrap.shorten(page.meaning, WIDTH - 34, placeholder=" …")
                yield line(f"    {name:<28}", Span(f"  {said}", "dim"))
