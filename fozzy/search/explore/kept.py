"""Where a campaign is, as a file in its run's folder, so that another one can go on from there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from blake3 import blake3

from fozzy.dsl.document import Loaded
from fozzy.dsl.matrix import cases_of
from fozzy.errors import EvidenceError, StoreError, UsageError
from fozzy.search.explore.campaign import Campaign, So
from fozzy.search.explore.counting import EXACT_MAX, REGISTERS, DistinctCount
from fozzy.search.explore.plan import Plan
from fozzy.search.explore.variant import Variant
from fozzy.trace.finalize import shown_path
from fozzy.trace.store import Store, write_whole

NAME = "explore.json"
VERSION = 1
BYTES_MAX = 64 << 20
PLAIN = Variant()


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign at rest. `case` is the number of the matrix's combination, whose values may be secrets; `traces` are
    those of the different failures, in their order."""

    version: int = VERSION
    scenario: str
    digest: str
    case: int = 0
    variant: Variant = Variant()
    plan: Plan
    so: So
    schedules: bytes = b""
    states: bytes = b""
    covered: list[str] = []
    traces: list[str | None] = []

    def restore(self, campaign: Campaign) -> None:
        """Put a campaign where this one was."""
        campaign.so = self.so
        campaign.schedules = DistinctCount(self.schedules)
        campaign.states = DistinctCount(self.states)
        campaign.covered = set(self.covered)


def kept_of(campaign: Campaign, loaded: Loaded, case: int, traces: list[str | None], variant: Variant = PLAIN) -> Kept:
    """A campaign, as it is to be kept."""
    return Kept(
        scenario=loaded.document.name,
        digest=digest_of(loaded),
        case=case,
        variant=variant,
        plan=campaign.plan,
        so=campaign.so,
        schedules=campaign.schedules.dump(),
        states=campaign.states.dump(),
        covered=sorted(campaign.covered),
        traces=traces,
    )


def write_kept(store: Store, run_id: str, kept: Kept) -> None:
    """Keep it in a run's folder. *Errors*: `StoreError`."""
    path = store.folder(run_id) / NAME
    try:
        write_whole(path, msgspec.json.encode(kept))
    except OSError as error:
        raise StoreError("store.unwritable", f"cannot write {shown_path(path)}: {error.strerror}") from error


def read_kept(store: Store, word: str) -> Kept:
    """What a run kept. *Errors*: `StoreError` when there is no such run; `UsageError` when it explored nothing;
    `EvidenceError` when what it kept is damaged."""
    run_id = store.run_of(word)
    path = store.folder(run_id) / NAME
    try:
        kept = msgspec.json.decode(_read(path), type=Kept)
        if kept.version != VERSION or not _makes_sense(kept):
            raise msgspec.ValidationError("it makes no sense")
    except OSError as error:
        message = f"run {run_id} kept no place to go on from"
        raise UsageError("explore.not_resumable", message, hint="fozzy artifacts ls   shows the runs") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{shown_path(path)} cannot be read: {error}"
        raise EvidenceError("explore.damaged", message, hint="explore again from the start") from error
    return kept


def check_same(kept: Kept, loaded: Loaded) -> None:
    """An execution means the same only in the same scenario. *Errors*: `UsageError`."""
    if kept.digest != digest_of(loaded) or not 0 <= kept.case < len(cases_of(loaded.file)):
        message = f"{loaded.document.shown} is not as it was when the run explored {kept.scenario}"
        raise UsageError("explore.changed", message, hint="explore it again from the start: drop --resume")


def digest_of(loaded: Loaded) -> str:
    """The digest of a scenario and of all it includes."""
    return blake3(" ".join(_digests(loaded)).encode()).hexdigest(length=16)


def _digests(loaded: Loaded) -> Iterator[str]:
    yield loaded.document.digest
    for word, included in loaded.included.items():
        yield word
        yield from _digests(included)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(BYTES_MAX + 1)
    return data if len(data) <= BYTES_MAX else b""


def _makes_sense(kept: Kept) -> bool:
    path = kept.so.frontier.path or []
    sizes = all(len(data) == REGISTERS + 1 or len(data) <= 8 * EXACT_MAX for data in (kept.schedules, kept.states))
    return sizes and kept.so.next >= 0 and all(0 <= value < options for value, options in path)
