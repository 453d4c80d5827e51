"""What a session of pytest runs with the engine: scenario files, and tests in the simulator. All are one run in the store.

So `fozzy report show @latest`, `fozzy replay ID/3` and the like work after pytest as they do after `fozzy test`.
"""

from __future__ import annotations

import contextlib

import msgspec
import pytest

from fozzy import wall
from fozzy.config import Config, load_config
from fozzy.core.summary import SCHEMA_VERSION, Identity, Member, Summary, Tests, worst_status
from fozzy.engine.discover import Chosen
from fozzy.engine.prepare import Options
from fozzy.engine.suite import Job, run_member
from fozzy.pytest_plugin.settings import Settings
from fozzy.trace.finalize import shown_path
from fozzy.trace.retention import after_run
from fozzy.trace.store import Store

RUNS: pytest.StashKey[Runs] = pytest.StashKey()


class Runs:
    """The members of one run. *Errors*: `ConfigError`, `StoreError`, `UsageError`. *Closes*: `finish`."""

    def __init__(self, config: pytest.Config) -> None:
        self.settings = Settings(config)
        self.config: Config = load_config(None)
        self.store = Store(self.config.base_dir())
        self.members: list[Member] = []
        self._began = wall.now_iso(), wall.elapsed_ns()
        self._open = contextlib.ExitStack()
        self.run_id = self._open.enter_context(self.store.run())

    def run(self, chosen: Chosen, *, allow_code: bool = False) -> Member:
        """Run a scenario as `fozzy test` does; what it came to. Its time is virtual, as a chaos test's is, unless the
        configuration or an option says otherwise."""
        det = None if self.config.origins["det"] != "default" else self.settings.is_virtual
        options = Options(allow_code=allow_code, det=det, settings=self.config.settings)
        job = Job(
            options=options,
            suite_seed=self.settings.seed,
            run_id=self.run_id,
            base_dir=str(self.config.base_dir()),
            root=str(self.config.root),
            record=None,
            policy="append",
            single=False,
            with_events=False,
            paths=[],
        )
        member = run_member(chosen, len(self.members) + 1, job).member
        self.members.append(member)
        return member

    def finish(self) -> None:
        """Keep the summary. *Errors*: `StoreError`."""
        with self._open:
            if self.members:
                summary = self._summary()
                self.store.finish(self.run_id, msgspec.json.encode(summary), summary.status)
                after_run(self.store, self.run_id, self.config.settings.retention)

    def _summary(self) -> Summary:
        failed = [member for member in self.members if not member.passed]
        traces = [member.trace_path for member in self.members if member.trace_path]
        folder = shown_path(self.store.folder(self.run_id))
        trace = traces[0] if len(traces) == 1 else None
        return Summary(
            schema_version=SCHEMA_VERSION,
            command="test",
            status=worst_status([each.status if each.status != "pass" else "fail" for each in failed]),
            mode="test",
            identity=Identity(run_id=self.run_id, seed=self.settings.seed, trace_path=trace, artifacts_dir=folder),
            started_at=self._began[0],
            finished_at=wall.now_iso(),
            duration_ms=(wall.elapsed_ns() - self._began[1]) // 10**6,
            duration_ns=sum(member.duration_ns for member in self.members),
            tests=Tests(passed=len(self.members) - len(failed), failed=len(failed), skipped=0),
            findings=[finding for member in failed for finding in member.findings],
            scenarios=self.members,
        )


def runs_of(config: pytest.Config) -> Runs:
    """The run of this session, begun by the first who needs it. *Errors*: as of `Runs`."""
    if RUNS not in config.stash:
        config.stash[RUNS] = Runs(config)
    return config.stash[RUNS]


def finish(config: pytest.Config) -> None:
    """Keep what there is."""
    runs = config.stash.get(RUNS, None)
    if runs is not None:
        del config.stash[RUNS]
        runs.finish()
