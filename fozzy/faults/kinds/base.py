"""Kind: what one fault does to what passes by. The answers it changes are values with the fields named below.

An HTTP answer has `status`, `headers` (pairs) and `body`; the end of a process `exit_code`, `signal`, `stdout`; a
file's content and what is written to it are bytes; a message is what the network carries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import msgspec

from fozzy.faults.actions import Action

Dice = Callable[[str, int], int]  # purpose, count -> a drawn number below count


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """One kind of fault with its settings; `ops` are the operations it concerns, where a target has several."""

    ops: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """The kind's name."""
        return str(self.__struct_config__.tag)

    def act(self, dice: Dice) -> Action:
        """What to do this time; `dice` draws what is left to chance."""
        raise AssertionError(f"{self.name} does nothing")


def cut(data: bytes, length: int | None, dice: Dice) -> bytes:
    """The beginning of some bytes: so many, or a drawn number that leaves at least one out; a draw of 0 only one."""
    if length is None:
        length = len(data) - 1 - dice("length", len(data)) if data else 0
    return data[:length]


def flipped(data: bytes, dice: Dice) -> bytes:
    """Some bytes with a drawn bit the other way round."""
    if not data:
        return data
    at = dice("bit", len(data) * 8)
    return data[: at // 8] + bytes([data[at // 8] ^ 1 << at % 8]) + data[at // 8 + 1 :]


class HttpReply(NamedTuple):
    """An HTTP answer as faults see it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    cut: bool = False  # the connection ended before the body did


class ProcessEnd(NamedTuple):
    """The end of a process as faults see it."""

    exit_code: int | None
    signal: int | None
    stdout: bytes


def json_reply(status: int, code: str, message: str, headers: list[tuple[str, str]] | None = None) -> HttpReply:
    """An error answer that says a fault made it."""
    body = msgspec.json.encode({"error": {"code": code, "message": message}})
    return HttpReply(status, [("content-type", "application/json"), *(headers or [])], body)
