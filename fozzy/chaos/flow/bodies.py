"""Faults of bodies and of answers as a whole: damaged, cut, ended, under another status."""

from __future__ import annotations

from collections.abc import Callable

from fozzy.chaos.flow.base import BODILESS, End, Flow, Head, Step
from fozzy.faults.http.bodies import CUT_BYTES, STREAM_CUT_BYTES, cut_at, damaged
from fozzy.faults.http.decision import Close, Cut, Damage, Override

HELD_BYTES_MAX = 8 << 20  # of a body that is damaged whole; behind it a longer one goes on as it is, or ends
BLOCK_BYTES = 65536  # stands for a chunk where a body has a length and so no chunks
KEEPS_LENGTH = ("bit-flip", "random-bytes")


class Damaging(Flow):
    """A body is damaged as a whole, so it is held until its end. The answer is 200, whatever its status was."""

    def __init__(self, now_ns: Callable[[], int], action: Damage) -> None:
        super().__init__(now_ns)
        self._action = action
        self._head: Head | None = None  # while the body is held
        self._held = bytearray()
        self._drops_rest = False

    def start(self, head: Head) -> list[Step]:
        if head.is_head or (not head.has_body and self._action.how != "invalid-json"):
            self._bypass("no_body")
            return [head]
        self._head = head
        return []

    def feed(self, data: bytes) -> list[Step]:
        if self._head is None:
            return [] if self._drops_rest else [data]
        self._held += data
        return self._let_go(self._head, False) if len(self._held) > HELD_BYTES_MAX else []

    def end(self) -> list[Step]:
        return [] if self._head is None else self._let_go(self._head, True)

    def _let_go(self, head: Head, is_whole: bool) -> list[Step]:
        how, true = self._action.how, bytes(self._held)
        self._head = None
        self._held.clear()
        body = damaged(how, self._action.base, true)
        if body == true:
            self._bypass("no_body")
            return [head, true] if true else [head]
        self._done()
        head = head._replace(status=200, has_body=True)
        if how == "invalid-json":  # else a client would fail at the coding and never see that it is no JSON
            head = head.without("content-encoding")
        if how not in KEEPS_LENGTH:
            head = head.with_length(len(body) if is_whole else None)
            self._drops_rest = True
        return [head, body]


class Cutting(Flow):
    """A body is cut at a place, and the connection ends there.

    Where no length is said a stream is cut within its first bytes, if it has as many and more; any other body is held
    until its length is known, or as much of it as a cut takes for granted.
    """

    def __init__(self, now_ns: Callable[[], int], action: Cut) -> None:
        super().__init__(now_ns)
        self._action = action
        self._left: int | None = None  # none: not to be cut, or not known yet
        self._held: bytearray | None = None

    def start(self, head: Head) -> list[Step]:
        length = head.length()
        if not head.has_body or length == 0:
            self._bypass("no_body")
        elif length is None and head.kind() is None:
            self._held = bytearray()
        else:
            self._bypass("stream_ended")
            self._left = cut_at(self._action.draw, STREAM_CUT_BYTES if length is None else length)
        return [head]

    def feed(self, data: bytes) -> list[Step]:
        if self._held is not None:
            self._held += data
            return self._cut(self._held) if len(self._held) >= CUT_BYTES else []
        if self._left is None:
            return [data]
        kept = data[: self._left]
        self._left -= len(kept)
        steps: list[Step] = [kept] if kept else []
        return [*steps, *self._end()] if len(kept) < len(data) else steps

    def end(self) -> list[Step]:
        return [] if self._held is None or self.applied else self._cut(self._held)

    def _cut(self, held: bytearray) -> list[Step]:
        """A body that is whole, or as long as need be, so that how it was sliced makes no difference."""
        kept = bytes(held[: cut_at(self._action.draw, min(len(held), CUT_BYTES))])
        if not held:
            self._bypass("no_body")
            return []
        return [*([kept] if kept else []), *self._end()]

    def _end(self) -> list[Step]:
        self._done()
        return [End(self._action.how)]


class Closing(Flow):
    """The connection ends behind the head, or within the body, at the first of several limits that is reached."""

    def __init__(self, now_ns: Callable[[], int], action: Close) -> None:
        super().__init__(now_ns)
        self._action = action
        self._at_ns = 0
        self._bytes_left: int | None = None
        self._chunks_left: int | None = None
        self._why = "after_bytes"
        if action.at == "in-body":
            self.after_ns = action.after_ns

    def start(self, head: Head) -> list[Step]:
        self._at_ns = self._now_ns()
        if self._action.at == "after-headers":
            self._done("after_headers")
            return [head, End(self._action.how)]
        self._bypass("stream_ended" if head.has_body else "no_body")
        self._measure(head.length())
        first = self._limit()
        return [head, *self._end(first)] if first and head.has_body else [head]

    def feed(self, data: bytes) -> list[Step]:
        first = self._limit()  # of time
        if first:
            return self._end(first)
        kept = data if self._bytes_left is None else data[: self._bytes_left]
        if self._bytes_left is not None:
            self._bytes_left -= len(kept)
        if self._chunks_left is not None and data:
            self._chunks_left -= 1
        first = self._limit()
        steps: list[Step] = [kept] if kept else []
        return [*steps, *self._end(first)] if first else steps

    def expire(self) -> list[Step]:
        return [] if self.applied else self._end("after_time")

    def _measure(self, length: int | None) -> None:
        """What the limits are for a body of a length; one that lies at its end or behind it is none."""
        action = self._action
        left, blocks = action.after_bytes, action.after_chunks
        if length is not None and blocks is not None and (left is None or blocks * BLOCK_BYTES < left):
            left, self._why = blocks * BLOCK_BYTES, "after_chunks"
        self._chunks_left = blocks if length is None else None
        self._bytes_left = None if left is None or (length is not None and left >= length) else left

    def _limit(self) -> str:
        after_ns = self._action.after_ns
        if after_ns is not None and self._now_ns() - self._at_ns >= after_ns:
            return "after_time"
        if self._bytes_left == 0:
            return self._why
        return "after_chunks" if self._chunks_left == 0 else ""

    def _end(self, reason: str) -> list[Step]:
        self._done(reason)
        return [End(self._action.how)]


class Overriding(Flow):
    """Another status, with the answer's body or with one of its own."""

    def __init__(self, now_ns: Callable[[], int], action: Override) -> None:
        super().__init__(now_ns)
        self._action = action
        self._is_mute = False

    def start(self, head: Head) -> list[Step]:
        self._done()
        status, body = self._action.status, self._action.body
        changed = head._replace(status=status)
        if status in BODILESS:
            self._is_mute = True
            return [changed._replace(has_body=False).with_length(None)]
        if head.is_head or (head.has_body and body is None):
            return [changed]
        self._is_mute, own = True, body or b""
        changed = changed._replace(has_body=True).without("content-encoding").with_length(len(own))
        return [changed, own] if own else [changed]

    def feed(self, data: bytes) -> list[Step]:
        return [] if self._is_mute else [data]
