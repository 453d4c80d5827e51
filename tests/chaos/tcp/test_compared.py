from __future__ import annotations

from fozzy.chaos.tcp.compared import connection_difference, message_difference, message_of
from fozzy.core.wires import Connected, Counted, Framed, Spoken, Struck
from fozzy.faults.tcp.plan import Toxic
from tests.chaos.tcp.driven import Driven, plan
from tests.chaos.tcp.wired import message

LATE = Toxic(type="latency", name="late", attributes={"latency": 2}, first=1)
SOME = Toxic(type="latency", name="some", attributes={"latency": 1}, on="byte", every=2, stream="upstream")


def told() -> tuple[Driven, Connected, list[Spoken]]:
    """What is recorded of one exchange, and the engine that decided it."""
    driven = Driven(plan(LATE, SOME))
    driven.engine.keyed = True
    link = driven.connect()
    driven.ask(link, b"question", b"answer")
    driven.close(link)
    spoken = [each for each in driven.records if isinstance(each, Spoken)]
    return driven, next(each for each in driven.records if isinstance(each, Connected)), spoken


def test_a_message_comes_back_as_it_began() -> None:
    """All that a decision may look at is there; one that lost its text says who counted it."""
    spoken = message(3, about="GET a", state="multi", body=Framed("sized", 5, True), of="reply", stream="downstream")
    begun = message_of(spoken, None)
    assert (begun.about, begun.of, begun.ordinal, begun.state, begun.counting) == ("GET a", "reply", 3, "multi", None)
    assert begun.body is not None and begun.body.is_stream and begun.body.length == 5
    hidden = message(3, about="GET <redacted>", struck=[Struck("a", "latency")], spared=["b"])
    assert message_of(hidden, None).counting == frozenset("ab")


def test_what_is_not_as_it_was_is_named() -> None:
    """Strikes, who spared it and delays, each with both sides."""
    driven, connected, (_, reply) = told()
    link = driven.connect()
    begun = message_of(reply, None)
    difference = message_difference(reply, begun, link.grips)
    assert difference is not None and tuple(difference) == ("what strikes it", "late (latency)", "none")
    driven = Driven(plan(LATE, SOME))
    link = driven.connect()
    begun = message_of(reply, None)
    link.grips[0].decide(begun, 1)
    assert message_difference(reply, begun, link.grips) is None
    slow = Spoken(**{**{name: getattr(reply, name) for name in reply.__struct_fields__}, "spared": ["x"]})
    difference = message_difference(slow, begun, link.grips)
    assert difference is not None and difference.what == "who spared it"
    assert connection_difference(connected, link) is None


def test_bytes_are_counted_again() -> None:
    """A count that the schedule does not give is named, and one of a toxic that is not there."""
    _, connected, _ = told()
    assert connected.counted == [Counted("some", [(0, 8)], 4, connected.counted[0].digest)]
    fields = {name: getattr(connected, name) for name in connected.__struct_fields__}
    link = Driven(plan(LATE, SOME)).connect()
    fewer = Connected(**{**fields, "counted": [Counted("some", [(0, 8)], 3, "x")]})
    difference = connection_difference(fewer, link)
    assert difference is not None and difference.what == "the bytes that some strikes"
    assert difference.recorded == "3 of digest x" and difference.now.startswith("4 of digest ")
    none = Connected(**{**fields, "counted": []})
    difference = connection_difference(none, link)
    assert difference is not None and tuple(difference) == ("what counts its bytes", "none", "some")
