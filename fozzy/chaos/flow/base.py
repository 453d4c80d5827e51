"""What an answer on its way is made of: its head, the steps that a door carries out, and the flow that makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from fozzy.core.exchange import Headers
from fozzy.faults.http.events import Kind, kind_of

BODILESS = (204, 304)


class Head(NamedTuple):
    """Status and headers of an answer. `has_body` is false where there can be none; with `is_head` nothing changes that."""

    status: int
    headers: Headers
    has_body: bool = True
    is_head: bool = False

    @classmethod
    def of(cls, status: int, headers: Headers, method: str) -> Head:
        """The head of an answer to a request of this method."""
        is_head = method == "HEAD"
        return Head(status, headers, not is_head and status not in BODILESS, is_head)

    def kind(self) -> Kind | None:
        """Which kind of stream of events it announces."""
        return kind_of(self.value("content-type"))

    def value(self, name: str) -> str:
        """A header's value, empty for none."""
        return next((value for each, value in self.headers if each.lower() == name), "")

    def is_encoded(self) -> bool:
        """Whether its body is compressed, so that events cannot be told apart."""
        return self.value("content-encoding").strip().lower() not in ("", "identity")

    def length(self) -> int | None:
        """What it announces as the body's length."""
        value = self.value("content-length")
        return int(value) if value.isdecimal() else None

    def with_length(self, length: int | None) -> Head:
        """The same with another length, or without one."""
        kept = [pair for pair in self.headers if pair[0].lower() != "content-length"]
        return self._replace(headers=kept if length is None else [*kept, ("content-length", str(length))])

    def without(self, *names: str) -> Head:
        """The same without some headers."""
        return self._replace(headers=[pair for pair in self.headers if pair[0].lower() not in names])


class Struck(bytes):
    """A piece that the fault changed: once it is sent the fault is applied, whatever comes after it."""


class Wait(NamedTuple):
    """Wait before the next step; without a time until the client leaves."""

    ns: int | None


class End(NamedTuple):
    """End the connection: what went before is flushed."""

    how: Literal["fin", "rst"]


Step = Head | bytes | Wait | End


class Flow:
    """An answer that goes on as it is. `after_ns`: so long after its head the door calls `expire`."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self.applied = False
        self.reason = ""
        self.after_ns: int | None = None
        self._now_ns = now_ns

    def start(self, head: Head) -> list[Step]:
        """The answer's head."""
        return [head]

    def feed(self, data: bytes) -> list[Step]:
        """A piece of the answer's body."""
        return [data]

    def end(self) -> list[Step]:
        """The answer's end."""
        return []

    def expire(self) -> list[Step]:
        """The time of `after_ns` is over."""
        return []

    def _bypass(self, reason: str) -> None:
        self.reason = reason

    def _done(self, reason: str = "") -> None:
        self.applied, self.reason = True, reason


class Bypassing(Flow):
    """An answer that goes on as it is although something was planned."""

    def __init__(self, now_ns: Callable[[], int], reason: str) -> None:
        super().__init__(now_ns)
        self.reason = reason
