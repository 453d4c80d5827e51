"""`fozzy ci`: what a trace is worth, for a pipeline to rely on."""

from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.check_documents import CiDocument
from fozzy.cli.check_screen import Verdict, bodies
from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.options import AllowCode, config_of
from fozzy.config import Config
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError
from fozzy.gate.checks.flake import RUNS_MAX, Budget
from fozzy.gate.checks.replays import NAME
from fozzy.gate.ci import Claim, ci
from fozzy.trace.finalize import shown_path
from fozzy.trace.store import Store

MAX_SLOWDOWN_PERCENT = 20
SLOWDOWN_PERCENT_MAX = 1_000_000


class Ci(Command, frozen=True, kw_only=True):
    """Say what a trace is worth: verify it, replay it, compare it with what was kept of its run.

    With --flake-runs its scenario runs again against the world as it is; with --baseline it must not be slower. Ends
    with 6 when the trace cannot be trusted or the run leaves it, with 1 when the run fails, is flaky or slow.
    """

    name: ClassVar[str] = "ci"
    trace: Annotated[str, Arg("A trace file, a run id, a run's member as 7f3/2, or @latest.", "TRACE")]
    flake_runs: Annotated[
        int | None, Opt(("--flake-runs",), "Run its scenario so often with the recorded seed.", "N")
    ] = None
    flake_budget: Annotated[
        int | None, Opt(("--flake-budget",), "So many of a hundred runs may end otherwise; 0.", "PERCENT")
    ] = None
    baseline: Annotated[
        str | None, Opt(("--baseline",), "A trace of the same scenario that it must not be slower than.", "TRACE")
    ] = None
    max_slowdown: Annotated[
        int | None,
        Opt(("--max-slowdown",), f"How much more real time is allowed; {MAX_SLOWDOWN_PERCENT}.", "PERCENT"),
    ] = None
    allow_code: AllowCode = False

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        claim = self._claim(config)
        verdict = Verdict(console, strict=self.strict)
        checks = verdict.shown(ci(claim))
        document = CiDocument(
            schema_version=SCHEMA_VERSION,
            command="ci",
            status="pass" if verdict.exit_status == Exit.PASS else "fail",
            trace_path=shown_path(claim.path),
            verdict=next((each.ran.partition(",")[0] for each in checks if each.name == NAME and each.ran), None),
            checks=bodies(checks),
        )
        if console.json:
            console.raw(msgspec.json.encode(document).decode() + "\n")
        return verdict.exit_status

    def _claim(self, config: Config) -> Claim:
        if self.flake_budget is not None and self.flake_runs is None:
            raise UsageError("usage.bad_value", "--flake-budget needs runs to count", hint="add --flake-runs 10")
        if self.max_slowdown is not None and self.baseline is None:
            raise UsageError("usage.bad_value", "--max-slowdown needs a baseline", hint="add --baseline TRACE")
        runs, budget = self.flake_runs, self.flake_budget or 0
        _check_range("--flake-runs", runs, 1, RUNS_MAX)
        _check_range("--flake-budget", self.flake_budget, 0, 100)
        _check_range("--max-slowdown", self.max_slowdown, 0, SLOWDOWN_PERCENT_MAX)
        path = Store(config.base_dir()).trace_of(self.trace)
        return Claim(
            path=path,
            config=config,
            allow_code=self.allow_code,
            strict=self.strict,
            budget=None if runs is None else Budget(runs, budget),
            baseline=self._baseline(config),
            max_slowdown_percent=MAX_SLOWDOWN_PERCENT if self.max_slowdown is None else self.max_slowdown,
        )

    def _baseline(self, config: Config) -> Path | None:
        return None if self.baseline is None else Store(config.base_dir()).trace_of(self.baseline)


def _check_range(flag: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise UsageError("usage.bad_value", f"{flag} must be from {low} to {high}, got {value}")
