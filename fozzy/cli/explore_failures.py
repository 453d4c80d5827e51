"""The failures of a campaign: each executed once more and recorded, the earliest also made smaller if asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.cli.explore_documents import FailureBody
from fozzy.core.outcome import Finding, Status
from fozzy.engine.code import Allowance
from fozzy.engine.fresh import check_replays
from fozzy.engine.record import Keeping, Recorded, keep_inside
from fozzy.errors import EvidenceError
from fozzy.search.explore.campaign import Campaign, Seen
from fozzy.search.explore.plan import Bench
from fozzy.search.failing import open_failing
from fozzy.search.shrink.result import record_best
from fozzy.search.shrink.shrinker import shrink
from fozzy.trace.finalize import Policy, shown_path
from fozzy.trace.format import SUFFIX
from fozzy.trace.store import MIN_NAME

RECORDED_MAX = 20  # different ones that are recorded
SHRINK_NS = 5 * 10**9  # of wall time


class Told(NamedTuple):
    """A failure, as reports tell it."""

    body: FailureBody
    findings: list[Finding]
    status: Status


class Places(NamedTuple):
    """Where failures go: `keeping` is the run in the store; `record` names the trace of the earliest, by `policy`.
    `words` go with the command that replays in a fresh process; `names` are more names of secrets."""

    keeping: Keeping
    record: str | None
    policy: Policy
    words: list[str]
    names: Sequence[str]
    allowance: Allowance


class Failures:
    """What is done with each failure. `known` are the traces of those that an earlier campaign has recorded."""

    def __init__(self, campaign: Campaign, bench: Bench, places: Places, known: Sequence[str | None]) -> None:
        self._campaign = campaign
        self._bench = bench
        self._places = places
        self._known = known
        self._asked = places.record  # until a trace has it

    def all(self, shrinks: bool, listen: Callable[[str], None]) -> Iterator[Told]:
        """Every failure, in the order they were first seen. *Errors*: `StoreError`."""
        for number, each in enumerate(self._campaign.so.seen, 1):
            told = _told(each)
            if number <= len(self._known):
                body = msgspec.structs.replace(told.body, trace_path=self._known[number - 1])
                yield told._replace(body=body)
            elif number <= RECORDED_MAX:
                listen(f"recording failure {number} of {len(self._campaign.so.seen)}: {each.failed.title}")
                smaller = shrinks and self._campaign.ended_by not in ("interrupted", "terminated")
                yield self._recorded(number, each, smaller, listen)
                shrinks = False  # the earliest alone
            else:
                yield told

    def _recorded(self, number: int, each: Seen, smaller: bool, listen: Callable[[str], None]) -> Told:
        told, keep = _told(each), self._keeping(number, smaller)
        try:
            recorded = self._bench.record(each.order, each.failed, keep)
        except EvidenceError as error:  # it does not come again alike: it is told, and no trace pretends otherwise
            message = f"{each.failed.message}; {error.message}"
            return told._replace(body=msgspec.structs.replace(told.body, message=message))
        assert recorded.trace is not None
        keep_inside(keep, recorded.trace, f"{number}{SUFFIX}")
        body = msgspec.structs.replace(told.body, trace_path=shown_path(recorded.trace))
        if smaller:
            listen(f"shrinking {each.failed.title}")
            body = self._smaller(body, recorded.trace)
        self._asked = None
        return Told(body, recorded.findings, recorded.ended.status)

    def _smaller(self, body: FailureBody, trace: Path) -> FailureBody:
        """With the trace of the smallest run that fails alike, if it holds."""
        places = self._places
        folder = places.keeping.store.folder(places.keeping.run_id)
        keep = places.keeping._replace(target=folder / MIN_NAME, policy="append")
        if self._asked is not None:
            keep = keep._replace(target=Path(self._asked), policy=places.policy, asked=True)
        try:
            failing = open_failing(trace, places.names, places.allowance._replace(is_trace=True))
            done = shrink(failing.subject, failing.first, failing.failure, budget_ns=SHRINK_NS)
            recorded: Recorded = record_best(failing, done.best, keep, self._check)
        except EvidenceError as error:
            return msgspec.structs.replace(body, message=f"{body.message}; not made smaller: {error.message}")
        if done.end in ("interrupted", "terminated"):
            self._campaign.ended_by = "interrupted" if done.end == "interrupted" else "terminated"
        assert recorded.trace is not None
        keep_inside(keep, recorded.trace, MIN_NAME)
        return msgspec.structs.replace(body, small_path=shown_path(recorded.trace))

    def _check(self, trace: Path) -> None:
        code = ["--allow-code"] if self._places.allowance.allowed else []
        check_replays(trace, [*self._places.words, *code])

    def _keeping(self, number: int, smaller: bool) -> Keeping:
        """Where the trace of a failure goes: the earliest where it was asked for, unless a smaller one will."""
        keep, places = self._places.keeping, self._places
        if self._asked is not None and not smaller:
            return keep._replace(target=Path(self._asked), policy=places.policy, asked=True)
        return keep._replace(target=keep.store.folder(keep.run_id) / f"{number}{SUFFIX}")


def _told(each: Seen) -> Told:
    failed = each.failed
    body = FailureBody(
        title=failed.title,
        kind=failed.kind,
        status=failed.status,
        message=failed.message,
        at=failed.at,
        execution=each.order.index + 1,
        seed=each.order.seed,
        seen=each.times,
    )
    return Told(body, [Finding(kind=failed.kind, title=failed.title, message=failed.message)], failed.status)
