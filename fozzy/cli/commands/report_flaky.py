"""`fozzy report flaky`: the same scenarios over several runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.naming import RUN_HELP, named_body
from fozzy.cli.options import config_of
from fozzy.cli.run_documents import FlakyDocument
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError
from fozzy.insight.flaky import Flake, Flakiness, Outcome, flakiness
from fozzy.insight.recall import Named, Recalled, recall
from fozzy.report.text import STATUS_WORDS, Line, Role, Span, count, gutter, line, one_line, quoted
from fozzy.trace.store import Store

SEEDS_SHOWN = 3
WORDS = {"nondeterministic": "FLAKY", "seed_dependent": "BY SEED", "steady": "STEADY"}


class Flaky(Command, frozen=True, kw_only=True):
    """Tell which scenarios end differently over several runs.

    What differs under one seed is FLAKY: nothing that was chosen explains it. What differs between seeds only is BY
    SEED. A scenario's rate is the share of runs that did not end as most did; over the budget is 1. Ends with 5 when no
    scenario is in two of the runs.
    """

    name: ClassVar[str] = "report flaky"
    runs: Annotated[list[str], Arg(f"{RUN_HELP} Two or more, suites or single runs.", "RUN...")] = []
    budget: Annotated[float, Opt(("--budget",), "How flaky a scenario may be, in percent.", "PCT")] = 0.0

    def call(self, console: Console) -> Exit:
        if not 0 <= self.budget <= 100:
            raise UsageError(
                "usage.bad_value", f"--budget must be from 0 to 100, got {self.budget:g}", hint="--budget 5"
            )
        store = Store(config_of(self).base_dir())
        recalled = self._recalled(store)
        found = flakiness([each.told for each in recalled])
        over = found.over(self.budget)
        if console.json:
            document = FlakyDocument(
                schema_version=SCHEMA_VERSION,
                command="report flaky",
                status="fail" if over or not found.scenarios else "pass",
                runs=[named_body(each.named) for each in recalled],
                budget_pct=self.budget,
                over=len(over),
                flakiness=found,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer(self._lines(found, store, console))
        if not found.scenarios:
            return Exit.NOTHING
        return Exit.FAIL if over else Exit.PASS

    def _recalled(self, store: Store) -> list[Recalled]:
        """The runs that were named. *Errors*: `UsageError` for fewer than two, or the same twice; as `recall`."""
        if len(self.runs) < 2:
            hint = "fozzy report flaky 7f3 8a1; fozzy artifacts ls lists the runs"
            raise UsageError("usage.missing", "report flaky compares two runs or more", hint=hint)
        recalled = [recall(store, word, unsafe=not self.strict) for word in self.runs]
        seen: dict[tuple[object, ...], Named] = {}
        for named in (each.named for each in recalled):
            other = seen.setdefault((named.run_id, named.member, named.trace), named)
            if other is not named:
                message = f'"{other.word}" and "{named.word}" are the same run, {named.shown}'
                raise UsageError("report.same_run", message, hint="fozzy artifacts ls lists the runs")
        return recalled

    def _lines(self, found: Flakiness, store: Store, console: Console) -> Iterator[Line]:
        known = set(store.ids())
        shown = found.scenarios if console.verbose else found.flaky
        for flake in [] if console.quiet else shown:
            yield from _flake(flake, self.budget)
            if flake.verdict != "steady":
                yield from (_outcome(each, store, known) for each in flake.outcomes)
        yield from [[]] if shown and not console.quiet else []
        yield _closing(found, self.budget)
        if not console.quiet:
            yield from _next(found, store, known, self.place_flags)


def _flake(flake: Flake, budget: float) -> Iterator[Line]:
    over = flake.rate * 100 > budget
    role: Role = "" if flake.verdict == "steady" else "fail" if over else "warn"
    unusual = f"{flake.unusual} of {flake.runs} otherwise, {flake.rate:.1%}" if flake.unusual else f"{flake.runs} alike"
    yield line(gutter(WORDS[flake.verdict], role), f"{one_line(flake.scenario):<42}  ", unusual)


def _outcome(outcome: Outcome, store: Store, known: set[str]) -> Line:
    word, role = STATUS_WORDS[outcome.status]
    what = one_line(f"{outcome.title} at {outcome.at}" if outcome.title else "")
    seeds = ", ".join(map(str, outcome.seeds[:SEEDS_SHOWN]))
    more = f" and {len(outcome.seeds) - SEEDS_SHOWN} more" if len(outcome.seeds) > SEEDS_SHOWN else ""
    runs = ", ".join(_shorts(outcome.run_ids[:SEEDS_SHOWN], store, known))
    said = f"  {count(outcome.runs, 'run'):<8}  seed {seeds}{more}  run {runs}"
    return line(" " * 11, Span(f"{word:<7}", role), said, Span(f"  {what}" if what else "", "dim"))


def _shorts(run_ids: Sequence[str], store: Store, known: set[str]) -> list[str]:
    return [store.short(run_id) if run_id in known else run_id for run_id in run_ids]


def _closing(found: Flakiness, budget: float) -> Line:
    if not found.scenarios:
        return line(f"  no scenario is in two of the {count(found.runs, 'run')}: nothing to compare")
    kinds = [flake.verdict for flake in found.scenarios]
    once = f", {count(found.once, 'scenario')} in one run only" if found.once else ""
    said = [f"{kinds.count('nondeterministic')} flaky", f"{kinds.count('seed_dependent')} by seed"]
    said.append(f"{kinds.count('steady')} steady")
    verdict = f"; {len(found.over(budget))} over the budget of {budget:g} %"
    return line(f"  {count(len(kinds), 'scenario')} in {count(found.runs, 'run')}: {', '.join(said)}{verdict}{once}")


def _next(found: Flakiness, store: Store, known: set[str], flags: str) -> Iterator[Line]:
    """What looks closer at the flakiest scenario: the two runs that differ."""
    if not found.flaky:
        return
    ids = [outcome.run_ids[0] for outcome in found.flaky[0].outcomes[:2]]
    if ids[0] != ids[1] and known.issuperset(ids):
        words = " ".join(map(quoted, _shorts(ids, store, known)))
        yield from ([], line("  next  ", Span(f"fozzy artifacts diff {words}{flags}", "code"), "   how they differ"))
