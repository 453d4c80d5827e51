"""Evidence: what real recorded runs touched, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.insight.map.topology import Topology

ORDERS = """\
LIMIT = 3


def total(items, price=1):
    def each(item):
        return item
    return sum(map(each, items)) * price


def refund(payment):
    if payment < 0:
        raise ValueError("negative")
    return payment


def one_line(price): return price
"""
CALL = {"type": "call", "function": "shop.orders:total", "args": [[]]}

Fz = Callable[..., Any]
Spot = Callable[[Topology, str], Any]


@pytest.fixture
def shop(tree: Callable[..., Path]) -> Path:
    """A small shop whose files are older than any run."""
    root = tree({"shop/orders.py": ORDERS, "shop/limits.py": "MAX = 10\nretry = MAX\n"})
    aged(root)
    return root


def aged(root: Path) -> None:
    """Give every file of code an old time."""
    for path in root.rglob("*.*"):
        if path.is_file() and path.suffix in (".py", ".js", ".sh"):
            os.utime(path, (1_700_000_000, 1_700_000_000))


def states(found: Topology) -> dict[str, str]:
    """The state of every hotspot, by its name, or its path when it has none."""
    return {each.name or each.path: each.state for each in found.hotspots}


def test_a_call_covers_its_function_alone(shop: Path, fz: Fz, scenario: Any, mapped: Any, spot: Spot) -> None:
    """The function that returned is covered, with run and trace; the rest of its module was only imported."""
    assert fz("run", scenario("scenarios/a", [CALL]), "--allow-code").code == 0
    found = mapped(min_risk=0)
    assert states(found) == {
        "total": "covered",
        "total.each": "imported",
        "refund": "imported",
        "one_line": "imported",
        "shop/limits.py": "none",
    }
    best = spot(found, "total").evidence[0]
    assert (best.kind, best.scenario, best.said) == ("call", "scenarios/a.fozzy.json", "call shop.orders:total")
    assert Path(best.trace_path).is_file() and best.run_id in best.trace_path and not best.stale
    assert found.runs.traces == 1


def test_a_function_that_raises_was_run_too(shop: Path, fz: Fz, scenario: Any, mapped: Any) -> None:
    """A failing run is evidence as good as a passing one."""
    step = {"type": "call", "function": "shop.orders:refund", "args": [-1]}
    assert fz("run", scenario("a", [step]), "--allow-code").code == 1
    assert states(mapped(min_risk=0))["refund"] == "covered"


@pytest.mark.parametrize("function", ["shop.orders:nothing", "shop.gone:total", "shop.broken:f"])
def test_a_call_that_never_came_to_it(function: str, shop: Path, fz: Fz, scenario: Any, mapped: Any, tree: Any) -> None:
    """A name that does not exist and a module that cannot be imported cover nothing."""
    aged(tree({"shop/broken.py": "import nothing_like_it\ndef f(price):\n    pass\n"}))
    assert fz("run", scenario("a", [{**CALL, "function": function}]), "--allow-code").code == 1
    assert "covered" not in states(mapped(min_risk=0)).values()


def test_an_event_of_the_users_own_is_no_call(shop: Path, fz: Fz, scenario: Any, mapped: Any) -> None:
    """A scenario may say "call" and cover nothing by it."""
    fields = {"function": "shop.orders:total", "result": 1}
    assert fz("run", scenario("a", [{"type": "trace_event", "name": "call", "fields": fields}])).code == 0
    found = mapped(min_risk=0)
    assert found.runs.traces == 1 and set(states(found).values()) == {"none"}


def test_a_scenario_that_only_names_it(shop: Path, scenario: Any, mapped: Any, spot: Spot) -> None:
    """A scenario that never ran covers nothing, whatever it names."""
    scenario("scenarios/a", [{**CALL, "function": "shop.orders:refund"}])
    found = mapped(min_risk=0)
    assert states(found)["refund"] == "name_only" and found.totals.covered == 0
    assert spot(found, "refund").mentions == ["scenarios/a.fozzy.json"]
    assert found.lacking()


def test_evidence_older_than_the_file_is_stale(shop: Path, fz: Fz, scenario: Any, mapped: Any) -> None:
    """A file that changed after the run is no longer covered by it."""
    fz("run", scenario("s/a", [CALL]), "--allow-code")
    os.utime(shop / "shop/orders.py", (4_000_000_000, 4_000_000_000))
    found = mapped(min_risk=0)
    assert states(found)["total"] == "stale" and not any(each.is_evident for each in found.hotspots)


def test_evidence_and_commits(shop: Path, fz: Fz, scenario: Any, mapped: Any, git: Any) -> None:
    """In git a file that is as committed changed when it was committed, however new its own time is."""
    fz("run", scenario("s/a", [CALL]), "--allow-code")
    git("init", "-q")
    git("add", "shop")
    git("commit", "-qm", "x", when=1_700_000_000)
    os.utime(shop / "shop/orders.py", (4_000_000_000, 4_000_000_000))
    assert states(mapped(min_risk=0))["total"] == "covered"
    git("commit", "-qm", "y", "--amend", when=3_000_000_000)
    os.utime(shop / "shop/orders.py", (4_000_000_000, 4_000_000_000))
    assert states(mapped(min_risk=0))["total"] == "stale"


def coverage(root: Path, lines: list[int], digest: str | None = None) -> Path:
    """Write the coverage file beside the only trace of the store."""
    (trace,) = (root / ".fozzy/runs").glob("*/trace.fozzy")
    seal = json.loads(trace.read_bytes().splitlines()[-1])["seal"] if digest is None else digest
    body = {"schemaVersion": 1, "traceDigest": seal, "files": {"shop/orders.py": lines, "shop/gone.py": [1]}}
    path = trace.with_name("trace.coverage.json")
    path.write_text(json.dumps(body))
    return path


def test_lines_cover_whose_body_they_are(shop: Path, fz: Fz, scenario: Any, mapped: Any, spot: Spot) -> None:
    """Lines of a definition run with an import and cover nothing; a nested function's lines are its own."""
    fz("run", scenario("a", [{"type": "trace_event", "name": "x"}]))
    coverage(shop, [1, 4, 5, 7, 10, 16])
    found = mapped(min_risk=0)
    assert states(found) == {
        "total": "covered",
        "total.each": "imported",
        "refund": "imported",
        "one_line": "imported",
        "shop/limits.py": "none",
    }
    assert spot(found, "total").evidence[0].said == "2 lines ran" and found.runs.coverage_files == 1


