"""What a change affects: who depends on the file, nobody else; and what is wrong is told once, where it is new."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fozzy.cli.commands.test import Test
from fozzy.cli.watched import Affected, Watched, key
from fozzy.core.summary import Member
from fozzy.engine.discover import Chosen
from fozzy.engine.suite import Told
from fozzy.errors import ConfigError, InputError, UsageError

GOOD = '{{"version": 1, "name": "{0}", "steps": [{{"type": "trace_event", "name": "{0}"}}]}}'
CALLS = '{"version": 1, "name": "c", "steps": [{"type": "call", "function": "shop:total"}]}'
INCLUDES = '{"version": 1, "name": "i", "steps": [{"type": "include", "file": "a.fozzy.json"}]}'
NAMES = '{"version": 1, "name": "n", "steps": [{"type": "trace_event", "name": "data/rates.csv"}]}'


@pytest.fixture
def folder(project: Path) -> Path:
    """Four scenarios: a plain one, one that includes it, one that calls, one that names a file."""
    for name, text in {"a": GOOD.format("a"), "i": INCLUDES, "c": CALLS, "n": NAMES}.items():
        write(project, f"scenarios/{name}.fozzy.json", text)
    write(project, "shop.py", "")
    write(project, "rates.py", "")
    return project


def write(root: Path, name: str, text: str) -> None:
    """Write a file, with a time of its own."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))


def names(chosen: Sequence[Chosen]) -> str:
    """Scenarios by the letters they are called."""
    return "".join(each.path.name[0] for each in chosen)


def after(watched: Watched, *written: tuple[str, str], root: Path) -> Affected:
    """What comes of writing these files."""
    for name, text in written:
        write(root, name, text)
    changed = watched.changed()
    assert changed
    return watched.affected(changed)


def ran(watched: Watched, read: list[str] | None) -> None:
    """Everything ran; what calls read these files."""
    member = Member(number=1, name="x", path="x", case="", status="pass", seed=1, duration_ns=0, passed=True)
    watched.learn(watched.chosen, [Told(member, read=read if names([e]) == "c" else None) for e in watched.chosen])


def test_a_change_affects_who_depends_on_it(folder: Path) -> None:
    """A scenario and who includes it; a file and who names it, once it is there too; a module and who read it."""
    watched = Watched(Test(allow_code=True))
    assert names(watched.chosen) == "acin" and watched.changed() == set()
    ran(watched, [str(folder / "shop.py")])
    assert names(after(watched, ("scenarios/a.fozzy.json", GOOD.format("b")), root=folder).chosen) == "ai"
    assert names(after(watched, ("data/rates.csv", "1"), root=folder).chosen) == "n"
    assert names(after(watched, ("shop.py", "x = 1"), root=folder).chosen) == "c"
    write(folder, "rates.py", "x = 1")
    assert watched.changed() == set()


def test_before_it_is_known_any_code_may_have_been_read(folder: Path) -> None:
    """A scenario that calls runs again for every Python file, also for a new one; afterwards only for those it read."""
    watched = Watched(Test(allow_code=True))
    assert names(after(watched, ("rates.py", "x = 1"), root=folder).chosen) == "c"
    found = after(watched, ("fresh.py", ""), root=folder)
    assert (names(found.chosen), found.changed) == ("c", [str(folder / "fresh.py")])


def test_the_only_module_of_a_project_may_come_late_and_come_back(folder: Path) -> None:
    """A scenario that calls runs when the first Python file of its project is written, is gone, or is back as it was."""
    for name in ("shop.py", "rates.py"):
        (folder / name).unlink()
    watched = Watched(Test(allow_code=True))
    ran(watched, None)
    assert names(after(watched, ("shop.py", ""), root=folder).chosen) == "c"
    ran(watched, [str(folder / "shop.py")])
    (folder / "shop.py").unlink()
    assert names(after(watched, root=folder).chosen) == "c"
    ran(watched, None)
    assert names(after(watched, ("shop.py", ""), root=folder).chosen) == "c"


