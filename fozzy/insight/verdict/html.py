"""A verdict as a page of its own, in the manner of the report: nothing in it loads anything, and it needs no JavaScript."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fozzy.core.words import count
from fozzy.insight.verdict.facts import Fact, breaker_lines, early_lines, facts_of, is_clean, summary
from fozzy.insight.verdict.model import FATES, Call, Client, Verdict
from fozzy.insight.verdict.said import seconds
from fozzy.report.html import head, own
from fozzy.report.html_text import text
from fozzy.version import VERSION

CALLS_MAX = 500  # rows of calls, of each proxy
_KINDS = {"pass": "pass", "fail": "fail", "warn": "fail"}


def render(verdict: Verdict, title: str = "Clients under faults") -> str:
    """The whole page. Same verdict, same bytes."""
    word, role = ("PASS", "pass") if is_clean(verdict) else ("FAIL", "fail")
    parts = [
        head(f"{word} {title}"),
        f'<body class="verdict-{role}">',
        '<a class="skip" href="#main">Skip to the clients</a>',
        "<header>",
        '<p class="made">fozzy chaos</p>',
        f'<h1><span class="word">{word}</span> <bdi>{text(title)}</bdi></h1>',
        f'<p class="told">{text(_told(verdict))}</p>',
        "</header>",
        '<main id="main">',
        *_lists(verdict),
        *(part for client in verdict.clients for part in _client(client)),
        "</main>",
        f"<footer>Verdict by fozzy {VERSION}, in format {verdict.version}.</footer>",
        f'<p id="said" class="unseen" role="status"></p>\n<script>{own("html.js")}</script>\n</body>\n</html>\n',
    ]
    return "\n".join(parts)


def _told(verdict: Verdict) -> str:
    calls = sum(len(client.calls) for client in verdict.clients)
    fired = sum(each.times for each in verdict.fired)
    clients = count(len(verdict.clients), "proxy", "proxies")
    return (
        f"{count(calls, 'call')} through {clients}, {count(fired, 'fault')} applied, {seconds(verdict.now_ns)} in all"
    )


def _lists(verdict: Verdict) -> list[str]:
    faults = [f"{each.at}/{each.fault}: {count(each.times, 'time')}" for each in verdict.fired]
    return [
        *_list("breakers", "Breakers", breaker_lines(verdict)),
        *_list("while-open", "Calls while a breaker was open", early_lines(verdict)),
        *_list("faults", "Faults", faults),
    ]


def _list(name: str, title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    shown = "\n".join(text(each) for each in lines[:CALLS_MAX])
    screen = f'<pre class="screen" tabindex="0" role="group" aria-label="{title}">{shown}</pre>'
    return [f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2>{screen}</section>']


def _client(client: Client) -> list[str]:
    name = text(f"client-{client.at}")
    return [
        f'<section aria-labelledby="{name}">',
        f'<h2 id="{name}"><bdi>{text(client.at)}</bdi></h2>',
        f'<p class="told">{text(summary(client))}</p>',
        *_facts(facts_of(client)),
        *_calls(client.calls),
        "</section>",
    ]


def _facts(facts: Sequence[Fact]) -> list[str]:
    if not facts:
        return []
    rows = "\n".join(_fact(fact) for fact in facts)
    return [_table("What it did", ("Seen", "What"), rows)]


def _fact(fact: Fact) -> str:
    kind = f' class="is-{_KINDS[fact.role]}"' if fact.role in _KINDS else ""
    calls = "".join(f' <span class="why">{text(call)}</span>' for call in fact.calls)
    return (
        f'<tr{kind}><td><span class="status">{text(fact.name)}</span></td>'
        f'<th scope="row" class="name"><bdi>{text(fact.said)}</bdi>{calls}</th></tr>'
    )


def _calls(calls: Sequence[Call]) -> list[str]:
    if not calls:
        return []
    rows = "\n".join(_call(call) for call in calls[:CALLS_MAX])
    rest = f"<p>{len(calls) - CALLS_MAX:,} more calls are in the JSON document.</p>" if len(calls) > CALLS_MAX else ""
    table = _table("", ("Began", "Call", "Connection", "Took"), rows)
    return [f"<details><summary>{count(len(calls), 'call')}</summary>{table}{rest}</details>"]


def _call(call: Call) -> str:
    said = f" {call.said}" if call.said else ""
    faults = f", {', '.join(call.faults)}" if call.faults else ""
    return (
        f'<tr class="is-{"pass" if call.fate == "answered" else "fail"}"><td class="steps">{seconds(call.began_ns)}</td>'
        f'<th scope="row" class="name"><bdi>{text(call.about)}</bdi>'
        f'<span class="why">{text(FATES[call.fate] + said + faults)}</span></th>'
        f'<td class="steps">{call.connection}</td><td class="time">{seconds(call.ended_ns - call.began_ns)}</td></tr>'
    )


def _table(caption: str, columns: Iterable[str], rows: str) -> str:
    names = "".join(f'<th scope="col">{column}</th>' for column in columns)
    said = f"<caption>{caption}</caption>" if caption else ""
    return f"<table>{said}<thead><tr>{names}</tr></thead><tbody>\n{rows}\n</tbody></table>"
