"""`fozzy report query`: questions to a recorded run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.naming import RUN_HELP, named_body, named_line
from fozzy.cli.options import config_of
from fozzy.cli.run_documents import QueryDocument
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError
from fozzy.insight.query import Match, Paths, paths, query
from fozzy.insight.recall import Recalled, recall
from fozzy.report.text import Line, Span, line, one_line
from fozzy.trace.store import Store

BLOCK = 1000  # values that are printed at once


class Query(Command, frozen=True, kw_only=True):
    """Ask a recorded run by JSONPath.

    The run is {"summary": ..., "header": ..., "records": [...]}; each value that is found is one line of JSON. Ends
    with 5 when nothing is found.
    """

    name: ClassVar[str] = "report query"
    run: Annotated[str, Arg(RUN_HELP, "RUN")]
    path: Annotated[str | None, Opt(("--path",), "What to find, such as $.summary.status (RFC 9535).", "JSONPATH")] = (
        None
    )
    list_paths: Annotated[bool, Opt(("--list-paths",), "List the paths there are and their types.")] = False

    def call(self, console: Console) -> Exit:
        if (self.path is None) != self.list_paths:
            message = "report query needs one of --path and --list-paths"
            raise UsageError("usage.missing", message, hint="fozzy report query @latest --path '$.summary.status'")
        recalled = recall(Store(config_of(self).base_dir()), self.run, unsafe=not self.strict)
        if self.path is None:
            return self._list(console, recalled)
        return self._find(console, recalled, query(recalled, self.path))

    def _find(self, console: Console, recalled: Recalled, found: Iterable[Match]) -> Exit:
        if console.json:
            matches = list(found)
            console.raw(_document(recalled, bool(matches), matches=matches))
            return Exit.PASS if matches else Exit.NOTHING
        values = iter(found)
        number = 0
        while block := list(islice(values, BLOCK)):
            number += len(block)
            console.raw("".join(f"{msgspec.json.encode(each.value).decode()}\n" for each in block))
        if not number:
            console.talk([line("nothing is found by ", Span(one_line(self.path or ""), "code")), *_hint(recalled)])
        return Exit.PASS if number else Exit.NOTHING

    def _list(self, console: Console, recalled: Recalled) -> Exit:
        found = paths(recalled)
        if console.json:
            console.raw(_document(recalled, True, paths=found.listed, more=found.more))
        console.answer(_lines(recalled, found, console.quiet))
        return Exit.PASS


def _document(recalled: Recalled, good: bool, **said: object) -> str:
    document = QueryDocument(
        schema_version=SCHEMA_VERSION,
        command="report query",
        status="pass" if good else "fail",
        run=named_body(recalled.named),
        **said,  # type: ignore[arg-type]
    )
    return msgspec.json.encode(document).decode() + "\n"


def _hint(recalled: Recalled) -> list[Line]:
    words = f"fozzy report query {recalled.named.shown} --list-paths"
    return [
        named_line(recalled.named),
        line(Span("hint", "strong"), ": ", Span(words, "code"), "   lists what there is"),
    ]


def _lines(recalled: Recalled, found: Paths, quiet: bool) -> Iterator[Line]:
    width = max((len(one_line(each.path)) for each in found.listed), default=0)
    for each in found.listed:
        yield line(f"{one_line(each.path):<{min(width, 56)}}  ", Span(", ".join(each.types), "dim"))
    if found.more:
        yield line(f"... {found.more:,} more")
    yield from [] if quiet else [named_line(recalled.named)]
