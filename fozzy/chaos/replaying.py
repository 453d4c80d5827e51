"""The replay of a proxy's trace, whatever it is of: all that went through it is decided again."""

from __future__ import annotations

from pathlib import Path

from fozzy.chaos.cassette.entries import cassette_files
from fozzy.chaos.cassette.header import wire_of
from fozzy.chaos.cassette.redecide import StopAt
from fozzy.engine.replay import Opened, Replayed
from fozzy.trace.reader import open_trace


def replay_proxy(
    path: Path,
    *,
    chaos: Path | None = None,
    unsafe: bool = False,
    stop_at: StopAt | None = None,
    opened: Opened | None = None,
) -> Replayed:
    """Decide all of a recording again; a chaos file decides in place of the recorded plan. A folder is one recording.

    *Errors*: `StoreError`, `EvidenceError`, `UsageError`; `InputError` for the chaos file. `opened` is told what the
    trace is before anything is decided.
    """
    with open_trace(cassette_files(path)[0]) as trace:
        if trace.is_sealed or not unsafe:
            trace.check_seal()
        wire = wire_of(trace.header())
    if wire == "tcp":
        from fozzy.chaos.tcp.files import load_tcp
        from fozzy.chaos.tcp.replaying import replay_tcp

        there = None if chaos is None else load_tcp(chaos)
        return replay_tcp(path, plan=there, unsafe=unsafe, stop_at=stop_at, opened=opened)
    from fozzy.chaos.cassette.replaying import replay_cassette
    from fozzy.chaos.files.load import load_plan

    plan = None if chaos is None else load_plan(chaos).plan
    return replay_cassette(path, plan=plan, unsafe=unsafe, stop_at=stop_at, opened=opened)
