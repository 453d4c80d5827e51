"""A framer: the bytes of both streams of a connection cut into messages, and each reply given to its request.

Rule 1: it is incremental and does not care how bytes are cut into reads; it never waits with bytes it could pass on,
except for the few it needs to know what a message is.
Rule 2: every byte comes out again, in order, in a chunk; `feed` changes no byte, but for replies to what the server got
`instead` of a request.
Rule 3: what is not of the protocol, or is encrypted, is not an error: from there on all is one message `opaque`, and
`lost` says why. Limits: a message is known after at most `KNOWN_BYTES_MAX` bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol

from fozzy.faults.tcp.message import Body, Chunk, Cut, Item, Message, Of, Part
from fozzy.faults.tcp.plan import Stream

KNOWN_BYTES_MAX = 65536
ABOUT_CHARS_MAX = 200  # of what a message is about


class Narrator(Protocol):
    """Who is told of messages: the link. A message is decided where it begins."""

    def begin(
        self, stream: Stream, of: Of, about: str, request: Message | None = None, *, body: Body | None = None
    ) -> Message:
        """A message begins. A reply is about what its request is about, unless something else is said."""

    def end(self, message: Message) -> None:
        """It ended; not needed for one whose last chunk says so."""


class Lost(Exception):
    """A stream is not understood any more. Its text says why: `encrypted`, `replication`, `not_redis: …`.

    `at` is from where on, in the bytes that were being read; 0 is the beginning of what begins there.
    """

    at = 0


class Framer:
    """Base. `waiting` are requests that have no reply yet, in order."""

    def __init__(self, narrator: Narrator) -> None:
        self.narrator = narrator
        self.waiting: deque[Message] = deque()
        self.is_amid = False  # a message to the client is under way; an answer of ours waits for its end
        self.lost = ""
        self._offsets: dict[Stream, int] = {"upstream": 0, "downstream": 0}
        self._answers: dict[int, tuple[bytes, Cut | None]] = {}  # by the ordinal of the request they answer

    def feed(self, stream: Stream, data: bytes) -> Iterable[Item]:
        """Bytes came; the chunks that are known now. Downstream also answers of ours whose turn has come.

        A message begins when its first chunk is asked for, so none begins behind a cut, however much was read at once.
        """
        raise NotImplementedError

    def finish(self, stream: Stream) -> Iterable[Item]:
        """The stream ended: what was held to be known goes on as it is."""
        return []

    def answer(self, request: Message, data: bytes, then: Cut | None = None) -> None:
        """A request is answered here: `answers_due` gives it, once no older reply is due."""
        self._answers[request.ordinal] = (data, then)

    def answers_due(self) -> Iterator[Item]:
        """Answers of ours whose turn has come. Each begins when it is asked for."""
        while self.waiting and not self.is_amid and self.waiting[0].ordinal in self._answers:
            request = self.waiting.popleft()
            data, then = self._answers.pop(request.ordinal)
            reply = self.narrator.begin("downstream", "reply", request.about, request)
            reply.said = self.saying(data)
            yield from self.answered(reply, data)
            if then is not None:
                yield then

    def instead(self, request: Message, reply: bytes | None = None) -> None:
        """The server gets other bytes than this request. With `reply` the client gets that in place of what it answers."""
        assert reply is None

    def skip(self, stream: Stream, size: int) -> None:
        """So many bytes were relayed unseen; only asked of those that need not look (`raw`)."""
        self._offsets[stream] += size

    def offset(self, stream: Stream) -> int:
        """Where the next message of a stream begins."""
        return self._offsets[stream]

    def chunk(self, message: Message, data: bytes, part: Part = "", *, is_last: bool = False) -> Chunk:
        """The next bytes of its stream."""
        offset = self._offsets[message.stream]
        self._offsets[message.stream] = offset + len(data)
        return Chunk(message, data, offset, is_last, part)

    def withheld(self, request: Message) -> list[Item]:
        """A request begins to be held back, to be answered here. Returns what its client is told meanwhile."""
        return []

    def answered(self, reply: Message, data: bytes) -> list[Item]:
        """An answer of ours in its parts."""
        return [self.chunk(reply, data, is_last=True)]

    def saying(self, data: bytes) -> str:
        """What an answer of ours says of itself, as the server's would."""
        return ""

    def owed(self) -> int:
        """How many requests the server has, and has not answered whole."""
        return sum(request.is_owed for request in tuple(self.waiting))

    def replied(self) -> None:
        """The reply to the oldest request is complete; answers of ours that were behind it are due."""
        if self.waiting:
            self.waiting.popleft()


def shown(raw: bytes) -> str:
    """Text of a protocol as people and records may have it: one line, nothing that steers a terminal."""
    text = " ".join(raw.decode("utf-8", "backslashreplace").split())[:ABOUT_CHARS_MAX]
    return text if text.isprintable() else "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
