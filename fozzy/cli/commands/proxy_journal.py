"""`fozzy proxy journal`: the requests that went through a running proxy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from fozzy import wall
from fozzy.cli import proxy_screen as screen
from fozzy.cli.command import Arg, Opt
from fozzy.cli.commands.proxy_control import say_document
from fozzy.cli.console import Console
from fozzy.cli.proxy_client import Talking
from fozzy.core.choice import CHANCES
from fozzy.errors import Exit, UsageError
from fozzy.report.text import Line, Span, count, duration, line, one_line

LOOK_NS = 500 * 10**6  # between two looks with --follow
PAGE_MAX = 500

_OF_TCP = ("proxy", "connection", "about", "toxic", "by")

Text = str | None


class Journal(Talking, frozen=True, kw_only=True):
    """Show the requests, or connections and messages, that went through a running proxy, the latest last.

    All filters that are given must hold. With an ENTRY that one in full.
    """

    name: ClassVar[str] = "proxy journal"
    entry: Annotated[Text, Arg("Show this entry in full.", "ENTRY")] = None
    status: Annotated[Text, Opt(("--status",), "What clients got, as 500,503 or 5xx; 0 is no answer.", "CODES")] = None
    method: Annotated[Text, Opt(("--method",), "The method.", "METHOD")] = None
    path: Annotated[Text, Opt(("--path",), "The path; * is any text.", "GLOB")] = None
    route: Annotated[Text, Opt(("--route",), "The route's name or place, as routes[0], or none.", "ROUTE")] = None
    action: Annotated[Text, Opt(("--action",), "A fault planned or applied, any, or none.", "FAULT")] = None
    source: Annotated[Text, Opt(("--source",), "Who answered: fixture, proxy or internal.", "SOURCE")] = None
    test: Annotated[Text, Opt(("--test",), "The test id.", "ID")] = None
    proxy: Annotated[Text, Opt(("--proxy",), "Of TCP: the proxy.", "NAME")] = None
    connection: Annotated[Text, Opt(("--connection",), "Of TCP: the proxy's connection, from 1.", "N")] = None
    about: Annotated[Text, Opt(("--about",), "Of TCP: what messages begin with, as INCR; * is any text.", "TEXT")] = (
        None
    )
    toxic: Annotated[Text, Opt(("--toxic",), "Of TCP: a toxic that was decided, any, or none.", "NAME")] = None
    by: Annotated[Text, Opt(("--by",), "Of TCP: who ended the connection.", "WHO")] = None
    since: Annotated[Text, Opt(("--since",), "Ended so long after the start, or later.", "DURATION")] = None
    until: Annotated[Text, Opt(("--until",), "Ended so long after the start, or earlier.", "DURATION")] = None
    limit: Annotated[int, Opt(("--limit",), "So many at most, the latest.", "N")] = 100
    decisions: Annotated[bool, Opt(("--decisions",), "Show every roll below its request.")] = False
    follow: Annotated[bool, Opt(("--follow",), "Go on with what comes, until Ctrl-C.")] = False

    def call(self, console: Console) -> Exit:
        if self.follow and (console.json or self.entry is not None):
            other = "--json" if console.json else "an ENTRY"
            raise UsageError("chaos.exclusive_flags", f"--follow and {other} exclude each other", hint="drop one")
        if not 1 <= self.limit <= PAGE_MAX:
            raise UsageError("usage.bad_value", f"--limit must be from 1 to {PAGE_MAX}, got {self.limit}")
        if self.entry is not None:
            return self._one(console, self.entry)
        page = self.client().get("/fozzy/journal", limit=self.limit, **self._filters())
        if console.json:
            say_document(console, self, "proxy journal", page)
            return Exit.PASS
        entries = list(reversed(page["entries"]))
        console.answer([each for entry in entries for each in self._lines(entry)])
        if self.follow:
            self._follow(console, page["last"])
        elif not console.quiet:
            console.answer(_rest(page))
        return Exit.PASS

    def _one(self, console: Console, word: str) -> Exit:
        if not re.fullmatch("r?[0-9]{1,18}", word):
            message = f"an ENTRY is a number, or one as r1, got {word}"
            raise UsageError("usage.bad_value", message, hint="fozzy proxy journal lists them")
        entry = self.client().get(f"/fozzy/journal/{word}")
        if console.json:
            say_document(console, self, "proxy journal", entry)
        else:
            console.answer([entry_line(entry), *_told(entry), *_roll_lines(entry), *_messages(entry)])
        return Exit.PASS

    def _filters(self) -> dict[str, str | None]:
        names = ("status", "method", "path", "route", "action", "source", "test", "since", "until", *_OF_TCP)
        return {name: getattr(self, name) for name in names}

    def _lines(self, entry: Any) -> list[Line]:
        if "record" in entry:
            from fozzy.cli.proxy_tcp_control import entry_lines  # of a proxy for TCP

            return entry_lines(entry, decisions=self.decisions)
        return [entry_line(entry), *(_roll_lines(entry) if self.decisions else [])]

    def _follow(self, console: Console, seen: int) -> None:
        """What comes, until somebody has seen enough: Ctrl-C is how this ends, and no failure."""
        client, filters = self.client(), self._filters()
        try:
            while True:
                page = client.get("/fozzy/journal", order="oldest", cursor=seen, limit=PAGE_MAX, **filters)
                console.answer([each for entry in page["entries"] for each in self._lines(entry)])
                seen = page["next"] or seen
                if len(page["entries"]) < PAGE_MAX:
                    wall.pause_ns(LOOK_NS)
        except KeyboardInterrupt:
            return


def entry_line(entry: Any) -> Line:
    """An entry in a line, as the proxy itself writes one."""
    delayed = entry["delay_ns"] and entry["waited_ns"]  # an answer's own pace makes it wait, too
    fault = "+".join([*(["latency"] if delayed else []), *([entry["applied"]] if entry["applied"] else [])])
    route = entry["route_name"] or entry["route"]
    target = screen.shown_path(one_line(entry["target"]), screen.PATH_CHARS_MAX)
    parts = [
        f"{entry['entry']:>5} {screen.seconds(entry['arrived_ns'])} {one_line(entry['method'])} {target}",
        f" {entry['status'] or '-'}",
        f" fault={fault}" if fault else "",
        _why(entry),
        f" route={one_line(route)}" if route else "",
        f" test={one_line(entry['test'])}" if entry["test"] else "",
        f" took={duration(entry['took_ns'])}",
    ]
    return line(Span(one_line("".join(parts)), "warn" if fault else ""))


def _why(entry: Any) -> str:
    """Why nothing, or something else, happened: of a fault, or of the request itself."""
    planned, reason = entry["planned"], entry["reason"]
    if planned and planned != entry["applied"]:
        return f" bypassed={planned}({reason})"
    return f" reason={reason.replace(' ', '_')}" if reason else ""


def _roll_lines(entry: Any) -> list[Line]:
    return [
        line(
            Span(
                f"        {roll['draw']} {'hit' if roll['hit'] else 'miss'}  {roll['value'] / CHANCES:.4f}"
                f"  probability {roll['probability']:g}  by {one_line(roll['origin'])}",
                "dim",
            )
        )
        for roll in entry["rolls"]
    ]


def _told(entry: Any) -> list[Line]:
    """How it ended, where it did not end as usual, and what else is to be said of it."""
    is_cut = entry["ended"] in ("fin", "rst")
    said = [("reason", entry["reason"]), ("ended by", entry["ended"] if is_cut else "")]
    said += [("not recorded", entry["not_recorded"]), *(("note", note) for note in entry["notes"])]
    return [line(f"  {name}  {one_line(text)}") for name, text in said if text]


def _messages(entry: Any) -> list[Line]:
    lines: list[Line] = []
    for title, name in (("asked", "request"), ("truly answered", "answer")):
        message = entry.get(name)
        if message is not None:
            lines.append(line(f"  {title}"))
            lines += _message(message)
    return lines


def _message(message: Any) -> Iterator[Line]:
    for name, value in message["headers"]:
        yield line(f"    {one_line(f'{name}: {value}')}")
    for each in message["body"].splitlines():
        yield line(f"    {one_line(each)}")
    if message["is_cut"]:
        yield line(Span(f"    … {count(message['bytes'], 'byte')} in all", "dim"))


def _rest(page: Any) -> list[Line]:
    left = page["total"] - len(page["entries"])
    lines = [line(Span(f"  {count(left, 'earlier request')} fit: --limit shows more", "dim"))] if left > 0 else []
    if not page["entries"]:
        lines = [line("  no request fits" if page["kept"] else "  no request yet")]
    if page["forgotten"]:
        said = f"  {count(page['forgotten'], 'request')} made room for others; --journal-size keeps more"
        lines.append(line(Span(said, "dim")))
    return lines
