"""A verdict as text for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fozzy.core.words import count
from fozzy.insight.verdict.facts import breaker_lines, early_lines, facts_of, summary
from fozzy.insight.verdict.model import Client, Verdict
from fozzy.report.text import Line, Role, Span, gutter, line, one_line, plain

NAME_WIDTH = 13


def render(verdict: Verdict) -> str:
    """The whole of it as plain text, nothing where nothing was seen."""
    return "".join(f"{plain(each).rstrip()}\n" for each in lines(verdict))


def document(verdict: Verdict) -> bytes:
    """As JSON."""
    return msgspec.json.encode(verdict)


def lines(verdict: Verdict) -> list[Line]:
    """With roles, for a screen."""
    found: list[Line] = []
    for client in verdict.clients:
        found += _client(client)
    found += _section("breakers", breaker_lines(verdict), "")
    found += _section("while open", early_lines(verdict), "fail")
    found += _section("faults", (f"{each.at}/{each.fault}: {count(each.times, 'time')}" for each in verdict.fired), "")
    return found


def _client(client: Client) -> list[Line]:
    found = [line(gutter(client.at[:9], "strong"), one_line(summary(client)))]
    for fact in facts_of(client):
        found.append(line(gutter(""), Span(f"{fact.name:<{NAME_WIDTH}} ", fact.role), one_line(fact.said)))
        found += [line(gutter(""), " " * (NAME_WIDTH + 1), Span(one_line(call), "dim")) for call in fact.calls]
    return found


def _section(name: str, said: Iterable[str], role: Role) -> list[Line]:
    every = list(said)
    if not every:
        return []
    return [
        line(gutter("", "strong"), Span(name, role or "strong")),
        *(line(gutter(""), "  ", one_line(each)) for each in every),
    ]
