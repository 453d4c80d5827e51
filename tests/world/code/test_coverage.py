"""Coverage of the user's files: the same features in every process and on every run, on every Python there is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import pytest

from fozzy.world.code import coverage
from fozzy.world.code.coverage import PLACE_BITS, Monitored, Traced, UserFiles, coverage_of

SOURCE = Path(coverage.__file__)
MODULE = """
def f(x):
    if x > 3:
        y = 1
    else:
        y = 2
    for i in range(x):
        y += i
    if x > 10 and y:
        raise ValueError
    return helper(y)

def helper(y):
    return y
"""
# Runs with the standard library alone: an interpreter that is found need not have what fozzy needs.
SCRIPT = """
import importlib.util, json, sys
source, folders, whole, calls, order = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3] == "1", *map(json.loads, sys.argv[4:])
spec = importlib.util.spec_from_file_location("under_test", source)
module = sys.modules["under_test"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
sys.path[:0] = folders
made = {name: __import__(name) for name in order}
watch = module.coverage_of(folders, whole=whole)
told = []
for name, value in calls:
    watch.begin()
    try:
        made[name].f(value)
    except ValueError:
        pass
    finally:
        watch.end()
    told.append(sorted(watch.features))
print(json.dumps([type(watch).__name__, told]))
"""


@cache
def interpreters() -> list[str]:
    """This Python, and one of every other version from 3.11 on that is found here."""
    places = os.environ.get("PATH", "").split(os.pathsep)
    places += [str(each / "bin") for each in sorted((Path.home() / ".pyenv" / "versions").glob("*"))]
    found = {".".join(map(str, sys.version_info[:2])): sys.executable}
    for minor in range(11, 20):
        paths = [path for place in places if (path := shutil.which(f"python3.{minor}", path=place))]
        path = next(filter(_works, paths), None) if f"3.{minor}" not in found else None
        if path is not None:
            found[f"3.{minor}"] = path
    return list(found.values())


def _works(path: str) -> bool:
    """A shim of pyenv stands there for versions that are not chosen."""
    return subprocess.run([path, "-S", "-c", ""], capture_output=True, check=False).returncode == 0


def run(
    python: str,
    folders: list[Path],
    calls: list[tuple[str, int]],
    *,
    whole: bool = False,
    order: str = "a",
    seed: str = "0",
) -> tuple[str, list[set[int]]]:
    """The features of some calls, in a process of such a Python."""
    words = [str(SOURCE), json.dumps([str(each) for each in folders]), "1" if whole else "0", json.dumps(calls)]
    command = [python, "-B", "-c", SCRIPT, *words, json.dumps(order.split())]
    env = {"PYTHONHASHSEED": seed, "PATH": os.environ.get("PATH", "")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    name, told = json.loads(done.stdout)
    return name, [set(each) for each in told]


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A folder of the user's with the same module twice."""
    (tmp_path / "a.py").write_text(MODULE)
    (tmp_path / "b.py").write_text(MODULE)
    return tmp_path


def pythons(test: Callable[..., None]) -> Callable[..., None]:
    """Once for each Python there is."""
    marked: Callable[..., None] = pytest.mark.parametrize("python", interpreters(), ids=lambda each: each)(test)
    return marked


@pythons
def test_features_are_the_same_everywhere(python: str, user: Path) -> None:
    """Neither the process, the hash seed, nor the order of imports and of folders changes a feature."""
    calls = [("a", 1), ("a", 5), ("a", 20), ("b", 1)]
    other = user / "other"
    other.mkdir()
    name, first = run(python, [user, other], calls, order="a b")
    assert name == ("Traced" if python == sys.executable and sys.version_info < (3, 12) else "Monitored")
    assert (name, first) == run(python, [other, user], calls, order="b a", seed="77")
    assert (name, first) == run(python, [user, other], calls, order="a b", seed="1")
    assert all(first)


@pythons
def test_a_moved_project_has_the_same_features(
    python: str, user: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Files are known by their path below the user's folder, wherever that is."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "a.py").write_text(MODULE)
    assert run(python, [user], [("a", 5)]) == run(python, [elsewhere], [("a", 5)])


@pythons
@pytest.mark.parametrize("whole", [True, False])
def test_both_ways_of_a_branch_are_seen(python: str, whole: bool, user: Path) -> None:
    """Each way has a feature the other has not, whichever comes first; an exception is another way out."""
    for first, second in ((1, 5), (5, 1), (5, 20)):
        _, (one, other) = run(python, [user], [("a", first), ("a", second)], whole=whole)
        assert one and other - one
        if whole:
            assert one - other


@pythons
def test_a_whole_execution_has_all_its_features_each_time(python: str, user: Path) -> None:
    """Two executions that did the same have the same features, whatever ran between them."""
    _, told = run(python, [user], [("a", 1), ("a", 5), ("a", 20), ("a", 5), ("a", 1)], whole=True)
    assert told[0] == told[4] and told[1] == told[3] and told[0] != told[1]


@pythons
def test_what_is_new_is_told_once_at_least(python: str, user: Path) -> None:
    """Together the executions of a process have the features of their whole ones, however much each repeats."""
    calls = [("a", value) for value in (1, 5, 1, 20, 0, 5)]
    _, told = run(python, [user], calls)
    _, whole = run(python, [user], calls, whole=True)
    assert set().union(*told) == set().union(*whole)
    for index, each in enumerate(whole):
        assert each <= set().union(*told[: index + 1])


@pythons
def test_equal_text_in_two_files_is_two_places(python: str, user: Path) -> None:
    """Code of the same text in two files has no feature in common; one outside the user's folders has none at all."""
    _, (one, other) = run(python, [user], [("a", 5), ("b", 5)], order="a b")
    assert one and other and not one & other
    inside = user / "inside"
    inside.mkdir()
    (inside / "c.py").write_text(MODULE)
    code = SCRIPT.replace("coverage_of(folders,", "coverage_of(folders[1:],")
    words = [str(SOURCE), json.dumps([str(user), str(inside)]), "0", '[["a",5],["c",5]]', '["a","c"]']
    said = subprocess.run([python, "-B", "-c", code, *words], capture_output=True, text=True, check=True).stdout
    assert [bool(each) for each in json.loads(said)[1]] == [False, True]


def test_whose_a_file_is(tmp_path: Path) -> None:
    """Files below the folders are the user's; the library, installed packages, fozzy and texts that were run are not."""
    files = UserFiles([str(tmp_path), os.path.dirname(os.__file__)])
    assert files.relative(str(tmp_path / "a" / "b.py")) == "a/b.py" and files.holds(str(tmp_path / "x.py"))
    for other in (os.__file__, coverage.__file__, "<string>", "<frozen os>", str(tmp_path) + "2/x.py", "/x.py"):
        assert not files.holds(other)
    assert not files.holds(str(tmp_path / "lib" / "site-packages" / "p.py"))


def test_texts_that_are_run_are_not_kept(tmp_path: Path) -> None:
    """Functions made of texts may come without end; nothing is remembered of them."""
    files = UserFiles([str(tmp_path)])
    for _ in range(3):
        assert files.base(compile("pass", "<string>", "exec")) == 0
    assert files._bases == {}
    code = compile("pass", str(tmp_path / "m.py"), "exec")
    assert files.base(code) == files.base(code) > 0 and len(files._bases) == 1


def test_tracing_survives_what_user_code_does_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sys.settrace` may be replaced or used between; the next execution is watched as the first."""
    (tmp_path / "m.py").write_text(MODULE)
    namespace: dict[str, Any] = {}
    exec(compile(MODULE, str(tmp_path / "m.py"), "exec"), namespace)
    traced, before, true = Traced(UserFiles([str(tmp_path)])), sys.gettrace(), sys.settrace
    try:
        traced.begin()
        namespace["f"](5)
        traced.end()
        first = traced.features
        monkeypatch.setattr(sys, "settrace", None)
        traced.begin()
        namespace["f"](5)
        true(lambda *_: 1 / 0)  # type: ignore[arg-type, return-value]
        traced.end()
        assert traced.features == first != set() and sys.gettrace() is None
    finally:
        true(before)


class Fake:
    """`sys.monitoring` as far as it is used: events are handed over by `fire`, unless they were disabled."""

    DISABLE = object()

    def __init__(self, *names: str) -> None:
        self.events = SimpleNamespace(**{name: 1 << index for index, name in enumerate(names)})
        self.tools: dict[int, str] = {}
        self.callbacks: dict[tuple[int, int], Any] = {}
        self.on = 0
        self.local: dict[CodeType, int] = {}
        self.disabled: set[Any] = set()

    def get_tool(self, tool: int) -> str | None:
        return self.tools.get(tool)

    def use_tool_id(self, tool: int, name: str) -> None:
        assert tool not in self.tools
        self.tools[tool] = name

    def register_callback(self, tool: int, event: int, callback: Any) -> None:
        self.callbacks[tool, event] = callback

    def set_events(self, tool: int, events: int) -> None:
        assert tool in self.tools
        self.on = events

    def set_local_events(self, tool: int, code: CodeType, events: int) -> None:
        assert tool in self.tools
        self.local[code] = events

    def restart_events(self) -> None:
        self.disabled.clear()

    def fire(self, name: str, code: CodeType, *what: int) -> None:
        event = getattr(self.events, name)
        place = (name, code, what[:1])
        if (self.on | self.local.get(code, 0)) & event and place not in self.disabled:
            tool = max(tool for tool, known in self.callbacks if known == event)
            if self.callbacks[tool, event](code, *what) is self.DISABLE:
                self.disabled.add(place)


BRANCHES = [("PY_START", "LINE", "BRANCH"), ("PY_START", "LINE", "BRANCH", "BRANCH_LEFT", "BRANCH_RIGHT")]


@pytest.fixture(params=BRANCHES, ids=["3.12", "3.14"])
def fake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """The monitoring of a newer Python, whatever this one is."""
    made = Fake(*request.param)
    monkeypatch.setattr(coverage, "_monitoring", made)
    return made


def features(watch: Any, fake: Fake, code: CodeType, *events: tuple[Any, ...]) -> list[int]:
    """What an execution that fires these events tells, as places within its function."""
    watch.begin()
    fake.fire("PY_START", code, 0)
    for name, *what in events:
        if name == "BRANCH" and hasattr(fake.events, "BRANCH_LEFT"):
            name = "BRANCH_LEFT" if what[1] < 50 else "BRANCH_RIGHT"
        fake.fire(name, code, *what)
    watch.end()
    return sorted(each & (1 << 2 * PLACE_BITS) - 1 for each in watch.features)


def test_monitoring_tells_a_line_once_and_a_branch_until_both_ways_were_seen(fake: Fake, tmp_path: Path) -> None:
    """What was told before costs nothing any more; a branch goes on until its other way was taken."""
    code = compile("pass", str(tmp_path / "m.py"), "exec")
    watch = coverage_of([str(tmp_path)])
    assert isinstance(watch, Monitored)
    left, right = 8 << PLACE_BITS | 10, 8 << PLACE_BITS | 99
    assert features(watch, fake, code, ("LINE", 1), ("BRANCH", 8, 10)) == [1, left]
    assert features(watch, fake, code, ("LINE", 1), ("BRANCH", 8, 10), ("LINE", 2)) == [2, left]
    assert features(watch, fake, code, ("BRANCH", 8, 99), ("LINE", 2)) == [right]
    assert right not in features(watch, fake, code, ("LINE", 1), ("BRANCH", 8, 99))
    assert 3 not in watch.features
    fake.fire("LINE", code, 3)
    assert features(watch, fake, code, ("LINE", 3)) == [3]


def test_monitoring_tells_whole_executions(fake: Fake, tmp_path: Path) -> None:
    """Each has all it did, whichever way an execution before it took first."""
    code = compile("pass", str(tmp_path / "m.py"), "exec")
    watch = coverage_of([str(tmp_path)], whole=True)
    one = [("LINE", 1), ("BRANCH", 8, 10)]
    both = [("LINE", 1), ("BRANCH", 8, 99), ("BRANCH", 8, 10)]
    first = features(watch, fake, code, *one)
    second = features(watch, fake, code, *both)
    assert features(watch, fake, code, *one) == first and len(first) == 2
    assert features(watch, fake, code, *both) == second and set(first) < set(second)


def test_monitoring_sees_only_the_users_functions(fake: Fake, tmp_path: Path) -> None:
    """Other functions have no events of their own, and are asked about once."""
    watch = coverage_of([str(tmp_path)])
    assert features(watch, fake, compile("pass", os.__file__, "exec"), ("LINE", 1)) == [] and fake.local == {}


def test_monitoring_takes_a_number_nobody_has_and_takes_it_again(fake: Fake, tmp_path: Path) -> None:
    """A debugger or coverage.py keeps its own number; when user code frees ours, the next execution is watched again."""
    fake.tools.update({3: "other", 4: "another"})
    code = compile("pass", str(tmp_path / "m.py"), "exec")
    watch = coverage_of([str(tmp_path)])
    assert fake.tools == {3: "other", 4: "another", 1: "fozzy"}
    del fake.tools[1]
    watch.end()
    assert features(watch, fake, code, ("LINE", 1)) == [1] and fake.tools[1] == "fozzy"
