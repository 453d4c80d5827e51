"""The JSON documents of `fozzy profile` and `fozzy memory`."""

from __future__ import annotations

from typing import Literal

from fozzy.core.outcome import Camel


class ProfiledRun(Camel, frozen=True, kw_only=True):
    """Which run was looked at; `why` says why real time is not known."""

    run_id: str
    trace_path: str
    scenario: str
    name: str
    seed: int
    timed: bool
    why: str = ""
    virtual_ns: int
    real_ns: int | None = None


class ProfileRow(Camel, frozen=True, kw_only=True):
    """A line of a table of times; `own` leaves out what has a line of its own."""

    name: str
    at: str = ""
    count: int
    virtual_ns: int
    own_virtual_ns: int
    real_ns: int | None = None
    own_real_ns: int | None = None


class ProfileTopDocument(Camel, frozen=True, kw_only=True):
    """Where time went: by step, by capability, by function."""

    schema_version: int
    command: Literal["profile top"]
    status: Literal["pass"]
    run: ProfiledRun
    by: Literal["real", "virtual"]
    steps: list[ProfileRow]
    capabilities: list[ProfileRow]
    functions: list[ProfileRow]


class ProfileFileDocument(Camel, frozen=True, kw_only=True):
    """A file that was made of a run."""

    schema_version: int
    command: str
    status: Literal["pass"]
    run: ProfiledRun
    path: str
    size_bytes: int


class ChangeBody(Camel, frozen=True, kw_only=True):
    """Something that changed by more than noise; times are medians of the runs. `p` is there for a rank test."""

    what: str
    name: str
    at: str = ""
    clock: Literal["real", "virtual"]
    before_ns: int
    after_ns: int
    verdict: Literal["slower", "faster", "added", "removed", "same"]
    p: float | None = None


class ProfileDiffDocument(Camel, frozen=True, kw_only=True):
    """What changed between two sides; `how` says what noise was taken to be, `same` counts what did not change."""

    schema_version: int
    command: Literal["profile diff"]
    status: Literal["pass", "fail"]
    before: list[ProfiledRun]
    after: list[ProfiledRun]
    how: list[str]
    changes: list[ChangeBody]
    same: int


class ProfileExplainDocument(Camel, frozen=True, kw_only=True):
    """Where the time of a run went, in sentences."""

    schema_version: int
    command: Literal["profile explain"]
    status: Literal["pass"]
    run: ProfiledRun
    sentences: list[str]


class AdviceBody(Camel, frozen=True, kw_only=True):
    """Something a profile needs: there, missing, or good to know; `command` mends what is missing."""

    state: Literal["ok", "missing", "note"]
    name: str
    said: str
    command: str | None = None


class ProfileDoctorDocument(Camel, frozen=True, kw_only=True):
    """What a run lacks to be profiled well."""

    schema_version: int
    command: Literal["profile doctor"]
    status: Literal["pass"]
    run: ProfiledRun
    advice: list[AdviceBody]


class MemorySiteBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A step that allocates on the modelled heap."""

    at: str
    tag: str
    times: int
    size_bytes: int
    living_bytes: int
    living: int


class LivingBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """An allocation of the modelled heap that was never freed."""

    alloc_id: int
    at: str
    tag: str
    size_bytes: int
    since_ns: int


class MemoryLineBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A line of user code, and what calls left of its allocations."""

    at: str
    size_bytes: int
    blocks: int


class MemoryTopDocument(Camel, frozen=True, kw_only=True):
    """Who allocated and what was never freed. `exact` is false when a reference chose what was freed."""

    schema_version: int
    command: Literal["memory top"]
    status: Literal["pass", "fail"]
    run: ProfiledRun
    in_use_bytes: int
    peak_bytes: int
    exact: bool
    budget_bytes: int | None = None
    sites: list[MemorySiteBody]
    living: list[LivingBody]
    code_bytes: int | None = None
    code_peak_bytes: int | None = None
    lines: list[MemoryLineBody] = []


class MemoryGraphDocument(Camel, frozen=True, kw_only=True):
    """The modelled heap over time: pairs of nanoseconds and bytes in use from then on."""

    schema_version: int
    command: Literal["memory graph"]
    status: Literal["pass"]
    run: ProfiledRun
    peak_bytes: int
    in_use_bytes: int
    exact: bool
    points: list[list[int]]


class SiteChangeBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A step or line that holds something else: before and after."""

    at: str
    living_bytes: list[int]
    size_bytes: list[int]


class MemoryDiffDocument(Camel, frozen=True, kw_only=True):
    """What two runs hold differently; pairs are before and after."""

    schema_version: int
    command: Literal["memory diff"]
    status: Literal["pass", "fail"]
    before: ProfiledRun
    after: ProfiledRun
    in_use_bytes: list[int]
    peak_bytes: list[int]
    steps: list[SiteChangeBody]
    lines: list[SiteChangeBody]


PROFILE_DOCUMENTS: dict[str, type] = {
    "profile top": ProfileTopDocument,
    "profile flame": ProfileFileDocument,
    "profile timeline": ProfileFileDocument,
    "profile export": ProfileFileDocument,
    "profile diff": ProfileDiffDocument,
    "profile explain": ProfileExplainDocument,
    "profile doctor": ProfileDoctorDocument,
    "memory top": MemoryTopDocument,
    "memory graph": MemoryGraphDocument,
    "memory diff": MemoryDiffDocument,
}
