"""Who shows TCP proxies: what each audience gets of messages, connections and changes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import trio

from fozzy.chaos.tcp.running import running
from fozzy.chaos.tcp.settings import TcpSettings
from fozzy.cli import proxy_tcp_fronts as fronts
from fozzy.cli.console import Console
from fozzy.core.events import Event
from fozzy.core.wires import Connected, Spoken, Struck
from fozzy.faults.tcp.plan import Proxy, TcpPlan, Toxic
from fozzy.report.text import plain

LATE = Struck("latency_downstream", "latency", applied=True)
PLAIN = Spoken(
    t=1, at="a", number=1, arrived=0, connection=1, stream="upstream", message=1, of="request", offset=0, about="GET k"
)
HIT = Spoken(
    t=1, at="a", number=2, arrived=0, connection=1, stream="upstream", message=2, of="request", offset=0, struck=[LATE]
)
END = Connected(t=2, at="a", number=3, arrived=0, connection=1, by="client")
CHANGE = Event(3, "", "chaos.change", {"number": 4, "what": "toxic added", "toxic": "x", "plan": {"proxies": []}})


def shown(front: Any, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What it shows of all of them."""
    for record in (PLAIN, HIT, END, CHANGE):
        front.hear(record)
    front.close()
    return capsys.readouterr().out.splitlines()


def test_a_pipe_gets_what_was_struck_what_ended_and_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each; a change without the plan it made."""
    said = shown(fronts.TcpLines(Console(), ()), capsys)
    assert [each.split()[0] for each in said] == ["2", "3", "4"]
    assert said[2] == "4 0.000 CHANGE toxic added toxic=x"


def test_more_is_every_message(capsys: pytest.CaptureFixture[str]) -> None:
    """With -v."""
    assert len(shown(fronts.TcpLines(Console(verbose=1), ()), capsys)) == 4


def test_a_terminal_gets_a_view_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """It lists what was struck and what ended, with its toxics above and a change below."""
    monkeypatch.setattr(fronts, "is_watched", lambda _console: True)
    front = fronts.tcp_front_of(Console(), events=False, redact=("pin",))
    assert isinstance(front, fronts.TcpLive)

    async def main() -> None:
        toxics = [Toxic(type="latency", attributes={"latency": 10})]
        proxy = Proxy(name="a", listen="127.0.0.1:0", upstream="127.0.0.1:9", toxics=toxics)
        front.hear(msgspec.structs.replace(HIT, about="SET pin='hush-hush'"))
        async with running(TcpSettings(plan=TcpPlan(proxies=[proxy]), seed=7)) as run:
            front.begun(run)
            for record in (PLAIN, END, CHANGE):
                front.hear(record)
            assert front._view is not None
            shown = "\n".join(plain(each) for each in front._view.lines(24))
        front.close()
        assert "toxics   latency 10   [f] edit" in shown and "toxic added toxic=x" in shown
        assert "hush" not in shown and "SET" in shown and "closed by client" in shown and "GET k" not in shown
        assert "0 connections" in shown

    trio.run(main)


def test_records_are_json_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """Every one of them, in order."""
    front = fronts.TcpRecords(Console(), ("pin",))
    front.hear(
        Spoken(
            **{name: getattr(PLAIN, name) for name in PLAIN.__struct_fields__ if name != "about"},
            about="SET pin='hush-hush'",
        )
    )
    said = shown(front, capsys)
    assert [json.loads(each)["kind"] for each in said] == ["message", "message", "message", "connection", "event"]
    assert "hush" not in "".join(said)


@pytest.mark.parametrize(
    ("console", "events", "kind"),
    [
        (Console(), False, fronts.TcpLines),
        (Console(quiet=True), False, fronts.TcpSilent),
        (Console(json=True), False, fronts.TcpTold),
        (Console(), True, fronts.TcpRecords),
    ],
)
def test_each_audience_has_its_front(console: Console, events: bool, kind: type[Any]) -> None:
    """A pipe and a terminal get lines, quiet nothing, JSON its opening on stderr, `--events` records."""
    assert type(fronts.tcp_front_of(console, events=events, redact=())) is kind
