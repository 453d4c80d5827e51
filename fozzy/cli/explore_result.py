"""What a campaign came to, as the store keeps it, as `--json` prints it, and as reports that list scenarios tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from fozzy import wall
from fozzy.cli.explore_documents import ExploreBody
from fozzy.cli.explore_failures import Told
from fozzy.cli.telling import member_story
from fozzy.config import Config
from fozzy.core.summary import SCHEMA_VERSION, Identity, Member, Summary, Tests, worst_status
from fozzy.dsl.document import Loaded
from fozzy.engine.code import calls_of
from fozzy.engine.place import nodes_count
from fozzy.engine.prepare import runnable_file
from fozzy.search.explore.campaign import Campaign
from fozzy.search.explore.kept import Kept
from fozzy.search.explore.plan import Bench
from fozzy.search.explore.variant import Variant
from fozzy.trace.finalize import display_name, shown_path
from fozzy.trace.store import Store

STORIES_MAX = 8  # failures whose story is told; more are in their traces


class Work(NamedTuple):
    """A campaign, what it explores, and where its results go."""

    config: Config
    store: Store
    loaded: Loaded
    bench: Bench
    campaign: Campaign
    kept: Kept | None
    case: dict[str, Any]
    began: str
    variant: Variant = Variant()
    spent_ns: int = 0

    @property
    def traces(self) -> list[str | None]:
        """The traces of the failures that were known before."""
        return self.kept.traces if self.kept is not None else []

    @property
    def calls_code(self) -> bool:
        """Whether the scenario calls user code."""
        return any(True for _ in calls_of(self.loaded))


def summary_of(work: Work, told: Sequence[Told], run_id: str) -> Summary:
    """The summary of the run."""
    traces = [each.body.small_path or each.body.trace_path for each in told]
    return Summary(
        schema_version=SCHEMA_VERSION,
        command="explore",
        status=worst_status([each.status for each in told]),
        mode="explore",
        identity=Identity(
            run_id=run_id,
            seed=work.campaign.plan.seed,
            trace_path=next(filter(None, traces), None),
            artifacts_dir=shown_path(work.store.folder(run_id)),
        ),
        started_at=work.began,
        finished_at=wall.now_iso(),
        duration_ms=work.spent_ns // 10**6,
        duration_ns=0,
        tests=Tests(passed=int(not told), failed=len(told)),
        findings=[finding for each in told for finding in each.findings],
        scenarios=_members(work, told),
    )


def _members(work: Work, told: Sequence[Told]) -> list[Member]:
    """Each failure, or the scenario that passed."""
    document = work.loaded.document
    usual = Member(
        number=1,
        name=display_name(document.name),
        path=document.shown,
        status="pass",
        seed=work.campaign.plan.seed,
        duration_ns=0,
        passed=True,
        calls_code=work.calls_code,
        nodes=nodes_count(runnable_file(work.loaded)),
    )
    failing = [
        msgspec.structs.replace(
            usual,
            number=number,
            path=each.body.trace_path or document.shown,  # only its trace makes the same run again
            status=each.status,
            seed=each.body.seed,
            passed=False,
            trace_path=each.body.trace_path,
            findings=each.findings,
        )
        for number, each in enumerate(told, 1)
    ]
    return [*map(member_story, failing[:STORIES_MAX]), *failing[STORIES_MAX:]] or [usual]


def body_of(work: Work, told: Sequence[Told], resumed: str | None) -> ExploreBody:
    """What only a campaign has to say; `resumed` is the run it went on from."""
    campaign = work.campaign
    plan, so, spent_ns = campaign.plan, campaign.so, work.spent_ns
    is_pct = plan.schedule.kind == "pct"
    return ExploreBody(
        scenario=work.loaded.document.name,
        schedule=plan.schedule.kind,
        depth=plan.schedule.depth if is_pct else None,
        horizon=plan.schedule.horizon if is_pct else None,
        bound=plan.bound,
        executions=campaign.executions,
        total=so.next,
        duration_ms=spent_ns // 10**6,
        executions_per_second=campaign.executions * 10**9 // max(1, spent_ns),
        schedules=campaign.schedules.count,
        schedules_exact=campaign.schedules.is_exact,
        states=campaign.states.count,
        states_exact=campaign.states.is_exact,
        exhausted=campaign.is_over,
        cut=so.cut,
        failing=so.failing,
        not_covered=[place for place in work.bench.places if place not in campaign.covered],
        ended_by=campaign.ended_by,
        isolated=work.bench.is_alone,
        resumed=resumed,
        failures=[each.body for each in told],
    )
