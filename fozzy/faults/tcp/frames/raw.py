"""Bytes of which nothing is known: a message is a turn, all that one side sends until the other side sends something.

Of protocols where one side asks and the other answers, turns do not depend on how bytes are cut into reads. Where both
sides send at once they follow the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterator

from fozzy.faults.tcp.frames.base import Framer, Narrator
from fozzy.faults.tcp.message import Item, Message
from fozzy.faults.tcp.plan import Stream


class Raw(Framer):
    """Turns. The first turn of a side that was asked answers the other side's."""

    def __init__(self, narrator: Narrator) -> None:
        super().__init__(narrator)
        self._turn: Message | None = None

    def feed(self, stream: Stream, data: bytes) -> Iterator[Item]:
        yield self.chunk(self._turn_of(stream), data)

    def skip(self, stream: Stream, size: int) -> None:
        self._turn_of(stream).size += size
        super().skip(stream, size)

    def owed(self) -> int:
        turn = self._turn
        return int(turn is not None and turn.stream == "upstream" and turn.is_owed)

    def _turn_of(self, stream: Stream) -> Message:
        turn = self._turn
        if turn is None or turn.stream != stream:
            if turn is not None:
                self.narrator.end(turn)
            asked = turn if stream == "downstream" else None
            turn = self._turn = self.narrator.begin(stream, "turn", "", asked)
        return turn
