"""What tests of every part share: a project folder to work in, and the command line called in this process."""

from __future__ import annotations

import gc
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal, NamedTuple

import hypothesis
import pytest
from blake3 import blake3

from fozzy import wall
from fozzy.cli.main import main
from fozzy.core.events import Draw, Record, Step
from fozzy.core.log import Log
from fozzy.core.outcome import Finding
from fozzy.core.sources import Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.place import place
from fozzy.engine.prepare import Options, header_of, ready, start
from fozzy.engine.run import Ended
from fozzy.errors import InputError, Problem

# The plugin comes by its entry point where this tree is installed, else by name; never twice.
OURS = "fozzy.pytest_plugin.plugin"
collect_ignore_glob = [
    "*.fozzy.json",
    "*.fozzy.toml",
    "*.fozzy.yaml",
    "*.fozzy.yml",
]  # what tests look at is no test of ours
PLUGIN = () if any(each.value == OURS for each in entry_points(group="pytest11")) else (OURS,)
pytest_plugins = PLUGIN

ROOT = Path(__file__).parent.parent
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "modest")
NOWHERE = Path("/nonexistent/fozzy")  # a root for what must not touch the disk


for number in (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
):  # who began this may ignore them, and so would our children
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

gc.disable()  # nothing of twenty thousand tests is garbage while they are collected


def pytest_collection_finish() -> None:
    """What was collected stays to the end, so nobody looks through it again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()


class Ran(NamedTuple):
    """A command that ended: its exit status and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both streams."""
        return self.out + self.err

    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Fz = Callable[..., Ran]
WriteScenario = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_seeds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gives no seed gets a fresh one: the same each time a test is run, others where somebody looks for longer."""
    if PROFILE == "soak":
        return
    numbers = itertools.count()

    def fresh_seed() -> int:
        said = f"{request.node.nodeid} {next(numbers)}"
        return int.from_bytes(blake3(said.encode()).digest(length=8), "little") >> (64 - wall.SEED_BITS)

    monkeypatch.setattr(wall, "fresh_seed", fresh_seed)


@pytest.fixture(autouse=True)
def no_interpreters() -> Iterator[None]:
    """No interpreter for user code outlives the test that started it."""
    yield
    if "fozzy.world.code.host" in sys.modules:
        sys.modules["fozzy.world.code.host"].POOL.close()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the working directory, without any configuration from outside."""
    for name in [name for name in os.environ if name.startswith("FOZZY_")] + ["GITHUB_ACTIONS", "FORCE_COLOR"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fz(project: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Fz]:
    """Calls the command line in this process: `fz("run", "a.fozzy.json", "--det")`."""

    def call(*words: str) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    before = signal.getsignal(signal.SIGTERM)
    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def scenario(project: Path) -> WriteScenario:
    """Writes a scenario of these steps and returns its path: `scenario("a", [step, …], timeout="1s")`."""

    def write(name: str, steps: list[dict[str, Any]], **more: Any) -> Path:
        path = Path(f"{name}.fozzy.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"version": 1, "name": name, **more, "steps": steps}, indent=1), encoding="utf-8")
        return path

    return write


@pytest.fixture
def fz_env() -> dict[str, str]:
    """The environment for `[sys.executable, "-m", "fozzy", …]` in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOZZY_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def resealed() -> Callable[[bytes], bytes]:
    """Gives a trace that was altered a true seal again, as somebody could who knows how."""

    def seal(data: bytes) -> bytes:
        quote = data.rindex(b',"seal":"') + len(b',"seal":')
        return data[:quote] + b'"' + blake3(data[:quote]).hexdigest().encode() + b'"}\n'

    return seal


class Played(NamedTuple):
    """A scenario that was executed in memory, by the engine alone."""

    status: str
    findings: list[Finding]
    records: list[Record]
    ended: Ended

    @property
    def finding(self) -> Finding:
        """The only finding that fails the run, or the first."""
        return self.findings[0]

    @property
    def pointed_at(self) -> str:
        """The text under the caret of the first finding."""
        location = self.finding.location
        assert location is not None
        return location.text[location.col - 1 : location.col - 1 + location.length]

    @property
    def notes(self) -> list[str]:
        """What the steps that held said."""
        return [record.note for record in self.records if isinstance(record, Step) and not record.failed]

    def draws(self, label: str) -> list[int]:
        """The values drawn under a label."""
        return [record.value for record in self.records if isinstance(record, Draw) and record.label == label]


Play = Callable[..., Played]


@pytest.fixture
def play() -> Play:
    """Executes steps (or a whole scenario) in memory: `play([step, …], seed=1, vars={…})`; no store, no trace."""

    def execute(
        steps: list[dict[str, Any]] | dict[str, Any],
        *,
        seed: int = 1,
        options: Options | None = None,
        wait: Callable[[int], None] | None = None,
        source: Any = None,
        root: Path = NOWHERE,
        **more: Any,
    ) -> Played:
        whole = steps if isinstance(steps, dict) else {"version": 1, "name": "n", **more, "steps": steps}
        text = json.dumps(whole, indent=1)
        loaded = parse(document(text.encode(), "n.fozzy.json", "n.fozzy.json", "json"))
        header, redactor = header_of(loaded, options or Options(det=True), seed, "run")
        records: list[Record] = []
        ended = start(ready(header, loaded, redactor, root), source or Seeded(seed), Log([records.extend]), wait)
        return Played(ended.status, place(ended.findings, loaded.document, text), records, ended)

    return execute


Problems = Callable[..., list[Problem]]


@pytest.fixture
def problems() -> Problems:
    """The problems of a scenario: `problems({…})`, `problems(text, "toml")`; none when it is valid."""

    def check(source: Any, form: Literal["json", "toml"] = "json") -> list[Problem]:
        text = source if isinstance(source, str | bytes) else json.dumps(source, indent=1)
        data = text if isinstance(text, bytes) else text.encode()
        shown = f"s.fozzy.{form}"
        try:
            parse(document(data, shown, shown, form))
        except InputError as error:
            return error.problems
        return []

    return check


REQUIRE_ALL = os.environ.get("FOZZY_REQUIRE_ALL") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Where everything is required, a test that is left out has failed."""
    report: Any = yield
    if report.skipped and REQUIRE_ALL and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was left out, and FOZZY_REQUIRE_ALL=1 allows none: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say loudly, and counted, what was left out and why."""
    left_out = terminalreporter.stats.get("skipped", [])
    if left_out:
        reasons = sorted({str(report.longrepr[2]) for report in left_out if isinstance(report.longrepr, tuple)})
        terminalreporter.section(f"LEFT OUT: {len(left_out)} tests", yellow=True)
        for reason in reasons:
            terminalreporter.line(f"  {reason}")
        terminalreporter.line("  FOZZY_REQUIRE_ALL=1 turns each of these into a failure")


# Each run looks at the same examples; HYPOTHESIS_PROFILE=soak looks longer, at others, where a test does not say how long.
hypothesis.settings.register_profile("modest", max_examples=60, deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("soak", max_examples=2000, deadline=None, derandomize=False)
hypothesis.settings.load_profile(PROFILE)
