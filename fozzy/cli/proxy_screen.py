"""What a proxy says: the lines it begins with, one per exchange, and the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fozzy.core.events import Event
from fozzy.core.exchange import Exchange
from fozzy.report.text import Line, Role, Span, count, duration, line, one_line, packed, size

PATH_CHARS = 20  # of a path in a live view of 80 columns
PATH_CHARS_MIN = 12
OTHER_COLUMNS = 50  # of everything else in a row, without its fault
FAULT_CHARS_MIN, FAULT_CHARS_MAX = 10, 24  # what a fault has room for beside the path
PATH_CHARS_MAX = 200  # of a path in a line


class Opened(NamedTuple):
    """A proxy that listens: where, for whom, how."""

    listen: str
    upstream: str
    control: str
    seed: int
    words: Sequence[str]  # what may go wrong
    notes: Sequence[str] = ()
    scenario: str = ""
    cassette: str = ""


class Numbers(NamedTuple):
    """How many exchanges there were and how long they took."""

    exchanges: int = 0
    faulted: int = 0
    p50_ns: int = 0
    p99_ns: int = 0
    recorded_bytes: int | None = None
    in_flight: int = 0


def opening(opened: Opened, hint: str = "") -> list[Line]:
    """The first lines."""
    head = f"  fozzy proxy  {opened.listen} -> {opened.upstream or 'nobody'}"
    control = f"   control {opened.control}" if opened.control else ""
    words = [f"scenario {one_line(opened.scenario)}"] if opened.scenario else []
    lines = [line(Span(f"{head}{control}   seed {opened.seed}", "strong"))]
    lines += _gathered("faults", [*words, *(opened.words or ["none"]), *([hint] if hint else [])])
    if opened.cassette:
        lines.append(line(f"  {one_line(opened.cassette)}"))
    return [*lines, *(line(f"  note: {one_line(note)}") for note in opened.notes)]


def token_lines(token: str) -> list[Line]:
    """The token of the controls, which was made for this run and stands nowhere else."""
    return [
        line("  control token  ", Span(token, "strong"), "   made for this run: --control-token of fozzy proxy status")
    ]


def _gathered(word: str, parts: Sequence[str]) -> list[Line]:
    """`  faults   a   b`, on as many lines as it takes."""
    lines = packed([f"{word:<6}", *parts], "   ")
    return [lines[0], *([Span(" " * 9), *each] for each in lines[1:])]


def exchange_line(exchange: Exchange) -> str:
    """An exchange in a line of a pipe: `120 12.260 GET /orders/7 503 fault=status took=1ms`."""
    request, sent = exchange.request, exchange.sent
    status = sent.status if sent is not None and sent.status else "-"
    target = shown_path(request.target, PATH_CHARS_MAX)
    said = f"{exchange.number} {seconds(exchange.arrived)} {request.method[:20]} {target} {status}"
    fault = fault_of(exchange)
    if fault:
        said += f" fault={fault}"
    if is_bypassed(exchange):
        said += f" bypassed={exchange.planned}({exchange.reason})"
    elif exchange.reason:
        said += f" reason={exchange.reason.replace(' ', '_')}"
    if exchange.test:
        said += f" test={exchange.test[:64]}"
    return one_line(f"{said} took={duration(exchange.t - exchange.arrived)}")


def change_line(event: Event) -> str:
    """A change of the plan in a line of a pipe."""
    said = " ".join(f"{name}={value}" for name, value in event.fields.items() if name not in _NOT_SAID)
    return one_line(f"{event.fields.get('number', '')} {seconds(event.t)} CHANGE {event.fields.get('what', '')} {said}")


_NOT_SAID = ("number", "arrived", "what", "state", "plan")


def path_room(columns: int, shown: Sequence[Exchange] = ()) -> int:
    """How wide a path may be in a terminal of so many columns, so that the faults beside it can be read."""
    return room_beside(columns, OTHER_COLUMNS, max((len(_marked(each)) for each in shown), default=0))


def room_beside(columns: int, others: int, widest: int) -> int:
    """What is left of a row for one column, beside the others and the faults, the longest of which is so wide."""
    return max(columns - others - min(max(widest, FAULT_CHARS_MIN), FAULT_CHARS_MAX), PATH_CHARS_MIN)


def row_head(room: int = PATH_CHARS) -> Line:
    """The names of the columns of the live view."""
    text = f"{'#':>5} {'time':>7} {'method':<7}{'path':<{room}} {'status':>6} {'up':>5} {'down':>5} {'took':>6}  fault"
    return line(Span(text, "dim"))


def row(exchange: Exchange, room: int = PATH_CHARS, *, chosen: bool = False, again: bool = False) -> Line:
    """An exchange in the live view."""
    request, sent = exchange.request, exchange.sent
    status = str(sent.status) if sent is not None and sent.status else "-"
    took = duration(exchange.t - exchange.arrived)
    fault = _marked(exchange)
    path = shown_path(one_line(request.target), room)
    text = (
        f"{'>' if chosen else ' '}{exchange.number:>4} {seconds(exchange.arrived):>7} "
        f"{one_line(request.method)[:6]:<7}{path:<{room}} {status:>6} {brief(request.bytes):>5} "
        f"{brief(sent.bytes if sent is not None else 0):>5} {took:>6}  "
    )
    role: Role = "warn" if fault else "dim"
    return line(Span(text, "strong" if chosen else ""), Span(fault or ("(retry)" if again else ""), role))


def _marked(exchange: Exchange) -> str:
    """What stands under `fault`: what was done, or what was to be done and could not."""
    return fault_of(exchange) or (f"({exchange.planned} bypassed)" if is_bypassed(exchange) else "")


def numbers_line(numbers: Numbers) -> str:
    """All exchanges in one line."""
    parts = [count(numbers.exchanges, "exchange"), f"{numbers.faulted:,} faulted"]
    parts.append(f"p50 {duration(numbers.p50_ns)}  p99 {duration(numbers.p99_ns)}")
    if numbers.recorded_bytes is not None:
        parts.append(f"recording {size(numbers.recorded_bytes)}")
    if numbers.in_flight:
        parts.append(f"{numbers.in_flight:,} in flight")
    return "   ".join(parts)


def fault_of(exchange: Exchange) -> str:
    """What was done to an exchange: `latency`, `status`, `latency+status`."""
    delayed = exchange.delay_ns and exchange.waited_ns  # an answer's own pace makes it wait, too
    done = [*(["latency"] if delayed else []), *([exchange.applied] if exchange.applied else [])]
    return "+".join(done)


def is_bypassed(exchange: Exchange) -> bool:
    """Whether a fault was planned and could not be applied."""
    return bool(exchange.planned) and exchange.planned != exchange.applied


def seconds(at_ns: int) -> str:
    """`12.260`: a time since the start."""
    return f"{at_ns // 10**9}.{at_ns // 10**6 % 1000:03d}"


def brief(size_bytes: int) -> str:
    """`0`, `412B`, `1.2k`, `3.4M`."""
    if size_bytes < 1000:
        return f"{size_bytes}B" if size_bytes else "0"
    unit, divisor = next((each for each in (("k", 10**3), ("M", 10**6)) if size_bytes < each[1] * 1000), ("G", 10**9))
    amount = size_bytes / divisor
    return f"{amount:.1f}{unit}" if amount < 10 else f"{amount:.0f}{unit}"


def shown_path(target: str, chars: int) -> str:
    """The path of a target; its query may hold secrets and is only said to be there."""
    path, mark, _ = target.partition("?")
    path += "?…" if mark else ""
    return path if len(path) <= chars else f"{path[: chars - 1]}…"
