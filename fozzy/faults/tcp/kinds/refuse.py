"""`refuse`: connections are refused; those that are open live on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.kinds.cutting import Cutting
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class Refuse(Kind, frozen=True, kw_only=True):
    """The port is closed, or nobody answers there. Where single connections are struck they are reset after they were accepted."""

    type: ClassVar[str] = "refuse"
    alone: ClassVar[Unit | None] = "connection"
    units: ClassVar[tuple[Unit, ...]] = ("connection",)
    is_of_listener: ClassVar[bool] = True
    how: Annotated[
        Literal["rst", "silent"], note("Whether who connects is refused at once, or hears nothing and waits.")
    ] = "rst"

    def stage(self, grip: Grip) -> Stage:
        return Cutting(grip, "rst", 0)
