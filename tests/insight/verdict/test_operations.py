"""Calls as attempts of what was wanted once."""

from __future__ import annotations

from fozzy.faults.tcp.plan import Toxic
from fozzy.insight.verdict.model import Operation
from tests.insight.verdict.scripted import GET, S, Scripted


def operations(client: Scripted) -> list[Operation]:
    """Of the one proxy."""
    return client.verdict().clients[0].operations


def test_the_same_again_is_another_operation_when_it_was_answered() -> None:
    """Three answered increments are three operations; after a failed one the next is its second attempt."""
    client = Scripted(Toxic(type="drop_reply", match="INCR", pattern=".F."))
    for _ in range(3):
        client.once()
    assert [len(each.attempts) for each in operations(client)] == [1, 2]
    assert [each.is_done for each in operations(client)] == [True, True]


def test_another_request_is_no_retry() -> None:
    """It asks for something else, so the failed one stays as it is."""
    client = Scripted(Toxic(type="drop_reply", match="INCR"))
    client.once()
    client.once(GET, b"$1\r\n1\r\n")
    assert [(each.about, len(each.attempts), each.is_done) for each in operations(client)] == [
        ("INCR orders", 1, False),
        ("GET orders", 1, True),
    ]


def test_after_attempts_to_connect_any_call_goes_on() -> None:
    """Two connections that came to nothing and a request are one operation; pauses are to the next connection."""
    client = Scripted()
    for _ in range(2):
        client.driven.close(client.connect(), "unreachable")
        client.wait(1)
    client.once()
    (operation,) = operations(client)
    assert [call.about for call in operation.attempts] == ["connect", "connect", "INCR orders"]
    assert operation.about == "INCR orders" and operation.pauses_ns == [S + 10**6] * 2


def test_calls_side_by_side_are_no_attempts_of_each_other() -> None:
    """A call that began before another failed does not go on it."""
    client = Scripted(Toxic(type="drop_reply", match="INCR", first=1))
    first, second = client.connect(), client.connect()
    client.driven.say(first, "upstream", b"*2\r\n$4\r\nINCR\r\n$6\r\norders\r\n")
    client.driven.say(second, "upstream", b"*2\r\n$4\r\nINCR\r\n$6\r\norders\r\n")
    client.driven.say(first, "downstream", b":1\r\n")
    client.driven.say(second, "downstream", b":2\r\n")
    assert [len(each.attempts) for each in operations(client)] == [1, 1]
