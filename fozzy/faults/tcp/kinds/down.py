"""`down`: nobody listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.kinds.cutting import Cutting
from fozzy.faults.tcp.message import Item
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class Down(Kind, frozen=True, kw_only=True):
    """The port is closed, and open connections are cut; with `after` they live on, and with messages counted it is down
    from the first struck one on. Where single connections are struck they are reset right after they were accepted."""

    type: ClassVar[str] = "down"
    alone: ClassVar[Unit | None] = "connection"
    units: ClassVar[tuple[Unit, ...]] = ("connection", "message")
    is_of_listener: ClassVar[bool] = True

    def stage(self, grip: Grip) -> Stage:
        return _Falling(grip, "rst", 0)


class _Falling(Cutting):
    def begin(self, now_ns: int) -> list[Item]:
        self.grip.armed.is_begun = True
        return super().begin(now_ns)
