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


PROFILE_DOCUMENTS: dict[str, type] = {
    "profile top": ProfileTopDocument,
    "profile flame": ProfileFileDocument,
    "profile timeline": ProfileFileDocument,
    "profile export": ProfileFileDocument,
}
