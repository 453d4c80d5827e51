"""`limit_data`: the connection ends after so many bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import Bytes, Kind
from fozzy.faults.tcp.kinds.cutting import Cutting
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class LimitData(Kind, frozen=True, kw_only=True):
    """So many bytes arrive, then both sides see the connection close. With a schedule: so many of a struck message."""

    type: ClassVar[str] = "limit_data"
    alone: ClassVar[Unit | None] = "connection"
    bytes: Annotated[Bytes, note("How many arrive; of 0 the first closes it.")] = 0

    def stage(self, grip: Grip) -> Stage:
        return Cutting(grip, "fin", 0, self.bytes)
