"""`fozzy replay` of a proxy's trace: every recorded request, or connection and message, is decided again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.chaos.cassette.redecide import StopAt
from fozzy.chaos.cassette.tape import Passed
from fozzy.chaos.replaying import replay_proxy
from fozzy.cli.console import Console
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.engine.replay import Opened, Replayed
from fozzy.report.wire import wire_text


class Asked(NamedTuple):
    """How it is to be replayed. `until` is asked with the number of what passed and its record, in the time of its arrival."""

    plan: str | None  # a chaos file that decides in place of the recorded plan
    until: Callable[[int, Record], bool] | None
    pauses: bool
    unsafe: bool
    watch: Callable[[Sequence[Record]], None] | None


def decided_again(console: Console, path: Path, asked: Asked, opened: Opened) -> Replayed:
    """What deciding again comes to, as replays tell it. *Errors*: those of `Timeline`, `Redeciding` and the file."""
    chaos = Path(asked.plan) if asked.plan else None
    return replay_proxy(path, chaos=chaos, unsafe=asked.unsafe, stop_at=_stop_at(console, asked), opened=opened)


def _stop_at(console: Console, asked: Asked) -> StopAt:
    pause = _Pause(console) if asked.pauses else None

    def stop_at(record: Record) -> bool:
        if asked.until is not None and asked.until(*_when(record)):
            return True
        if pause is not None and pause(record):
            return True
        if asked.watch is not None:
            asked.watch([record])
        return False

    return stop_at


def _when(record: Record) -> tuple[int, Record]:
    if isinstance(record, Passed):
        return record.number, msgspec.structs.replace(record, t=record.arrived)
    assert isinstance(record, Event)
    return record.fields["number"], record


class _Pause:
    """Waits for Enter before each request or message; `c` goes on without waiting, `q` and the end of the input stop."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._waiting = True

    def __call__(self, record: Record) -> bool:
        if not self._waiting or not isinstance(record, Passed):
            return False
        keys = "[Enter] go on  [c] to the end  [q] stop"
        answer = self._console.question(f"  next: {_named(record)}   {keys} ")
        self._waiting = answer != "c"
        return answer in ("q", None)


def _named(record: Passed) -> str:
    if isinstance(record, Exchange):
        return f"#{record.number} {record.request.method} {record.request.target}"
    return wire_text(record)
