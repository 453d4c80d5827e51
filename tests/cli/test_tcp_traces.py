"""The commands that read traces, of a trace of TCP."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.core.redact import Redactor
from fozzy.core.wires import Connected, Spoken
from fozzy.trace.reader import open_trace
from fozzy.trace.writer import Recorder
from tests.chaos.tcp.driven import Driven, plan, recorded

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests/fixtures/traces/v1.tcp.fozzy"
Fz = Callable[..., Any]


@pytest.fixture
def kept(project: Path) -> str:
    """A trace of TCP."""
    shutil.copyfile(GOLDEN, "t.fozzy")
    return "t.fozzy"


def rewritten(path: str, change: Callable[[Any], Any]) -> str:
    """The same trace with its records changed, sealed like any other."""
    with open_trace(Path(path)) as trace:
        recorder = Recorder(trace.header(), Path("other.fozzy"), Redactor())
        recorder([change(record) for record in trace.records()])
        footer = trace.footer()
    assert footer is not None
    recorder.seal(msgspec.structs.replace(footer, counts=recorder.counts, blocks=recorder.blocks), durable=False)
    recorder.close()
    return "other.fozzy"


def _unstruck(record: Any) -> Any:
    is_first = isinstance(record, Spoken) and record.number == 4
    return msgspec.structs.replace(record, struck=[]) if is_first else record


def _later(record: Any) -> Any:
    if isinstance(record, Connected):
        return msgspec.structs.replace(record, t=record.t + 1, client="127.0.0.1:9")
    return msgspec.structs.replace(record, t=record.t + 1)


def test_the_same_decisions_are_same(kept: str, fz: Fz) -> None:
    """SAME ends with 0, on the screen, in a line and as a document like that of other replays."""
    ran = fz("replay", kept)
    assert ran.code == 0 and "  SAME  12 connections and 129 messages decided again, as they were\n" in ran.out
    assert fz("replay", kept, "-q").out == "SAME  t.fozzy\n"
    document = fz("replay", kept, "--json").document()
    assert document["replay"] == {"verdict": "SAME", "records": 142}
    assert (document["status"], document["identity"]["seed"], document["steps"]) == ("pass", 7, 141)


def test_a_difference_is_drift(kept: str, fz: Fz) -> None:
    """DRIFT ends with 6 and says which message of which connection differs, on both sides."""
    ran = fz("replay", rewritten(kept, _unstruck))
    assert ran.code == 6
    assert "upstream request 1 INCR orders on connection 1 of redis: what strikes it" in ran.out
    assert "recorded   none" in ran.out and "now        half (latency)" in ran.out
    assert "fozzy trace show other.fozzy" in ran.out


def test_a_replay_can_stop_at_a_number_or_a_time(kept: str, fz: Fz) -> None:
    """`--until` is the number of a connection or message, or when it came; `--dump-events` prints what was decided."""
    assert "SAME  3 connections and 2 messages" in fz("replay", kept, "--until", "5").out
    lines = fz("replay", kept, "--until", "5", "--dump-events").out.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2, 3, 4, 5]
    few = fz("replay", kept, "--until", "50ms").out
    assert "SAME  3 connections" in few


class Typed(io.StringIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_waiting_before_each(kept: str, fz: Fz, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--step` names what is decided next, and stops when it is told to."""
    monkeypatch.setattr("sys.stdin", Typed("\n\n\nq\n"))
    ran = fz("replay", kept, "--step")
    assert ran.code == 0 and "next: #1 connection 1  127.0.0.1:5" in ran.err
    assert "next: #4 connection 1  upstream request 1  INCR orders" in ran.err and "next: #5 " not in ran.err


