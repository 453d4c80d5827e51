"""One exchange of a proxy in full, for the live view and `fozzy trace show -v`: without its secrets, and bounded."""

from __future__ import annotations

from collections.abc import Iterator

from fozzy.cli.proxy_screen import is_bypassed, seconds
from fozzy.core.choice import CHANCES
from fozzy.core.exchange import Answered, Asked, Exchange, Roll
from fozzy.core.redact import Redactor
from fozzy.core.redact_exchange import ExchangeCleaner
from fozzy.report.text import Line, Span, duration, line, one_line, size

TEXT_CHARS_MAX = 160  # of a header or a line of a body
BODY_LINES_MAX = 12


def detail(exchange: Exchange, room: int) -> list[Line]:
    """An exchange in so many lines at most."""
    return shortened(list(_lines(ExchangeCleaner(Redactor(())).clean(exchange))), room)


def shortened(lines: list[Line], room: int) -> list[Line]:
    """The first lines, and how many there are more where they do not fit."""
    if len(lines) <= room:
        return lines
    return [*lines[: room - 1], line(Span(f"    … {len(lines) - room + 1} more lines", "dim"))]


def below(exchange: Exchange, verbose: int) -> Iterator[Line]:
    """What stands below a request in a list: with 1 its rolls and notes, with 2 its messages and their bodies' beginnings."""
    if verbose:
        yield from _rolls(exchange)
        yield from _notes(exchange)
    if verbose > 1:
        yield from _messages(ExchangeCleaner(Redactor(())).clean(exchange))


def _lines(exchange: Exchange) -> Iterator[Line]:
    request, sent = exchange.request, exchange.sent
    yield line(Span(f"  #{exchange.number}  {one_line(request.method)} {short(request.target)}", "strong"))
    came = f"at {seconds(exchange.arrived)}, took {duration(exchange.t - exchange.arrived)}"
    got = "no answer" if sent is None or not sent.status else f"{sent.status}, {size(sent.bytes)}"
    ended = "" if sent is None or sent.ended == "whole" else f", ended by {sent.ended}"
    yield line(f"    {came}; the client got {got}{ended}")
    yield from _fault(exchange)
    yield from _rolls(exchange)
    yield from _messages(exchange)
    yield from _notes(exchange)


def _rolls(exchange: Exchange) -> Iterator[Line]:
    for roll in exchange.rolls:
        yield line(Span(f"    {roll_text(roll)}", "warn" if roll.hit else "dim"))


def _notes(exchange: Exchange) -> Iterator[Line]:
    for note in exchange.notes:
        yield line(Span(f"    {short(note)}", "dim"))


def _messages(exchange: Exchange) -> Iterator[Line]:
    yield line("  asked")
    yield from _message(exchange.request)
    if exchange.answer is not None:
        yield line(f"  truly answered  {exchange.answer.status} {one_line(exchange.answer.reason)}".rstrip())
        yield from _message(exchange.answer)


def _fault(exchange: Exchange) -> Iterator[Line]:
    named = f"{exchange.route} ({exchange.at})" if exchange.route else exchange.at
    words = [f"by {named or 'no route'}", f"source {exchange.source}"]
    if exchange.applied:
        words.append(f"applied {exchange.applied}")
    if is_bypassed(exchange):
        words.append(f"planned {exchange.planned}, not applied: {exchange.reason}")
    elif exchange.reason:
        words.append(exchange.reason)
    if exchange.delay_ns:
        words.append(f"delay {duration(exchange.delay_ns)}, waited {duration(exchange.waited_ns)}")
    yield line("    " + ", ".join(map(one_line, words)))
    if exchange.occurrence:
        yield line(f"    occurrence {exchange.occurrence} of key {one_line(exchange.key)}")


def roll_text(roll: Roll) -> str:
    """A draw: what it was, whether it hit, with which value against which."""
    least = (CHANCES - round(roll.probability * CHANCES)) / CHANCES
    said = f"{roll.value / CHANCES:.4f} of at least {least:.4f}" if roll.probability else f"{roll.value / CHANCES:.4f}"
    return f"{roll.draw}: {'hit' if roll.hit else 'miss'}, {said}, from {one_line(roll.origin)}"


def _message(message: Asked | Answered) -> Iterator[Line]:
    for name, value in message.headers:
        yield line(f"    {short(f'{name}: {value}')}")
    if message.bytes:
        shown = message.body.shown().splitlines()
        yield line(Span(f"    {size(message.bytes)} of body", "dim"))
        for each in shown[:BODY_LINES_MAX]:
            yield line(f"    {short(each)}")
        if len(shown) > BODY_LINES_MAX:
            yield line(Span(f"    … {len(shown) - BODY_LINES_MAX:,} more lines", "dim"))


def short(text: str) -> str:
    """A text in one line of `TEXT_CHARS_MAX` characters at most."""
    text = one_line(text)
    return text if len(text) <= TEXT_CHARS_MAX else f"{text[:TEXT_CHARS_MAX]}…"
