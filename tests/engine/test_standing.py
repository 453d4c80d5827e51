"""Workers that stay: what ran before runs again in the same process, from the file as it is now."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fozzy.core.events import Step
from fozzy.engine.discover import Chosen, discover
from fozzy.engine.prepare import Options, Watch
from fozzy.engine.standing import Standing, worker
from fozzy.engine.suite import Job, Told, run_suite

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")

WHO = "import os\n\n\ndef who():\n    return [os.getppid(), {}]\n"


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    """Workers, gone at the end."""
    monkeypatch.setattr("fozzy.engine.workers.can_fork", lambda: True)  # threads of earlier tests are idle
    with closing(Standing()) as made:
        yield made


def job_of(root: Path, **changes: Any) -> Job:
    """A job that lets user code run, and wants to know what it reads."""
    options = Options(det=True, allow_code=True, watch=Watch(files=True))
    return Job(
        options=options,
        suite_seed=1,
        run_id="0" * 8,
        base_dir=str(root / ".fozzy"),
        root=str(root),
        record=None,
        policy="append",
        single=False,
        with_events=True,
        paths=[],
        **changes,
    )


def written(root: Path, count: int) -> list[Chosen]:
    """Scenarios that say which interpreter ran them."""
    (root / "who.py").write_text(WHO.format(1))
    for number in range(count):
        step = {"type": "call", "function": "who:who", "save_as": "who"}
        text = json.dumps({"version": 1, "name": "who", "steps": [step]})
        (root / f"{number}.fozzy.json").write_text(text)
    return discover([str(root)], root).chosen


def run(standing: Standing, chosen: list[Chosen], root: Path, jobs: int = 2) -> list[Told]:
    """Run them, all of which pass."""
    told = list(run_suite(chosen, job_of(root), jobs, lambda each: False, standing.answers))
    assert [each.member.status for each in told] == ["pass"] * len(chosen), told
    return told


def answered(told: Told) -> list[int]:
    """What the function returned."""
    (note,) = [each.note for each in told.events if isinstance(each, Step)]
    return list(json.loads(note.removeprefix("who:who = ")))


def test_a_scenario_runs_again_where_it_ran(standing: Standing, project: Path) -> None:
    """Its interpreter of user code is the same one, in any order and with others beside it; what it reads is known."""
    chosen = written(project, 2)
    first = [answered(each) for each in run(standing, chosen, project)]
    assert len({who for who, _ in first}) == 2
    assert [answered(each) for each in run(standing, chosen[1:], project)] == first[1:]
    again = run(standing, chosen[::-1], project)
    assert [answered(each) for each in again] == first[::-1]
    assert [each.read for each in again] == [[str(project / "who.py")]] * 2


def test_nothing_stale_runs(standing: Standing, project: Path) -> None:
    """A module that was edited, within the same instant and to the same size, is imported anew; so is the scenario read."""
    chosen = written(project, 1)
    first = answered(run(standing, chosen, project)[0])
    before = os.stat(project / "who.py")
    (project / "who.py").write_text(WHO.format(2))
    os.utime(project / "who.py", ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    second = answered(run(standing, chosen, project)[0])
    assert (first[1], second[1]) == (1, 2)
    (project / "0.fozzy.json").write_text('{"version": 1, "name": "no", "steps": [{"type": "fail", "message": "no"}]}')
    (told,) = run_suite(chosen, job_of(project), 1, lambda each: False, standing.answers)
    assert told.member.findings[0].title == "fail"
    (project / "0.fozzy.json").write_text("{")
    (told,) = run_suite(chosen, job_of(project), 1, lambda each: False, standing.answers)
    assert (told.member.status, told.member.findings[0].title) == ("error", "scenario.syntax")


def test_a_worker_that_ended_between_two_runs_is_replaced(standing: Standing, project: Path) -> None:
    """Nobody is blamed for it."""
    chosen = written(project, 1)
    run(standing, chosen, project)
    (idle,) = standing._pool._workers
    os.kill(idle.pid, 9)
    os.waitid(os.P_PID, idle.pid, os.WEXITED | os.WNOWAIT)
    run(standing, chosen, project)
    assert [each.pid for each in standing._pool._workers] != [idle.pid]


def test_what_is_heard_can_stop_a_run(standing: Standing, project: Path) -> None:
    """The scenario in the middle of it is ended, and the next run is as ever."""
    slow = project / "slow.fozzy.json"
    step = {"type": "proc_spawn", "cmd": "sleep", "args": ["60"]}
    slow.write_text(json.dumps({"version": 1, "name": "s", "backends": {"proc": "host"}, "steps": [step]}))
    chosen = discover([str(slow)], project).chosen
    there, here = os.pipe()
    os.write(here, b"q")
    standing.heard = {there: lambda: os.read(there, 1) == b"q"}
    assert list(run_suite(chosen, job_of(project), 1, lambda each: False, standing.answers)) == []
    assert standing._pool._workers == []
    standing.heard = {}
    slow.unlink()
    run(standing, written(project, 1), project)
    os.close(there)
    os.close(here)


def test_a_spawned_worker_answers_alike() -> None:
    """Its handler needs nothing but the request."""
    from fozzy.engine.standing import answer

    assert worker(b"") is answer