def test_what_coverage_writes_is_what_a_map_reads(
    project: Path, fz: Fz, scenario: Any, mapped: Any, spot: Spot
) -> None:
    """The lines of a call that was run with --coverage cover its function, of a run and of a passing member alike."""
    Path("orders.py").write_text("def total(prices):\n    found = 0\n    return found + sum(prices)\n")
    call = {"type": "call", "function": "orders:total", "args": [[1, 2]], "expect": 3}
    path = scenario("scenarios/a", [call])
    for words in (("run", path), ("test", "scenarios", "-j1")):
        said = fz(*words, "--det", "--allow-code", "--coverage")
        assert said.code == 0, said.said
        found = mapped(min_risk=0)
        assert found.degraded.counts == {} and found.runs.coverage_files >= 1
        assert any(each.kind == "lines" for each in spot(found, "total").evidence)
    assert found.runs.coverage_files == 2


@pytest.mark.parametrize(
    "content", ["{", '{"schemaVersion": 2, "traceDigest": "", "files": {}}', "[" * 100_000, '{"files": 3}', "\ud800"]
)
def test_a_coverage_file_that_makes_no_sense(content: str, shop: Path, fz: Fz, scenario: Any, mapped: Any) -> None:
    """It is in doubt and covers nothing."""
    fz("run", scenario("a", [{"type": "trace_event", "name": "x"}]))
    path = coverage(shop, [5])
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    found = mapped(min_risk=0)
    assert found.degraded.counts == {"unreadable_coverage": 1} and found.totals.covered == 0


