"""What running TCP proxies answer to `fozzy proxy status` and `journal`, as lines."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.cli.console import Console
from fozzy.cli.proxy_client import Talking
from fozzy.cli.proxy_screen import change_line
from fozzy.cli.proxy_tcp_screen import connection_line, message_line
from fozzy.core.choice import CHANCES
from fozzy.core.events import Event
from fozzy.core.exchange import Roll
from fozzy.core.wires import Connected, Spoken
from fozzy.errors import Exit
from fozzy.report.text import Line, Span, count, duration, line, one_line

TOXIC_LINES_MAX = 20


def say_status(console: Console, command: Talking, status: Any) -> Exit:
    """How it stands, as this audience wants it."""
    if console.json:
        from fozzy.cli.commands.proxy_control import say_document

        say_document(console, command, "proxy status", {"status": status})
    elif console.quiet:
        connections = sum(proxy["connections"] for proxy in status["proxies"])
        console.answer([line(f"{count(len(status['proxies']), 'TCP listener')}, {count(connections, 'connection')}")])
    else:
        console.answer(status_lines(status))
    return Exit.PASS


def status_lines(status: Any) -> list[Line]:
    """Proxies, then toxics."""
    proxies = len(status["proxies"])
    shown = f"{proxies} {'proxy' if proxies == 1 else 'proxies'}"
    head = f"  fozzy proxy  {shown}   up {duration(status['now_ns'])}   seed {status['seed']}"
    lines = [line(Span(head, "strong"))]
    for proxy in status["proxies"]:
        at = f"{proxy['name']}  {proxy['listen']} -> {proxy['upstream']}   {proxy['protocol']}   {proxy['mode']}"
        lines.append(line(one_line(f"  {at}   {count(proxy['connections'], 'connection')}, {proxy['open']} open")))
    toxics = status["toxics"]
    if toxics:
        lines += [[], line(Span(f"  {'toxic':<36}there on  matched     hit  applied", "dim"))]
    for each in toxics[:TOXIC_LINES_MAX]:
        bypassed = f"  {each['bypassed']:,} bypassed" if each["bypassed"] else ""
        numbers = f"{each['connections']:>8,} {each['matched']:>8,} {each['hit']:>7,} {each['applied']:>8,}"
        lines.append(line(f"  {one_line(each['place'])[:35]:<36}{numbers}{bypassed}"))
    more = len(toxics) - TOXIC_LINES_MAX
    return [*lines, *([line(f"  … {more} more: --json has all")] if more > 0 else [])]


def entry_lines(entry: Any, *, decisions: bool) -> list[Line]:
    """An entry of the journal in a line, with its rolls below it."""
    record: Spoken | Connected | Event = msgspec.convert(entry["record"], Spoken | Connected | Event)
    if isinstance(record, Event):
        return [line(f"{entry['entry']:>5} {change_line(record)}")]
    said = message_line(record) if isinstance(record, Spoken) else connection_line(record)
    is_struck = any(each.applied for each in record.struck)
    shown = [line(Span(f"{entry['entry']:>5} {said}", "warn" if is_struck else ""))]
    return [*shown, *(_roll_line(roll) for roll in (record.rolls if decisions else ()))]


def _roll_line(roll: Roll) -> Line:
    said = f"        {roll.draw} {'hit' if roll.hit else 'miss'}  {roll.value / CHANCES:.4f}"
    return line(Span(one_line(f"{said}  probability {roll.probability:g}  by {roll.origin}"), "dim"))