def test_scenarios_come_and_go(folder: Path) -> None:
    """A new one runs; one that is gone is told; a file that is none of ours is nothing."""
    watched = Watched(Test(paths=["scenarios"], allow_code=True))
    found = after(watched, ("scenarios/deep/z.fozzy.json", GOOD.format("z")), root=folder)
    assert (names(found.chosen), found.gone) == ("z", [])
    (folder / "scenarios/n.fozzy.json").unlink()
    found = watched.affected(watched.changed())
    assert (found.chosen, found.gone) == ([], [str(folder / "scenarios/n.fozzy.json")])
    found = after(watched, ("scenarios/notes.txt", ""), root=folder)
    assert (found.chosen, found.problems, found.gone) == ([], [], [])


def test_what_is_wrong_is_told_where_it_is_new(folder: Path) -> None:
    """A broken scenario is told when it is written, not when another one is; mended, it runs, and who includes it."""
    watched = Watched(Test(allow_code=True))
    found = after(watched, ("scenarios/a.fozzy.json", "{"), root=folder)
    assert found.chosen == [] and {each.code for each in found.problems} == {"scenario.syntax"}
    found = after(watched, ("scenarios/n.fozzy.json", NAMES.replace("rates", "rate")), root=folder)
    assert (names(found.chosen), found.problems) == ("n", [])
    assert len(watched.problems) >= 1
    found = after(watched, ("scenarios/a.fozzy.json", "{ "), root=folder)
    assert {each.code for each in found.problems} == {"scenario.syntax"}
    found = after(watched, ("scenarios/a.fozzy.json", GOOD.format("a")), root=folder)
    assert (names(found.chosen), watched.problems) == ("ai", [])


def test_a_broken_file_that_is_no_scenario_of_the_watch_is_seen_mended(folder: Path) -> None:
    """What is included from elsewhere is looked after while it is broken."""
    write(folder, "parts/p.fozzy.json", GOOD.format("p"))
    text = INCLUDES.replace("a.fozzy.json", "../parts/p.fozzy.json")
    write(folder, "scenarios/i.fozzy.json", text)
    watched = Watched(Test(allow_code=True))
    assert names(after(watched, ("parts/p.fozzy.json", "{"), root=folder).chosen) == ""
    assert names(after(watched, ("parts/p.fozzy.json", GOOD.format("q")), root=folder).chosen) == "i"


def test_what_a_run_writes_is_no_change(folder: Path) -> None:
    """A file that a scenario names and writes does not run it for ever; an edit of the scenario meanwhile does count."""
    watched = Watched(Test(allow_code=True))
    write(folder, "data/rates.csv", "1")
    write(folder, "scenarios/a.fozzy.json", GOOD.format("b"))
    ran(watched, [])
    assert names(watched.affected(watched.changed()).chosen) == "ai"


def test_code_that_may_not_run_is_wrong_and_the_rest_runs(folder: Path) -> None:
    """Permission is asked for as `test` does."""
    watched = Watched(Test())
    assert [each.code for each in watched.problems] == ["code.not_allowed"]
    assert names(watched.chosen) == "ain"
    write(folder, "fozzy.toml", "allow_code = true\n")
    assert watched.changed() & watched.config_files()
    watched.configure()
    watched.look()
    assert names(watched.chosen) == "acin" and watched.problems == []


@pytest.mark.parametrize(
    ("options", "config", "error"),
    [
        ({"paths": ["nowhere"]}, "", InputError),
        ({"paths": ["shop.py"]}, "", InputError),
        ({}, "det = 3\n", ConfigError),
        ({}, 'scenarios = "nowhere/"\n', InputError),
        ({}, 'reporter = ["json"]\n', UsageError),
        ({"reporter": ["junit"]}, "", UsageError),
    ],
)
def test_what_cannot_begin_is_refused(folder: Path, options: dict[str, Any], config: str, error: type) -> None:
    """Words that name nothing, a configuration that is wrong, a report where the screen is."""
    write(folder, "fozzy.toml", config)
    with pytest.raises(error):
        Watched(Test(**options))


def test_filters_are_those_of_test(folder: Path) -> None:
    """What they leave out is not run when it changes."""
    watched = Watched(Test(filter="n.fozzy", allow_code=True))
    assert names(watched.chosen) == "n" and key(watched.chosen[0]).endswith("n.fozzy.json ")
    assert after(watched, ("scenarios/a.fozzy.json", GOOD.format("b")), root=folder).chosen == []
