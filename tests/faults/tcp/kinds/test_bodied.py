"""A toxic of bodies follows a struck reply from its head to its end, and nothing else."""

from __future__ import annotations

from fozzy.faults.tcp.kinds.bodied import Bodied
from fozzy.faults.tcp.message import Chunk, Ending, Item, Message, Strike
from tests.faults.tcp.kinds.speaking import JSON, asked, chunked, sized, wire


class Seeing(Bodied):
    """Keeps what it is shown."""

    def __init__(self, struck: Strike) -> None:
        talk = wire("http_truncate", bytes=1)
        super().__init__(talk.link.grips[0])
        self.struck = struck
        self.seen: list[bytes] = []

    def strike_of(self, item: Item) -> Strike | None:
        """All are struck."""
        return self.struck

    def head(self, chunk: Chunk, now_ns: int) -> list[Item]:
        """The head."""
        self.seen.append(b"head")
        return [chunk]

    def part(self, chunk: Chunk, now_ns: int) -> list[Item]:
        """A part."""
        self.seen.append(b"".join(data for data, is_content in self.payload(chunk.data) if is_content))
        return [chunk]


def test_parts_are_of_the_reply_that_began() -> None:
    """Up to its last one; the content is told from the lines between."""
    seeing, message = Seeing(Strike("t", "t")), Message("downstream", "reply", "GET /", 1, 0)
    head, body = chunked(JSON, JSON).split(b"\r\n\r\n", 1)
    seeing.push(Chunk(message, head + b"\r\n\r\n", 0, False, "head"), 0)
    seeing.push(Chunk(message, body[:5], 0, False, "body"), 0)
    seeing.push(Chunk(message, body[5:], 0, True, "body"), 0)
    seeing.push(Chunk(message, b"more", 0, False, "body"), 0)
    assert seeing.seen[0] == b"head"
    assert b"".join(seeing.seen[1:]) == JSON * 2


def test_a_reply_that_breaks_off_is_bypassed() -> None:
    """By the end of the connection, or by the next head; a reply without a body at once."""
    for breaking in (Ending("fin"), Chunk(Message("downstream", "push", "", 2, 0), b"", 0, True, "head")):
        seeing, message = Seeing(Strike("t", "t")), Message("downstream", "reply", "GET /", 1, 0)
        seeing.push(Chunk(message, sized(JSON).removesuffix(JSON), 0, False, "head"), 0)
        assert seeing.push(breaking, 0) == [breaking]
        assert seeing.struck.reason == "upstream_failed"
    seeing = Seeing(Strike("t", "t"))
    seeing.push(Chunk(message, b"HTTP/1.1 204 x\r\n\r\n", 0, True, "head"), 0)
    assert (seeing.seen, seeing.struck.reason) == ([], "no_body")


def test_what_another_toxic_made_of_the_head_counts() -> None:
    """A reply that was shortened before it comes here is as long as its head says."""
    talk = asked(wire("http_malformed", how="truncate"), sized(JSON))
    shorter = talk.bytes_of("downstream")
    seeing, message = Seeing(Strike("t", "t")), Message("downstream", "reply", "GET /", 1, 0)
    seeing.push(Chunk(message, shorter[: shorter.index(b"\r\n\r\n") + 4], 0, False, "head"), 0)
    assert seeing.body.length < len(JSON)
