"""The crashes of a campaign: each run again by itself, shrunk, recorded, and kept as a test where that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.cli.documents import CrashBody
from fozzy.core.blob import Blob
from fozzy.core.outcome import Finding, Status
from fozzy.engine.fresh import check_replays
from fozzy.engine.record import Keeping
from fozzy.errors import EvidenceError, Terminated
from fozzy.search.failing import Failing
from fozzy.search.fuzz.campaign import Campaign, Distinct, distinct
from fozzy.search.fuzz.crashes import (
    SHRINK_NS,
    Kept,
    failing_of,
    input_of,
    keep_crash,
    record_crash,
    shrink_crash,
)
from fozzy.search.fuzz.targets import Target
from fozzy.search.shrink.regression import folder_for
from fozzy.trace.finalize import Policy, shown_path
from fozzy.trace.format import SUFFIX

CRASHES_RECORDED_MAX = 20  # different ones that are shrunk and kept


class Told(NamedTuple):
    """A crash, as reports tell it."""

    body: CrashBody
    findings: list[Finding]
    status: Status


class Places(NamedTuple):
    """Where crashes go: `keeping` is the run in the store, `record` names the trace of the earliest, by `policy`;
    `folder` keeps regression tests. `words` go with the command that replays in a fresh process."""

    keeping: Keeping
    record: str | None
    policy: Policy
    folder: str | None
    words: list[str]


class Crashes:
    """What is done with each crash. `name` is the file of its scenario."""

    def __init__(self, campaign: Campaign, target: Target, name: str, places: Places) -> None:
        self._campaign = campaign
        self._target = target
        self._name = name
        self._places = places
        self._record = places.record  # until a trace has it

    def all(self, listen: Callable[[str], None]) -> Iterator[Told]:
        """Every crash, in the order they were first seen. *Errors*: `StoreError`."""
        for number, each in enumerate(distinct(self._campaign), 1):
            listen(f"shrinking crash {number} of {len(self._campaign.crashes)}: {each.crash.title}")
            failing = None
            if number <= CRASHES_RECORDED_MAX:
                failing = failing_of(self._target, each.crash, self._name, self._campaign.plan.seed)
            yield _told(each) if failing is None else self._recorded(number, each, self._shrunk(failing))

    def _shrunk(self, failing: Failing) -> Kept:
        """Make it small; who was told to stop does not begin with it."""
        kept = shrink_crash(failing, budget_ns=SHRINK_NS if self._campaign.interrupted is None else 0)
        if kept.shrunk.end in ("interrupted", "terminated"):
            self._campaign.interrupted = KeyboardInterrupt() if kept.shrunk.end == "interrupted" else Terminated()
        return kept

    def _recorded(self, number: int, each: Distinct, kept: Kept) -> Told:
        keep, told = self._keeping(number), _told(each)
        try:
            recorded = record_crash(kept, keep, lambda trace: self._check(kept, trace))
        except EvidenceError as error:  # it does not come again alike: it is told, and no trace pretends otherwise
            message = f"{each.crash.message}; {error.message}"
            return told._replace(body=msgspec.structs.replace(told.body, message=message))
        assert recorded.trace is not None
        self._record = None
        body = msgspec.structs.replace(
            told.body,
            message=recorded.findings[0].message if recorded.findings else told.body.message,
            input=input_of(kept, self._target.kind),
            trace_path=shown_path(recorded.trace),
            kept_path=self._regression(kept, keep),
        )
        return Told(body, recorded.findings, recorded.ended.status)

    def _keeping(self, number: int) -> Keeping:
        """Where the trace of a crash goes: the first one that is recorded where it was asked for."""
        keep, places = self._places.keeping, self._places
        if self._record is not None:
            return keep._replace(target=Path(self._record), policy=places.policy, asked=True)
        return keep._replace(target=keep.store.folder(keep.run_id) / f"{number}{SUFFIX}")

    def _check(self, kept: Kept, trace: Path) -> None:
        code = ["--allow-code"] if kept.failing.subject.origin.allowance.allowed else []
        check_replays(trace, [*self._places.words, *code])

    def _regression(self, kept: Kept, keep: Keeping) -> str | None:
        """Keep it as a test too, if that was asked for and it is not there yet."""
        if self._places.folder is None:
            return None
        return shown_path(keep_crash(kept, keep._replace(target=folder_for(Path(self._places.folder)))))


def _told(each: Distinct) -> Told:
    crash = each.crash
    body = CrashBody(
        title=crash.title,
        kind=crash.kind,
        status=crash.status,
        message=crash.message,
        cause=crash.cause,
        run=each.run,
        input=Blob.of(crash.data),
        input_bytes_before=len(crash.data),
    )
    return Told(body, [Finding(kind=crash.kind, title=crash.title, message=crash.message)], crash.status)
