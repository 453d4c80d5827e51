"""A proxy's trace as what replays a trace of any mode tells it."""

from __future__ import annotations

from pathlib import Path

from fozzy.chaos.cassette.entries import cassette_files
from fozzy.chaos.cassette.redecide import Redeciding, StopAt
from fozzy.chaos.cassette.timeline import Timeline
from fozzy.engine.replay import Opened, Replayed
from fozzy.faults.http.plan import Plan


def replay_cassette(
    path: Path,
    *,
    plan: Plan | None = None,
    unsafe: bool = False,
    stop_at: StopAt | None = None,
    opened: Opened | None = None,
) -> Replayed:
    """Decide every recorded request again; `plan` decides in place of the recorded one. A folder is one recording.

    *Errors*: `StoreError`, `EvidenceError`, `UsageError`. `opened` is told what the trace is before anything is decided.
    """
    with Timeline(cassette_files(path), unsafe=unsafe) as timeline:
        if opened is not None:
            opened(timeline.header, timeline.footer)
        done = Redeciding(timeline, plan).run(stop_at)
        header, footer = timeline.header, timeline.footer
        passed = f"{done.requests:,} {'request' if done.requests == 1 else 'requests'}"
        return Replayed(
            header, footer, "pass", done.divergence, [], done.now_ns, done.requests, failed_step=0, passed=passed
        )
