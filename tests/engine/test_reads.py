"""What a scenario depends on: what it says, what it names, and what its user code read when it ran."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fozzy.engine import reads as module
from fozzy.engine.discover import Chosen, discover
from fozzy.engine.reads import Reads, code_files

PLAIN = {"type": "trace_event", "name": "x"}


def written(root: Path, name: str, *steps: dict[str, Any]) -> Chosen:
    """A scenario of these steps, found."""
    path = root / "scenarios" / f"{name}.fozzy.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"version": 1, "name": name, "steps": list(steps)}), encoding="utf-8")
    found = discover([str(path)], root)
    assert not found.problems
    return found.chosen[0]


def shown(paths: set[str] | frozenset[str], root: Path) -> set[str]:
    """Paths as one reads them."""
    return {str(Path(path).relative_to(root)) for path in paths}


def test_a_scenario_depends_on_what_it_includes(project: Path) -> None:
    """On its own file, on one it includes, and on one that this one includes."""
    written(project, "deep", PLAIN)
    written(project, "inner", {"type": "include", "file": "deep.fozzy.json"})
    chosen = written(project, "outer", {"type": "include", "file": "inner.fozzy.json"})
    found = shown(Reads(project).sources(chosen), project)
    assert found == {f"scenarios/{name}.fozzy.json" for name in ("outer", "inner", "deep")}


def test_a_scenario_depends_on_the_files_it_names(project: Path) -> None:
    """Beside it or in the project, there or not, alone or in a command line; what only looks like one is watched in vain."""
    (project / "server").write_text("")
    steps = [
        {"type": "proc_spawn", "cmd": "./server", "args": ["-c", "python3 users.py --port 80"]},
        {"type": "http_when", "method": "GET", "path": "/users/42", "status": 200},
        {"type": "trace_event", "name": "${seed}.x and nothing else, e.g. this"},
    ]
    chosen = written(project, "names", *steps)
    assert shown(Reads(project).data(chosen), project) == {"server", "users.py", "scenarios/users.py"}


def test_what_code_read_is_known_after_a_run(project: Path) -> None:
    """Before, it may read anything; afterwards it depends on that and nothing else, until a run does not come so far."""
    chosen = written(project, "calls", {"type": "call", "function": "shop:total"})
    reads = Reads(project)
    assert reads.is_open(chosen)
    reads.learn(chosen, [str(project / "shop.py")])
    assert not reads.is_open(chosen)
    assert shown(reads.sources(chosen), project) == {"shop.py", "scenarios/calls.fozzy.json"}
    reads.learn(chosen, None)
    assert reads.is_open(chosen)
    assert not reads.is_open(written(project, "plain", PLAIN))


def test_a_kept_trace_depends_on_code_where_it_may_call(project: Path) -> None:
    """Else on itself alone."""
    trace = Chosen(project / "a.fozzy", "a.fozzy", "a.fozzy", None)
    assert not Reads(project).is_open(trace)
    assert Reads(project, traces_call=True).is_open(trace)
    assert shown(Reads(project).sources(trace), project) == {"a.fozzy"}
    assert Reads(project).data(trace) == frozenset()


def test_the_code_of_a_project_is_its_own(project: Path, monkeypatch: Any) -> None:
    """Installed libraries, hidden folders and caches are somebody else's; there is an end to everything."""
    for name in (
        "a.py",
        "shop/b.py",
        ".git/c.py",
        "shop/__pycache__/d.py",
        "env/e.py",
        "node_modules/f.py",
        "shop/g.txt",
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    (project / "env" / "pyvenv.cfg").write_text("")
    files, folders = code_files(project)
    assert shown(files, project) == {"a.py", "shop/b.py"}
    assert shown(folders, project) == {".", "shop"}
    monkeypatch.setattr(module, "CODE_FILES_MAX", 0)
    assert len(code_files(project)[0]) == 1
