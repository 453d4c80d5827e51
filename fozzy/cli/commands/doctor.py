"""`fozzy doctor`: what is around, what is kept, and whether scenarios are deterministic."""

from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.check_documents import DoctorDocument
from fozzy.cli.check_screen import Verdict, bodies
from fozzy.cli.command import Command, Opt
from fozzy.cli.commands.test import default_folder
from fozzy.cli.console import Console
from fozzy.cli.options import AllowCode, config_of, suite_seed
from fozzy.config import Config
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.engine.discover import Found, discover
from fozzy.engine.prepare import Options
from fozzy.errors import Exit, InputError, UsageError
from fozzy.gate.checks.determinism import RUNS, RUNS_MAX, RUNS_MIN
from fozzy.gate.doctor import Visit, doctor


class Doctor(Command, frozen=True, kw_only=True):
    """Look at the surroundings, the store and the scenarios, and say how to mend what is wrong.

    With --deep every scenario runs several times with the same seed: twice in this process, then in fresh ones with
    another hash seed, folder, locale, time zone and environment. The first record that differs is shown with the likely
    cause; of a cluster also the node, the virtual time and the line. Clusters run once more with their machines in the
    opposite order at each instant, and after others in one process. Ends with 1 when something is wrong.
    """

    name: ClassVar[str] = "doctor"
    deep: Annotated[bool, Opt(("--deep",), "Also run the scenarios and compare what they say.")] = False
    scenario: Annotated[
        list[str], Opt(("--scenario",), "Only this file, folder or glob; the config's scenarios else.", "PATH")
    ] = []
    runs: Annotated[int | None, Opt(("--runs",), f"How often each scenario runs with --deep; {RUNS}.", "N")] = None
    allow_code: AllowCode = False

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        options = Options(strict=self.strict, allow_code=self.allow_code, settings=config.settings)
        seed = suite_seed(self)
        visit = Visit(config, self._found(config), options, seed, self.deep, _runs(self.runs, self.deep))
        verdict = Verdict(console, strict=self.strict, only=Exit.FAIL)
        checks = verdict.shown(doctor(visit))
        document = DoctorDocument(
            schema_version=SCHEMA_VERSION,
            command="doctor",
            status="pass" if verdict.exit_status == Exit.PASS else "fail",
            seed=seed,
            checks=bodies(checks),
        )
        if console.json:
            console.raw(msgspec.json.encode(document).decode() + "\n")
        return verdict.exit_status

    def _found(self, config: Config) -> Found | None:
        """The scenarios; none when the project has no folder of them. *Errors*: `InputError` for one that was named."""
        if not self.scenario and not (config.root / config.settings.scenarios).exists():
            return None
        found = discover(self.scenario or [default_folder(config)], config.root)
        missing = [each for each in found.problems if each.code == "scenario.missing" and self._named(each.where)]
        if missing:
            raise InputError.of(missing)
        return found

    def _named(self, where: object) -> bool:
        return bool(self.scenario) and any(
            Path(word).as_posix() == getattr(where, "file", "") for word in self.scenario
        )


def _runs(asked: int | None, deep: bool) -> int:
    if asked is not None and not deep:
        raise UsageError("usage.bad_value", "--runs says how often --deep runs the scenarios", hint="add --deep")
    if asked is not None and not RUNS_MIN <= asked <= RUNS_MAX:
        raise UsageError("usage.bad_value", f"--runs must be from {RUNS_MIN} to {RUNS_MAX}, got {asked}")
    return RUNS if asked is None else asked
