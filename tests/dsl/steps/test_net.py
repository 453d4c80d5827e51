"""The steps on the modelled network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

Json = dict[str, Any]
DELIVER = {"type": "net_deliver_one"}
CUT = {"type": "net_partition", "a": "a", "b": "b"}
HEAL = {"type": "net_heal", "a": "b", "b": "a"}
FIFO = {"type": "net_deliver_one", "strategy": "fifo"}
RANDOM = {"type": "net_deliver_one", "strategy": "random"}


def send(payload: str, sender: str = "a", to: str = "b") -> Json:
    return {"type": "net_send", "from": sender, "to": to, "payload": payload}


def receive(payload: str, node: str = "b", **more: Any) -> Json:
    return {"type": "net_recv_assert", "node": node, "payload": payload, **more}


def drop(rate: float) -> Json:
    return {"type": "net_set_drop_rate", "rate": rate}


def test_messages_arrive_in_order(play: Play) -> None:
    """Without reordering the first that was sent is delivered first."""
    assert play([send("1"), send("2"), DELIVER, receive("1"), DELIVER, receive("2")]).status == "pass"
    assert play([send("1"), send("2"), DELIVER, receive("2")]).finding.title == "net_recv_assert"


def test_receiving_takes_the_first_match_out(play: Play) -> None:
    """A message is received once; another of the same text is another message."""
    twice = [send("x"), send("x", "c"), DELIVER, DELIVER]
    assert play([*twice, receive("x", **{"from": "c"}), receive("x", **{"from": "a"})]).status == "pass"
    assert play([*twice, receive("x"), receive("x"), receive("x")]).finding.title == "net_recv_assert"
    assert play([*twice, receive("x"), receive("x", **{"from": "a"})]).status == "fail"


def test_what_is_in_the_inbox_is_shown(play: Play) -> None:
    """A message that did not arrive is an assertion that shows the inbox and points at the payload."""
    played = play([send("y"), DELIVER, receive("x")])
    finding = played.finding
    assert (finding.kind, finding.title, played.pointed_at) == ("assertion", "net_recv_assert", '"x"')
    assert finding.message == '"b" has no message "x"; its inbox is [["a","y"]]'


def test_a_partition_holds_and_does_not_drop(play: Play) -> None:
    """Messages of both ways wait behind a partition, later ones of others pass, and healing lets all go on in order."""
    steps = [send("1"), CUT, send("2", "b", "a"), send("3", "c"), DELIVER, receive("3")]
    played = play([*steps, DELIVER])
    assert (played.finding.title, played.finding.kind) == ("net_nothing_deliverable", "assertion")
    assert "2 of 2 messages are held by a partition" in played.finding.message
    assert play([*steps, HEAL, DELIVER, receive("1"), DELIVER, receive("2", "a")]).status == "pass"


@pytest.mark.parametrize(
    ("before", "why", "cause"),
    [
        ([], "1 of 1 messages are held by a fault, the first until 30ms", "delayed"),
        ([CUT], "1 of 1 messages are held by a partition", "held"),
        (
            [CUT, send("2", "c")],
            "1 of 2 messages are held by a partition, 1 held by a fault, the first until 30ms",
            "held",
        ),
    ],
)
def test_what_holds_a_message_is_told(play: Play, before: list[Any], why: str, cause: str) -> None:
    """A message that a fault delays is not said to be held by a partition, nor the other way round."""
    delay = {"type": "fault", "on": "net", "kind": "delay", "delay": "30ms"}
    finding = play([delay, send("1"), *before, DELIVER]).finding
    assert finding.message == f"nothing is deliverable: {why}"
    assert finding.location is not None and finding.location.details == {"cause": cause}


def test_nothing_to_deliver_fails(play: Play) -> None:
    """Delivering when nothing was sent fails and says so."""
    assert "no message was sent" in play([DELIVER]).finding.message


def test_a_dropped_message_counts_as_the_delivery(play: Play) -> None:
    """With rate 1 every delivery succeeds as a step, is noted as dropped, and reaches nobody."""
    played = play([drop(1), send("x"), DELIVER])
    assert (played.status, played.notes[-1]) == ("pass", "a>b dropped")
    assert play([drop(1), send("x"), DELIVER, receive("x")]).status == "fail"
    assert play([drop(1), send("x"), DELIVER, DELIVER]).finding.title == "net_nothing_deliverable"


def test_no_rate_draws_nothing(play: Play) -> None:
    """Without a drop rate no draw is made; with one there is one draw per delivery under the link's label."""
    assert play([send("x"), DELIVER]).draws("net.drop.a>b") == []
    assert len(play([drop(0.5), send("x"), send("y"), DELIVER, DELIVER]).draws("net.drop.a>b")) == 2


def test_the_rate_is_about_kept(play: Play) -> None:
    """At rate 0.3 about three in ten deliveries are dropped, each by its own draw."""
    steps = [drop(0.3), *[send("x")] * 400, *[DELIVER] * 400]
    dropped = sum(note.endswith("dropped") for note in play(steps).notes)
    assert 80 < dropped < 160


def test_reorder_makes_the_pick_a_draw(play: Play) -> None:
    """With reorder on, or strategy random, which message is delivered is drawn; strategy fifo overrides it."""
    sent = [send(str(number)) for number in range(8)]
    on = {"type": "net_set_reorder", "enabled": True}
    for steps in ([on, *sent, DELIVER], [*sent, RANDOM], [on, *sent, RANDOM]):
        picked = play(steps).draws("net.pick")
        assert len(picked) == 1
        assert play([*steps, receive(str(picked[0]))]).status == "pass"
    assert play([on, *sent, FIFO]).draws("net.pick") == []
    orders = {tuple(play([*sent, *[RANDOM] * 8], seed=seed).draws("net.pick")) for seed in range(5)}
    assert len(orders) > 1


@pytest.mark.parametrize(
    "step",
    [
        drop(-0.1),
        drop(1.01),
        {**DELIVER, "strategy": "lifo"},
        send("x", ""),
        {"type": "net_set_reorder", "enabled": 1},
        {"type": "net_set_drop_rate", "rate": "often"},
        {**send("x"), "payload": {"a": 1}},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(problems: Problems, step: Json) -> None:
    """Rates lie in [0, 1], strategies are known, nodes have names, payloads are text."""
    found = problems({"version": 1, "name": "n", "steps": [step]})
    assert [problem.code for problem in found] == ["scenario.bad_value"]


def test_from_is_the_name_in_findings(play: Play) -> None:
    """A value known late is said and pointed at under the name the file uses."""
    played = play([{"type": "set_kv", "key": "k", "value": ""}, send("x", "${k}")])
    assert played.finding.title == "bad_value" and '"from"' in played.finding.message
    assert played.pointed_at == '"${k}"'
