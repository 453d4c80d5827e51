"""Executes distributed scenarios in memory: of builtin nodes here, of the user's programs in processes of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fozzy.core.events import Draw, Event, Found, Net, Record, Step
from fozzy.core.log import Log
from fozzy.core.sources import Mutated, Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.cluster.hosted import Session
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.prepare import Options, Ready, header_of, ready, start
from tests.sim import harness

NOWHERE = Path("/nonexistent/fozzy")
assert harness  # it keeps writers of runs that are over from complaining


class Executed(NamedTuple):
    """What an execution came to."""

    status: str
    findings: list[Found]
    records: list[Record]
    now_ns: int

    @property
    def title(self) -> str:
        """Of the only finding; empty when there is none."""
        assert len(self.findings) < 2
        return self.findings[0].title if self.findings else ""

    @property
    def message(self) -> str:
        """Of the only finding."""
        assert len(self.findings) == 1
        return self.findings[0].message

    def steps(self) -> list[tuple[str, str]]:
        """The type and the note of each step, or how it failed."""
        return [(each.type, each.failed or each.note) for each in self.records if isinstance(each, Step)]

    def events(self, *names: str) -> list[Event]:
        """The events of some names."""
        return [each for each in self.records if isinstance(each, Event) and each.name in names]

    def said(self) -> list[str]:
        """What programs wrote."""
        return [each.fields["text"] for each in self.events("node.said")]

    def net(self, *whats: str) -> list[Net]:
        """What arrived."""
        return [each for each in self.records if isinstance(each, Net) and each.what in whats]

    def labels(self) -> list[str]:
        """The label of each draw."""
        return [each.label for each in self.records if isinstance(each, Draw)]


def made(distributed: dict[str, Any], root: Path = NOWHERE, *, is_strict: bool = True, **more: Any) -> Ready:
    """A distributed scenario that is ready."""
    text = json.dumps({"version": 1, "name": "n", "distributed": distributed, **more})
    loaded = parse(document(text.encode(), "n.fozzy.json", "n.fozzy.json", "json"))
    header, redactor = header_of(loaded, Options(det=True, strict=is_strict), 1, "run")
    return with_code(ready(header, loaded, redactor, root), loaded, Allowance(True, root))


def executed(run: Ready, seed: int | None = 1) -> Executed:
    """Execute once; without a seed every draw is the boring one."""
    records: list[Record] = []
    ended = start(run, Mutated([]) if seed is None else Seeded(seed), Log([records.extend]))
    return Executed(ended.status, ended.findings, records, ended.now_ns)


Builtin = Callable[..., Executed]


@pytest.fixture
def builtin() -> Builtin:
    """Executes steps against builtin stores: `builtin([step, …], invariants=[…], seed=1)`."""

    def execute(
        steps: list[dict[str, Any]],
        *,
        seed: int | None = 1,
        limits: Any = None,
        is_strict: bool = True,
        **more: Any,
    ) -> Executed:
        top: dict[str, Any] = {"is_strict": is_strict, **({"limits": limits} if limits else {})}
        return executed(made({"node_count": 3, "steps": steps, **more}, **top), seed)

    return execute


class Programs:
    """A folder with a module of the user's, `m`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sessions: list[Session] = []

    def write(self, text: str, name: str = "m") -> None:
        """The module's text."""
        (self.folder / f"{name}.py").write_text(text)

    def ready(self, **distributed: Any) -> Ready:
        """A scenario of these programs; `m:main` on one node unless it says otherwise."""
        more = {"limits": distributed.pop("limits")} if "limits" in distributed else {}
        if "nodes" not in distributed and "node_count" not in distributed:
            distributed["node_count"] = 1
        if not isinstance(distributed.get("nodes"), dict):
            distributed.setdefault("program", "m:main")
        return made(distributed, self.folder, **more)

    def __call__(self, *, seed: int = 1, **distributed: Any) -> Executed:
        """Execute in a process of its own."""
        return executed(self.ready(**distributed), seed)

    def session(self, run: Ready) -> Session:
        """A process for many executions."""
        self.sessions.append(Session(run))
        return self.sessions[-1]


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """Programs of the user's: `programs.write(text); programs(steps=[…])`."""
    with_programs = Programs(tmp_path)
    yield with_programs
    for session in with_programs.sessions:
        session.close()


def within(session: Session, run: Ready, seed: int) -> Executed:
    """Execute once in a process that is there."""
    records: list[Record] = []
    over = session.execute(session.job(run, Seeded(seed)), Log([records.extend]))
    return Executed(over.status, over.findings, records, over.now_ns)


@pytest.fixture
def inside() -> Callable[[Session, Ready, int], Executed]:
    """Executes once in a process that is there: `inside(session, run, seed)`."""
    return within
