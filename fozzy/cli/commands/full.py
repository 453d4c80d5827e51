"""`fozzy full`: every check on everything."""

from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.check_documents import FullDocument
from fozzy.cli.check_screen import Verdict, bodies
from fozzy.cli.command import Command, Opt
from fozzy.cli.commands.test import default_folder
from fozzy.cli.console import Console
from fozzy.cli.options import AllowCode, config_of, suite_seed
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.engine.discover import discover
from fozzy.engine.prepare import Options
from fozzy.errors import Exit, UsageError, suggestion
from fozzy.gate.checks.determinism import RUNS, RUNS_MAX, RUNS_MIN
from fozzy.gate.doctor import Visit
from fozzy.gate.full import STEPS, full


class Full(Command, frozen=True, kw_only=True):
    """Make every check on everything: what doctor --deep does, then kept traces, tests, record and replay, shrink.

    What cannot be made here is skipped, counted and named with its reason; --required-steps names what must not be.
    """

    name: ClassVar[str] = "full"
    required_steps: Annotated[
        list[str], Opt(("--required-steps",), "Checks that must not be skipped; commas between.", "NAME,...")
    ] = []
    runs: Annotated[int, Opt(("--runs",), f"How often the audit runs each scenario; {RUNS}.", "N")] = RUNS
    require_topology_coverage: Annotated[
        bool, Opt(("--require-topology-coverage",), "A recorded run must have touched every required hotspot.")
    ] = False
    allow_code: AllowCode = False

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        required = _required(self.required_steps)
        if not RUNS_MIN <= self.runs <= RUNS_MAX:
            raise UsageError("usage.bad_value", f"--runs must be from {RUNS_MIN} to {RUNS_MAX}, got {self.runs}")
        there = (config.root / config.settings.scenarios).exists()
        found = discover([default_folder(config)], config.root) if there else None
        options = Options(strict=self.strict, allow_code=self.allow_code, settings=config.settings)
        seed = suite_seed(self)
        verdict = Verdict(console, strict=self.strict)
        visit = Visit(config, found, options, seed, True, self.runs)
        checks = verdict.shown(full(visit, required, with_topology=self.require_topology_coverage))
        document = FullDocument(
            schema_version=SCHEMA_VERSION,
            command="full",
            status="pass" if verdict.exit_status == Exit.PASS else "fail",
            seed=seed,
            skipped=[each.name for each in checks if each.status == "skip"],
            checks=bodies(checks),
        )
        if console.json:
            console.raw(msgspec.json.encode(document).decode() + "\n")
        return verdict.exit_status


def _required(asked: list[str]) -> list[str]:
    """The names that were given. *Errors*: `UsageError` for one that no check has."""
    names = [name.strip() for words in asked for name in words.split(",") if name.strip()]
    for name in names:
        if name not in STEPS:
            hint = suggestion(name, STEPS) or f"known are {', '.join(STEPS)}"
            raise UsageError("usage.bad_value", f'--required-steps: there is no check "{name}"', hint=hint)
    return names
