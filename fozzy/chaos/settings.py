"""All that one run of a proxy is told: its plan, where it listens, whom it asks, what is kept and served.

A proxy made from the same settings, with a seed in them, decides the same about the same requests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from fozzy.chaos.cassette.matching import Matching
from fozzy.chaos.files.values import Address
from fozzy.chaos.http.wire import Listening, Upstream, Wire
from fozzy.chaos.journal import SIZE
from fozzy.faults.http.plan import Plan
from fozzy.trace.finalize import Policy


class Controlled(msgspec.Struct, frozen=True, kw_only=True):
    """Where the controls listen. Beyond this machine a token is needed: one is made where none is given."""

    address: Address
    token: str = ""


class Cassette(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that is written, served, or both in turn. `path` may be a folder: then each test has a file there."""

    mode: Literal["record", "replay", "auto"]
    path: Path
    has_slash: bool = False  # at the end of what was said, which a path does not keep
    policy: Policy = "append"
    as_recorded: bool = False
    pace: float = 0.0
    matching: Matching = Matching()

    @property
    def is_folder(self) -> bool:
        """Whether each test has a file of its own."""
        return self.has_slash or self.path.is_dir()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Without a seed one is chosen; `chaos_path` says where the plan is from."""

    plan: Plan = Plan()
    scenario: str | None = None
    seed: int | None = None
    strict: bool = True
    listening: Listening = Listening()
    upstream: Upstream = Upstream()
    wire: Wire = Wire()
    cassette: Cassette | None = None
    control: Controlled | None = None
    journal_size: int = SIZE
    otlp: str | None = None
    redact: tuple[str, ...] = ()
    chaos_path: str = "flags"