def test_a_coverage_file_of_another_trace(shop: Path, fz: Fz, scenario: Any, mapped: Any) -> None:
    """A coverage file counts for the trace it was made with and for no other."""
    fz("run", scenario("a", [{"type": "trace_event", "name": "x"}]))
    coverage(shop, [5, 7], digest="0" * 64)
    found = mapped(min_risk=0)
    assert found.degraded.counts == {"unreadable_coverage": 1} and found.totals.covered == 0


def test_a_run_that_kept_no_trace(shop: Path, fz: Fz, scenario: Any, mapped: Any, spot: Spot) -> None:
    """A passing member of a suite keeps its lines without a trace; the store knows when it ran."""
    scenario("scenarios/a", [{"type": "trace_event", "name": "x"}])
    assert fz("test", "scenarios", "-j1").code == 0
    (folder,) = (each for each in (shop / ".fozzy/runs").iterdir() if each.is_dir())
    body = {"schemaVersion": 1, "traceDigest": "", "scenario": "scenarios/a.fozzy.json", "case": "", "files": {}}
    (folder / "1.coverage.json").write_text(json.dumps({**body, "files": {"shop/orders.py": [7]}}))
    found = mapped(min_risk=0)
    best = spot(found, "total").evidence[0]
    assert (best.run_id, best.scenario, best.stale) == (folder.name, "scenarios/a.fozzy.json", False)
    (folder / "1.coverage.json").write_text(json.dumps({**body, "traceDigest": "0" * 64}))
    assert mapped().degraded.counts == {"unreadable_coverage": 1}


def test_a_trace_that_was_altered_is_no_evidence(shop: Path, fz: Fz, scenario: Any, mapped: Any) -> None:
    """A broken seal is in doubt, and what the trace says counts for nothing."""
    fz("run", scenario("a", [CALL]), "--allow-code")
    (trace,) = (shop / ".fozzy/runs").glob("*/trace.fozzy")
    trace.write_bytes(trace.read_bytes().replace(b"orders:total", b"orders:refnd"))
    found = mapped(min_risk=0)
    assert found.degraded.counts == {"unreadable_trace": 1} and found.runs.traces == 0
    assert set(states(found).values()) == {"none"}


@pytest.mark.parametrize("content", [b"", b"nothing", b"\0" * 100, None])
def test_what_is_no_trace_is_in_doubt(content: bytes | None, shop: Path, mapped: Any) -> None:
    """A file or folder with a trace's name that is none; kept traces beside scenarios are looked at too."""
    path = shop / "scenarios/t.fozzy"
    path.parent.mkdir()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    assert mapped().degraded.counts == {"unreadable_trace": 1}


def test_the_same_trace_twice_is_one(shop: Path, fz: Fz, scenario: Any, mapped: Any, spot: Spot) -> None:
    """A trace kept beside scenarios and in the store is one piece of evidence."""
    fz("run", scenario("scenarios/a", [CALL]), "--allow-code", "--record", "scenarios/t.fozzy")
    assert spot(mapped(min_risk=0), "total").evidence_count == 1


WORKER = "import sys\ndef main():\n    price = 1\n    sys.exit(0)\nmain()\n"


@pytest.mark.parametrize(
    ("cmd", "args", "state"),
    [
        (sys.executable, ["worker.py"], "touched"),
        (sys.executable, ["-X", "dev", "./worker.py", "x"], "touched"),
        (sys.executable, ["-m", "worker"], "touched"),
        ("env", ["A=1", sys.executable, "worker.py"], "touched"),
        (sys.executable, ["-c", "import sys", "worker.py"], "none"),
        ("cat", ["worker.py"], "none"),
        ("no-such-program", ["worker.py"], "none"),
    ],
)
def test_a_program_that_was_started(
    cmd: str, args: list[str], state: str, tree: Any, fz: Fz, scenario: Any, mapped: Any
) -> None:
    """A file that a real process ran is touched; one it was only told of, or that never started, is not."""
    aged(tree({"worker.py": WORKER}))
    fz("run", scenario("s/a", [{"type": "proc_spawn", "cmd": cmd, "args": args}]), "--proc", "host")
    found = mapped(min_risk=0)
    assert found.runs.traces == 1 and states(found) == {"main": state}