def test_another_plan_can_decide(project: Path, fz: Fz) -> None:
    """`--scenario` takes a chaos file of TCP."""
    recorded(Path("t.fozzy"), plan(), lambda driven: driven.ask(driven.connect(), b"a", b"b"))
    Path("same.toml").write_text('[[proxies]]\nname = "kv"\nupstream = "127.0.0.1:1"\n')
    assert fz("replay", "t.fozzy", "--scenario", "same.toml").code == 0
    toxic = '[[proxies.toxics]]\ntype = "latency"\nattributes = { latency = 5 }\n'
    Path("other.toml").write_text(Path("same.toml").read_text() + toxic)
    ran = fz("replay", "t.fozzy", "--scenario", "other.toml")
    assert ran.code == 6 and "latency_downstream" in ran.out
    Path("renamed.toml").write_text(Path("same.toml").read_text().replace("kv", "db"))
    assert "its proxy" in fz("replay", "t.fozzy", "--scenario", "renamed.toml").out


def test_a_killed_recording_is_told_and_recovered(project: Path, fz: Fz) -> None:
    """What is left of a proxy that was killed is shown, sealed as incomplete, and decided as far as it goes."""
    driven = Driven(plan())
    recorder = driven.recorder(Path("t.fozzy"))
    driven.ask(driven.connect(), b"a", b"b")
    driven.close_all()
    driven.ask(driven.connect(), b"a", b"b")
    recorder.flush()
    assert fz("trace", "recover", "t.fozzy").code == 0
    recorder.drop()
    ran = fz("replay", "t.fozzy")
    assert ran.code == 6 and "INCOMPLETE" in ran.out
    assert fz("replay", "t.fozzy", "--unsafe").code == 0
    assert fz("trace", "verify", "t.fozzy").code == 0


def test_a_trace_is_shown(kept: str, fz: Fz) -> None:
    """A line for each connection and message; -v has draws below them; the log is canonical and sorted."""
    shown = [fz("trace", "show", kept, *words).out for words in ((), ("-v",), ("-vv",))]
    assert "conn     #1 connection 1" in shown[0] and "message  #4 connection 1  upstream request 1" in shown[0]
    assert [" of at least " in each for each in shown] == [False, True, True]
    assert ["of its stream" in each for each in shown] == [False, False, True]
    lines = fz("trace", "show", kept, "--decisions").out.splitlines()
    assert len(lines) == 141
    keys = [(each["at"], each["connection"], each.get("stream", "")) for each in map(json.loads, lines)]
    assert keys == sorted(keys)
    document = fz("trace", "show", kept, "--json").document()
    assert {each["kind"] for each in document["records"]} == {"connection", "message", "event"}


def test_times_and_clients_are_no_difference(kept: str, fz: Fz) -> None:
    """Two recordings that differ in nothing but when and from which port are the same but for times."""
    ran = fz("trace", "diff", kept, rewritten(kept, _later))
    assert "the 142 records are the same but for times" in ran.out
    ran = fz("trace", "diff", kept, rewritten(kept, _unstruck))
    assert (
        ran.code == 1
        and "they part at record #0" in ran.out
        and "what differs in #0" in ran.out
        and "struck" in ran.out
    )


def test_a_report_says_what_went_through(kept: str, fz: Fz) -> None:
    """Counts, the first lines, and commands that work; a page names the replay, and no scenario."""
    ran = fz("report", "show", kept)
    assert ran.code == 0 and "12 connections" in ran.out and "129 messages" in ran.out and " struck" in ran.out
    assert "fozzy replay t.fozzy   decides every connection and message again" in ran.out
    assert "--replay" not in ran.out
    for form in ("html", "junit", "github"):
        told = fz("report", "show", kept, "--format", form)
        assert told.code == 0 and "fozzy run" not in told.out


def test_others_say_what_they_need(kept: str, fz: Fz) -> None:
    """A trace of TCP has no answers to serve and no steps; a gate and a bundle decide it again."""
    ran = fz("proxy", "http", "--listen", "127.0.0.1:0", "--replay", kept)
    assert ran.code == 2 and "chaos.not_a_cassette" in ran.err and "fozzy proxy tcp" in ran.err
    assert fz("shrink", kept).code == 2
    assert fz("profile", "top", kept).code == 2
    ran = fz("ci", kept)
    assert ran.code == 0 and "12 connections and 129 messages" in ran.out
    assert fz("artifacts", "bundle", kept, "--out", "b.zip").code == 0
