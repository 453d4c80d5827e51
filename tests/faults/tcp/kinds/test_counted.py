"""Events of the struck stream are counted, from its head to its end."""

from __future__ import annotations

from fozzy.faults.tcp.kinds.counted import Counted
from fozzy.faults.tcp.message import Body, Chunk, Ending, Item, Message, Strike
from tests.faults.tcp.kinds.speaking import wire

STREAM_BODY = Body("close", is_stream=True)


class Noting(Counted):
    """Keeps when it was reached."""

    def __init__(self, after_events: int) -> None:
        super().__init__(wire("sse_cut").link.grips[0], after_events)
        self.reached_at: list[int] = []
        self.strikes: list[Strike] = []

    def strike_of(self, item: Item) -> Strike | None:
        """A strike for each head."""
        self.strikes.append(Strike("t", "t"))
        return self.strikes[-1]

    def reached(self, strike: Strike, now_ns: int) -> list[Item]:
        """It is."""
        strike.applied()
        self.reached_at.append(now_ns)
        return []


def item(part: str, *, is_last: bool = False, body: Body | None = STREAM_BODY, reply: Message | None = None) -> Chunk:
    """One item of a stream."""
    message = reply or Message("downstream", "event" if part == "event" else "reply", "", 1, 0)
    message.body = body
    return Chunk(message, b"x", 0, is_last, part)  # type: ignore[arg-type]


def test_it_is_reached_with_the_last_of_so_many() -> None:
    """Once for each stream; the count begins anew with the next head."""
    noting = Noting(2)
    for now_ns, part in enumerate(["head", "event", "body", "event", "event", "head", "event", "event"]):
        assert noting.push(item(part), now_ns) != []
    assert noting.reached_at == [3, 7]


def test_too_few_are_told_at_the_end() -> None:
    """Of the reply, of the connection, or with the next head."""
    reply = Message("downstream", "reply", "", 1, 0)
    for over in (item("body", is_last=True, reply=reply), Ending("fin"), item("head", body=None)):
        noting = Noting(1)
        noting.push(item("head", reply=reply), 0)
        noting.push(over, 0)
        assert noting.strikes[0].reason == "too_few_events"


def test_other_replies_are_not_counted() -> None:
    """Nothing is reached in one that is no stream."""
    noting = Noting(0)
    noting.push(item("head", body=Body("close")), 0)
    assert (noting.reached_at, noting.strikes) == ([], [])
