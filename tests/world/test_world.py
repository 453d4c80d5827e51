"""The world: made when touched, put back as a whole, closed once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.core.backends import Backends
from fozzy.core.choice import Choices
from fozzy.core.clock import Clock
from fozzy.core.events import Ask, Event
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.world.fs.host import HostFs
from fozzy.world.fs.virtual import VirtualFs
from fozzy.world.http.scripted import ScriptedHttp
from fozzy.world.net.virtual import Message
from fozzy.world.proc.scripted import ScriptedProc
from fozzy.world.world import PARTS, Setting, World


def world(**setting: Any) -> tuple[World, list[Any]]:
    records: list[Any] = []
    choices = Choices(Seeded(1), Clock(), Log([records.extend]), Redactor(), 10**9)
    return World(Setting(**setting), choices), records


def test_nothing_is_made_before_it_is_touched() -> None:
    """A fresh world holds no capability; a capability is made once and stays the same."""
    made, _ = world()
    assert not {*PARTS, "loop", "http", "proc", "snapshots", "background"} & set(made.__dict__)
    assert made.kv is made.kv and made.http is made.http
    made.close()
    assert "loop" not in made.__dict__


def test_backends_decide_who_answers(tmp_path: Path) -> None:
    """Who answers is decided by the backends, once."""
    made, _ = world()
    assert (type(made.fs), type(made.http), type(made.proc)) == (VirtualFs, ScriptedHttp, ScriptedProc)
    real, _ = world(backends=Backends(fs="host"), root=tmp_path)
    assert type(real.fs) is HostFs
    real.close()


def test_a_snapshot_covers_every_part_and_the_clock() -> None:
    """Whatever was changed since is as it was; the time that passed is summed apart."""
    made, _ = world()
    made.kv["a"] = 1
    made.clock.advance(5)
    kept = made.snapshot()
    made.kv["a"] = 2
    made.fs.write("f", b"1")
    made.net.send(Message("a", "b", "p"))
    made.heap.allocate(3, "")
    made.http_rules.add(None, None)  # type: ignore[arg-type]
    made.proc_rules.add(None, None)  # type: ignore[arg-type]
    made.clock.advance(7)
    made.clock.frozen = True
    made.restore(kept)
    assert made.kv == {"a": 1} and made.fs.read("f").failure
    assert made.net.waiting().pending == 0 and made.heap.living() == []
    assert made.http_rules.take(lambda _: True) is None and made.proc_rules.take(lambda _: True) is None
    assert (made.clock.now, made.clock.frozen, made.clock.aside_ns) == (5, False, 7)


def test_a_snapshot_is_not_changed_by_what_follows() -> None:
    """One snapshot puts the world back any number of times."""
    made, _ = world()
    kept = made.snapshot()
    for value in (1, 2):
        made.kv["a"] = value
        made.net.cut("a", "b")
        made.restore(kept)
        assert made.kv == {} and made.snapshot()["net"] == kept["net"]


def test_events_are_said_without_secrets() -> None:
    """An event has the time and place of its step, and no secret in name or fields."""
    made, records = world()
    made.choices.span = "steps[0]"
    made.choices.redactor.learn({"password": "hunter22"})
    made.say("it is hunter22", {"token": "abcdefgh", "a": 1})
    made.log.flush()
    (event,) = records
    assert isinstance(event, Event) and event.at == "steps[0]" and event.fields["a"] == 1
    assert "hunter22" not in str(event) and "abcdefgh" not in str(event)


def test_the_environment_is_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable is asked for each time it is read, so that the trace has what it was."""
    made, records = world()
    monkeypatch.setenv("FOZZY_T_E", "1")
    assert made.environment("FOZZY_T_E") == "1"
    monkeypatch.delenv("FOZZY_T_E")
    assert made.environment("FOZZY_T_E") is None
    made.log.flush()
    assert [(record.request, record.answer.get("value")) for record in records if isinstance(record, Ask)] == [
        ({"name": "FOZZY_T_E"}, "1"),
        ({"name": "FOZZY_T_E"}, None),
    ]
