"""A TCP proxy's trace as what replays a trace of any mode tells it."""

from __future__ import annotations

from pathlib import Path

from fozzy.chaos.cassette.entries import cassette_files
from fozzy.chaos.cassette.redecide import StopAt
from fozzy.chaos.tcp.redecide import TcpRedeciding
from fozzy.chaos.tcp.timeline import TcpTimeline
from fozzy.core.words import count
from fozzy.engine.replay import Opened, Replayed
from fozzy.faults.tcp.plan import TcpPlan


def replay_tcp(
    path: Path,
    *,
    plan: TcpPlan | None = None,
    unsafe: bool = False,
    stop_at: StopAt | None = None,
    opened: Opened | None = None,
) -> Replayed:
    """Decide every recorded connection and message again; `plan` decides in place of the recorded one.

    *Errors*: `StoreError`, `EvidenceError`, `UsageError`. `opened` is told what the trace is before anything is decided.
    """
    with TcpTimeline(cassette_files(path), unsafe=unsafe) as timeline:
        if opened is not None:
            opened(timeline.header, timeline.footer)
        again = TcpRedeciding(timeline, plan)
        done = again.run(stop_at)
        passed = f"{count(again.connections, 'connection')} and {count(again.messages, 'message')}"
        header, footer = timeline.header, timeline.footer
        return Replayed(
            header, footer, "pass", done.divergence, [], done.now_ns, done.requests, failed_step=0, passed=passed
        )
