"""`resp_match`: matching Redis commands are answered with something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.frames.resp import encoded
from fozzy.faults.tcp.kinds.base import Answer, Flaw, Kind
from fozzy.faults.tcp.message import Message
from fozzy.faults.tcp.plan import Protocol, Unit

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

DEPTH_MAX = 32
INTEGER_MAX = (1 << 63) - 1


class RespMatch(Kind, frozen=True, kw_only=True):
    """The command does not reach the server; its client gets this. Within MULTI it is bypassed, since EXEC answers there."""

    type: ClassVar[str] = "resp_match"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("redis",)
    is_of_requests: ClassVar[bool] = True
    of: ClassVar[frozenset[str]] = frozenset({"request"})
    reply: Annotated[
        int | str | list[Any] | None, note("The answer: null, a whole number, a text, or a list of such answers.")
    ] = None

    def flaws(self) -> Iterator[Flaw]:
        said = _flaw(self.reply, 0)
        if said:
            yield Flaw("reply", said, "null, a whole number, a text, or a list of such answers")

    def answer(self, request: Message, data: bytes, grip: Grip) -> Answer | None:
        if "multi" in request.state:
            return None
        return Answer(encoded(self.reply, is_resp3="resp3" in request.state))


def _flaw(reply: Any, depth: int) -> str:
    """What is wrong with it."""
    if depth > DEPTH_MAX:
        return f"is nested deeper than {DEPTH_MAX} lists"
    if isinstance(reply, list):
        return next(filter(None, (_flaw(each, depth + 1) for each in reply)), "")
    if isinstance(reply, bool) or not isinstance(reply, int | str | None):
        return f"holds {reply!r}, which Redis would not answer"
    return "holds a number of more than 64 bits" if isinstance(reply, int) and abs(reply) > INTEGER_MAX else ""
