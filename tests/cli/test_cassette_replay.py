"""`fozzy replay` and the other commands that read traces, of a proxy's trace."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.core.exchange import Exchange
from fozzy.core.redact import Redactor
from fozzy.trace.reader import open_trace
from fozzy.trace.writer import Recorder

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests/fixtures/traces/v1.proxy.fozzy"
Fz = Callable[..., Any]


@pytest.fixture
def kept(project: Path) -> str:
    """A proxy's trace."""
    shutil.copyfile(GOLDEN, "p.fozzy")
    shutil.copyfile(GOLDEN.with_suffix(".toml"), "plan.toml")
    return "p.fozzy"


@pytest.fixture
def altered(kept: str) -> str:
    """The same, with another delay of request 3."""
    import msgspec

    with open_trace(Path(kept)) as trace:
        recorder = Recorder(trace.header(), Path("altered.fozzy"), Redactor())
        for record in trace.records():
            if isinstance(record, Exchange) and record.number == 3:
                record = msgspec.structs.replace(record, delay_ns=77)
            recorder([record])
        footer = trace.footer()
    assert footer is not None
    recorder.seal(msgspec.structs.replace(footer, counts=recorder.counts, blocks=recorder.blocks), durable=False)
    recorder.close()
    return "altered.fozzy"


def test_the_same_decisions_are_same(kept: str, fz: Fz) -> None:
    """SAME ends with 0, on the screen, in a line and as a document like that of other replays."""
    ran = fz("replay", kept)
    assert ran.code == 0 and "  SAME  50 requests decided again, as they were\n" in ran.out
    assert fz("replay", kept, "-q").out == "SAME  p.fozzy\n"
    document = fz("replay", kept, "--json").document()
    assert document["replay"] == {"verdict": "SAME", "records": 52}
    assert (document["status"], document["identity"]["seed"], document["steps"]) == ("pass", 7, 50)


def test_a_difference_is_drift(altered: str, fz: Fz) -> None:
    """DRIFT ends with 6 and explains the first request that differs, on both sides."""
    ran = fz("replay", altered)
    assert ran.code == 6
    assert "record #2: request 3 GET /items/1?page=1: its delay\n          recorded   77 ns\n" in ran.out
    assert "hint: what was recorded, record by record:\n        fozzy trace show altered.fozzy" in ran.out
    found = fz("replay", altered, "--json").document()["replay"]
    assert (found["verdict"], found["record"], found["recorded"], found["now"]) == ("DRIFT", 2, "77 ns", "0 ns")


def test_a_changed_trace_is_refused_before_it_is_decided(kept: str, fz: Fz) -> None:
    """A broken seal and another version of decisions are refused by name, with 6."""
    data = Path(kept).read_bytes()
    Path(kept).write_bytes(data.replace(b'"target":"/orders"', b'"target":"/odrers"', 1))
    assert fz("replay", kept).code == 6
    Path("old.fozzy").write_bytes(data)
    _rewritten(Path("old.fozzy"), b'\\"decisions\\": 1', b'\\"decisions\\": 9')
    ran = fz("replay", "old.fozzy")
    assert ran.code == 6 and "chaos.other_decisions" in ran.err and "rules of version 9" in ran.err


def _rewritten(path: Path, old: bytes, new: bytes) -> None:
    """The same trace with another header, sealed like any other."""
    from blake3 import blake3

    data = path.read_bytes()
    assert old in data
    body = data.replace(old, new, 1)[: -len('"') - 64 - len('"}\n')]
    path.write_bytes(body + b'"' + blake3(body).hexdigest().encode() + b'"}\n')


def test_a_replay_can_stop_at_a_request_or_a_time(kept: str, fz: Fz) -> None:
    """`--until` is a request's number or when it arrived, and `--dump-events` prints what was decided up to there."""
    assert "SAME  5 requests" in fz("replay", kept, "--until", "5").out
    lines = fz("replay", kept, "--until", "5", "--dump-events").out.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2, 3, 4, 5]
    few = fz("replay", kept, "--until", "1s").out
    assert "SAME  " in few and "SAME  50" not in few


def test_another_plan_can_decide(kept: str, fz: Fz) -> None:
    """`--scenario` takes a chaos file; a recording whose plan was changed meanwhile says so."""
    ran = fz("replay", kept, "--scenario", "plan.toml")
    assert ran.code == 2 and "chaos.changed_meanwhile" in ran.err
    milder = Path("plan.toml").read_text().replace("drop = 0.1", "drop = 0.9")
    Path("milder.toml").write_text(milder)
    ran = fz("replay", kept, "--scenario", "milder.toml", "--until", "40")
    assert ran.code == 6 and "its roll drop" in ran.out


def test_steps_need_a_terminal(kept: str, fz: Fz) -> None:
    """As of any replay."""
    assert fz("replay", kept, "--step").code == 2


class Typed(io.StringIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


def test_waiting_before_each_request(kept: str, fz: Fz, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--step` names the next request, goes on when it is told to and stops when it is told to."""
    monkeypatch.setattr("sys.stdin", Typed("\n\nq\n"))
    ran = fz("replay", kept, "--step")
    assert ran.code == 0 and "next: #1 GET /items/0?page=0" in ran.err and "next: #3 " in ran.err
    assert "next: #4 " not in ran.err and "SAME  2 requests" in ran.out


def test_decisions_can_be_listed(kept: str, shop: Any, fz: Fz) -> None:
    """The log is canonical and sorted, one line for each decided request; a run of a scenario has none."""
    ran = fz("trace", "show", kept, "--decisions")
    lines = ran.out.splitlines()
    assert ran.code == 0 and len(lines) == 50
    keys = [(json.loads(line)["key"], json.loads(line)["occurrence"]) for line in lines]
    assert keys == sorted(keys)
    assert fz("trace", "show", kept, "--decisions").out == ran.out
    assert fz("trace", "show", kept, "--decisions", "--json").code == 2
    fz("run", shop.passing, "--record", "ok.fozzy")
    assert fz("trace", "show", "ok.fozzy", "--decisions").code == 2


def test_what_reads_traces_reads_a_proxys(kept: str, altered: str, fz: Fz) -> None:
    """Show, verify, diff, ci, report, artifacts and bundle answer."""
    shown = fz("trace", "show", kept, "--to", "8").out
    assert "#2 POST /orders 503  status" in shown and "#9 GET /items/0?page=0 500  drop" in shown
    assert fz("trace", "show", kept, "--json").document()["records"][1]["applied"] == "status"
    assert fz("trace", "verify", kept).code == 0
    differs = fz("trace", "diff", kept, altered)
    assert differs.code == 1 and "they part at record #2" in differs.out and "delay_ns" in differs.out
    assert fz("trace", "diff", kept, kept).code == 0
    assert "SAME, 50 requests" in fz("ci", kept).out
    assert "50 requests  27 with a fault" in fz("report", "show", kept).out
    assert fz("report", "show", kept, "-q").out.startswith("  PASS  proxy  seed 7")
    assert fz("artifacts", "ls", kept).code == 0
    assert "replay  SAME" in fz("artifacts", "bundle", kept).out


@pytest.mark.parametrize("words", [("test",), ("memory", "top"), ("profile", "top"), ("shrink",)])
def test_what_needs_a_scenario_says_so(words: tuple[str, ...], kept: str, fz: Fz) -> None:
    """A proxy's trace holds no scenario, and a command about scenarios refuses it with what to do instead."""
    ran = fz(*words, kept)
    assert ran.code == 2
    assert "recorded by a proxy" in ran.out + ran.err or "holds no failure" in ran.err
