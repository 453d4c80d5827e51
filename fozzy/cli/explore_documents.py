"""The JSON document of `fozzy explore`."""

from __future__ import annotations

from typing import Literal

from fozzy.core.outcome import Camel
from fozzy.core.summary import Summary


class FailureBody(Camel, frozen=True, kw_only=True):
    """One of the different failures of a campaign. `execution` is the first it was seen in, counted from 1, `seen` how
    often it was seen; `trace_path` replays it, `small_path` is what shrinking made of it."""

    title: str
    kind: str
    status: str
    message: str
    at: str
    execution: int
    seed: int
    seen: int
    trace_path: str | None = None
    small_path: str | None = None


class ExploreBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What exploring came to. `executions` are those of this command and `total` those of the runs it goes on from too;
    `schedules` and `states` count different ones, nearly where `..._exact` is false. `not_covered` are steps that no
    execution came to. `cut` executions were ended at the most records."""

    scenario: str
    schedule: Literal["fifo", "random", "pct", "dfs", "bfs"]
    depth: int | None
    horizon: int | None
    bound: int | None
    executions: int
    total: int
    duration_ms: int
    executions_per_second: int
    schedules: int
    schedules_exact: bool
    states: int
    states_exact: bool
    exhausted: bool
    cut: int
    failing: int
    not_covered: list[str]
    ended_by: Literal["failure", "count", "exhausted", "time", "unsteady", "interrupted", "terminated"]
    isolated: bool = False  # each execution had a process of its own: programs keep state from one to the next
    resumed: str | None
    failures: list[FailureBody]


class ExploreDocument(Summary, frozen=True, kw_only=True):
    """The summary of a campaign, and what it came to."""

    explore: ExploreBody | None = None
