"""All that one run of TCP proxies is told. A run of the same settings, with a seed in them, decides the same."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fozzy.chaos.settings import Controlled
from fozzy.chaos.tcp.journal import SIZE
from fozzy.faults.tcp.plan import TcpPlan
from fozzy.trace.finalize import Policy


class TcpRecording(msgspec.Struct, frozen=True, kw_only=True):
    """A trace that is written: connections, messages, changes, what was decided."""

    path: Path
    policy: Policy = "append"


class TcpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Without a seed, here or in the plan, one is chosen. `keyed`: every message is told, not only connections.

    `chaos_path` says where the plan is from; `redact` are more names of secrets.
    """

    plan: TcpPlan = TcpPlan()
    seed: int | None = None
    strict: bool = True
    keyed: bool = False
    recording: TcpRecording | None = None
    control: Controlled | None = None
    journal_size: int = SIZE
    redact: tuple[str, ...] = ()
    chaos_path: str = "flags"
