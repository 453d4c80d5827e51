"""Each kind of fault plans what its name says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from fozzy.faults.http.decision import (
    Close,
    Cut,
    Damage,
    EndStream,
    Give,
    Hold,
    LoseEvent,
    Override,
    Pause,
    SpoilEvent,
)
from fozzy.faults.http.kinds import ACTS
from fozzy.faults.http.plan import Faults
from tests.faults.http.asking import MS, S, ask, asks, engine


def action(name: str, fault: Any, **request: Any) -> Any:
    """What a fault plans."""
    said = {"limits": {"loss": fault}} if name == "loss" else {"faults": {name: fault}}
    decision = ask(engine(**said), **request)
    assert decision.planned == name and decision.origin == "server"
    return decision.action


def code(give: Give) -> str:
    """The code in the body of an answer of ours."""
    assert ("content-type", "application/json") in give.headers
    error: dict[str, str] = msgspec.json.decode(give.body)["error"]
    assert error["type"] == "chaos" and error["message"]
    return error["code"]


def test_every_field_has_its_kind() -> None:
    """Every fault of a plan has an act, in the order in which they are tried; loss comes behind connection errors."""
    names = list(ACTS)
    assert [name for name in names if name != "loss"] == list(Faults.__struct_fields__)
    assert names.index("loss") == names.index("connection_error") + 1


@pytest.mark.parametrize(
    ("name", "fault", "status", "said"),
    [
        ("drop", 1, 500, "chaos_drop"),
        ("rate_limit", 1, 429, "chaos_ratelimit"),
        ("status", {"codes": [503]}, 503, "chaos_status"),
        ("loss", {"as": "408"}, 408, "chaos_loss"),
    ],
)
def test_answers_in_upstreams_place(name: str, fault: Any, status: int, said: str) -> None:
    """An answer of ours says that a fault made it."""
    give = action(name, fault)
    assert give.status == status and code(give) == said


@pytest.mark.parametrize(
    ("name", "fault", "expected"),
    [
        ("disconnect", 1, Close("fin", "before-response")),
        ("disconnect", {"how": "rst", "at": "accept"}, Close("rst", "accept")),
        ("disconnect", {"after_bytes": 10, "after_time": "1s"}, Close("fin", "in-body", 10, None, S)),
        ("disconnect", {"at": "in-body", "after_chunks": 0}, Close("fin", "in-body", None, 0, None)),
        ("disconnect", {"at": "after-headers"}, Close("fin", "after-headers")),
        ("connection_error", 1, Close("rst", "before-response")),
        ("loss", 1, Close("rst", "before-response")),
        ("loss", {"as": "hang"}, Hold(None, None)),
        ("timeout", {"hang": True}, Hold(None, None)),
        ("status_override", {"status": 503}, Override(503, None)),
        ("status_override", {"status": 503, "body": "ä"}, Override(503, "ä".encode())),
        ("drop_event", {"event": 3}, LoseEvent(3)),
        ("cut_stream", {"after_events": 2, "how": "rst"}, EndStream(2, "rst")),
        ("stall", 1, Pause(1, None)),
        ("stall", {"after_events": 0, "for": "5ms"}, Pause(0, 5 * MS)),
    ],
)
def test_other_actions(name: str, fault: Any, expected: Any) -> None:
    """What is done is what the plan says."""
    assert action(name, fault) == expected


def test_timeouts() -> None:
    """Held as long as said, then 504."""
    hold = action("timeout", {"after": "300ms"})
    assert hold.wait_ns == 300 * MS and hold.then.status == 504 and code(hold.then) == "chaos_timeout"
    assert action("timeout", 1).wait_ns == 30 * S


@pytest.mark.parametrize(("after", "seconds"), [("1s", "1"), ("1ms", "1"), ("1500ms", "2"), ("2m", "120")])
def test_when_to_try_again(after: str, seconds: str) -> None:
    """Retry-After is in whole seconds, and never too short."""
    assert ("retry-after", seconds) in action("rate_limit", {"retry_after": after}).headers


def test_codes_by_weight() -> None:
    """Codes come as often as they weigh, drawn where there are several."""
    decisions = asks(engine(faults={"status": {"codes": [500, {"code": 503, "weight": 3}]}}), 4000)
    found = Counter(each.action.status for each in decisions if isinstance(each.action, Give))
    assert found.keys() == {500, 503} and 910 < found[500] < 1090
    assert [roll.draw for roll in decisions[0].rolls] == ["status.code"]
    assert ask(engine(faults={"status": {"codes": [500]}})).rolls == ()


def test_bodies_of_statuses() -> None:
    """A body is a template; it is sent as JSON where it is JSON, unless a header says what it is."""
    give = action("status", {"codes": [503], "body": '{"is": {status}, "at": "{method} {path}"}'}, target="/a?b")
    assert give.body == b'{"is": 503, "at": "GET /a"}' and ("content-type", "application/json") in give.headers
    plain = action("status", {"codes": [503], "body": "busy", "headers": {"x-a": "1"}})
    assert plain.headers == [("content-type", "text/plain; charset=utf-8"), ("x-a", "1")]
    own = action("status", {"codes": [503], "body": "{}", "headers": {"Content-Type": "text/x"}})
    assert own.headers == [("Content-Type", "text/x")]
    assert action("status", {"codes": [204], "body": "x"}).body == b""


@pytest.mark.parametrize("how", ["invalid-json", "truncate", "bit-flip", "random-bytes"])
def test_malformed(how: str) -> None:
    """Where draws start is where the request's start; of a stream one of the first four events is damaged."""
    decisions = asks(engine(faults={"malformed": {"how": how}}), 200)
    found = [each.action for each in decisions if isinstance(each.action, Damage)]
    assert len({each.base for each in found}) == 200 and {each.event for each in found} == {1, 2, 3, 4}
    assert {each.how for each in found} == {how} and {each.streams for each in found} == {"corrupt"}
    assert action("malformed", {"streams": "bypass"})[2:] == (1, "bypass")


def test_drawn_events_and_places() -> None:
    """Which event and where in a body is drawn and recorded."""
    for name, kind in (("drop_event", LoseEvent), ("corrupt_event", SpoilEvent)):
        decisions = asks(engine(faults={name: {"among": 3}}), 100)
        assert {each.action.event for each in decisions if isinstance(each.action, kind)} == {1, 2, 3}
        assert decisions[0].rolls[0].draw == f"{name}.event"
    assert action("corrupt_event", {"event": 2}).event == 2
    cut = ask(engine(faults={"partial": 1}))
    assert (
        isinstance(cut.action, Cut) and cut.action.draw == cut.rolls[-1].value and cut.rolls[-1].draw == "partial.place"
    )