def test_a_file_without_functions_is_covered_when_it_is_run(tree: Any, fz: Fz, scenario: Any, mapped: Any) -> None:
    """A script that was started ran itself."""
    aged(tree({"job.sh": "echo retry\n"}))
    fz("run", scenario("s/a", [{"type": "proc_spawn", "cmd": "sh", "args": ["job.sh"]}]), "--proc", "host")
    assert states(mapped(min_risk=0)) == {"job.sh": "covered"}


def test_a_scripted_process_touches_nothing(tree: Any, fz: Fz, scenario: Any, mapped: Any) -> None:
    """An answer from a script is no program."""
    aged(tree({"worker.py": WORKER}))
    steps = [
        {"type": "proc_when", "cmd": "python", "exit_code": 0},
        {"type": "proc_spawn", "cmd": "python", "args": ["worker.py"]},
    ]
    assert fz("run", scenario("s/a", steps)).code == 0
    assert states(mapped(min_risk=0)) == {"main": "none"}


SERVER = """\
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/orders/7":
            self.send_response(200)
        else:
            self.send_response(404)
        self.end_headers()
    def log_message(self, *args):
        return None
def other(path):
    return path == "/elsewhere"
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_a_url_that_was_requested(tree: Any, fz: Fz, scenario: Any, mapped: Any, spot: Spot) -> None:
    """The handler whose path was asked for over a real connection is touched by its URL; others are not."""
    aged(tree({"server.py": SERVER, "elsewhere/b.py": "def g(path):\n    return path == '/nowhere'\n"}))
    steps = [
        {"type": "free_port", "key": "port"},
        {
            "type": "proc_start",
            "name": "web",
            "cmd": sys.executable,
            "args": ["server.py", "${port}"],
            "ready": {"tcp": "127.0.0.1:${port}"},
        },
        {"type": "http_request", "method": "GET", "path": "http://127.0.0.1:${port}/orders/7", "expect_status": 200},
    ]
    ran = fz("run", scenario("s/a", steps), "--proc", "host", "--http", "host")
    assert ran.code == 0, ran.said
    found = mapped(min_risk=0)
    assert [(each.kind, each.said) for each in spot(found, "Handler.do_GET").evidence if each.kind == "url"] == [
        ("url", "GET ANY /orders/7")
    ]
    assert [each.kind for each in spot(found, "other").evidence] == ["process"]
    assert states(found)["g"] == "none"


def test_a_run_removed_while_we_look(shop: Path, fz: Fz, scenario: Any, mapped: Any, monkeypatch: Any) -> None:
    """A run that retention removed meanwhile is no doubt."""
    fz("run", scenario("a", [CALL]), "--allow-code")
    from fozzy.insight.map import evidence

    true = evidence.read_trace

    def removed(path: Path, shown: str) -> Any:
        shutil.rmtree(path.parent)
        return true(path, shown)

    monkeypatch.setattr(evidence, "read_trace", removed)
    found = mapped(min_risk=0)
    assert not found.is_degraded and found.runs.traces == 0


def test_a_map_of_another_folder_than_the_project(shop: Path, fz: Fz, scenario: Any, mapped: Any) -> None:
    """Paths in traces are those of the project, wherever the tree begins."""
    fz("run", scenario("a", [CALL]), "--allow-code")
    assert states(mapped(min_risk=0, root=Path("shop")))["total"] == "covered"
    assert states(mapped(min_risk=0, root=shop / "shop"))["total"] == "covered"
