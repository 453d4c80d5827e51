"""`limit_time`: the connection ends after a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import Kind, Ms
from fozzy.faults.tcp.kinds.cutting import Cutting
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class LimitTime(Kind, frozen=True, kw_only=True):
    """Bytes flow until the time is over, then both sides see the connection close."""

    type: ClassVar[str] = "limit_time"
    alone: ClassVar[Unit | None] = "connection"
    time: Annotated[Ms, note("How many milliseconds after the connection, the toxic or the struck message began.")]

    def stage(self, grip: Grip) -> Stage:
        return Cutting(grip, "fin", self.time)
