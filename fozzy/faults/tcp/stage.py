"""A stage: one toxic at work in one stream of one connection. Items go in with their time, and come out at theirs.

Rule 1: order stays. What is behind a held item waits with it (`Holding`).
Rule 2: nothing depends on how bytes were cut into reads: decide by message, by connection, or by offset.
Rule 3: a stage that is taken away gives everything it holds (`flush`), in order; nothing is lost by a change.
To make one: a subclass in the toxic's file in `kinds/`, with `push`, and `pull` where it holds anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fozzy.faults.tcp.message import NEVER_NS, Chunk, Item, Message, Strike

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class Stage:
    """Base: lets everything pass. `due_ns` is when `pull` has something; `held` counts bytes that wait here."""

    def __init__(self, grip: Grip) -> None:
        self.grip = grip  # the toxic on this connection: what it may strike, what it draws
        self.due_ns = NEVER_NS
        self.held = 0
        self.has_cut = False  # it gave a cut, so nothing comes behind it any more; the lane keeps it
        self._open: tuple[Message, Strike] | None = None

    @property
    def is_holding(self) -> bool:
        """Whether anything waits here, an end too, that `pull` or `flush` will give."""
        return self.held > 0

    def push(self, item: Item, now_ns: int) -> list[Item]:
        """An item comes; returns what goes on at once."""
        return [item]

    def pull(self, now_ns: int) -> list[Item]:
        """What is due. Only asked when `due_ns <= now_ns`; it must move `due_ns` on."""
        self.due_ns = NEVER_NS
        return []

    def flush(self) -> list[Item]:
        """Everything held, since this toxic is taken away or replaced."""
        return []

    def more(self, chunk: Chunk, strike: Strike) -> None:
        """What is said of this strike is not complete before its message ends."""
        strike.is_open = not chunk.is_last
        self._open = (chunk.message, strike)

    def might(self, chunk: Chunk, strike: Strike, reason: str) -> None:
        """Nothing came of this strike so far; that is the reason where nothing does before its message ends."""
        strike.bypassed(reason)
        self.more(chunk, strike)

    def strike_of(self, item: Item) -> Strike | None:
        """The strike on an item: the message's, or the connection's."""
        return self.grip.strike_of(item.message) if type(item) is Chunk else self.grip.on_connection

    def struck_parts(self, chunk: Chunk, now_ns: int) -> Iterator[tuple[Chunk, Strike | None]]:
        """A chunk in the parts that are struck and those that are not, in order; by bytes where bytes are counted."""
        if self._open is not None and self._open[0] is not chunk.message:
            self._open[1].is_open = False
            self._open = None
        return self.grip.parts(chunk, now_ns)


class Holding(Stage):
    """Base of stages that hold items until a time. `hold` keeps their order."""

    def __init__(self, grip: Grip) -> None:
        super().__init__(grip)
        self._waiting: deque[tuple[int, Item]] = deque()
        self._latest_ns = 0

    @property
    def is_holding(self) -> bool:
        return bool(self._waiting)

    def hold(self, item: Item, until_ns: int) -> None:
        """Keep an item until then, and until those before it have gone."""
        self._latest_ns = max(self._latest_ns, until_ns)
        self._waiting.append((self._latest_ns, item))
        self.due_ns = self._waiting[0][0]
        if type(item) is Chunk:
            self.held += len(item.data)

    def pass_on(self, item: Item, now_ns: int) -> list[Item]:
        """An item that is not held itself: it goes at once, or behind what waits."""
        if not self._waiting:
            return [item]
        self.hold(item, now_ns)
        return []

    def pull(self, now_ns: int) -> list[Item]:
        found: list[Item] = []
        while self._waiting and self._waiting[0][0] <= now_ns:
            item = self._waiting.popleft()[1]
            if type(item) is Chunk:
                self.held -= len(item.data)
            found.append(item)
        self.due_ns = self._waiting[0][0] if self._waiting else NEVER_NS
        return found

    def flush(self) -> list[Item]:
        return self.pull(NEVER_NS)
