"""`reset_peer`: the connection is reset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import Bytes, Kind, Ms
from fozzy.faults.tcp.kinds.cutting import Cutting
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class ResetPeer(Kind, frozen=True, kw_only=True):
    """Both sides get RST. Without a schedule that is `timeout` after the connection or the toxic began, else at a message."""

    type: ClassVar[str] = "reset_peer"
    alone: ClassVar[Unit | None] = "connection"
    timeout: Annotated[Ms, note("So many milliseconds later; until then bytes pass.")] = 0
    after_bytes: Annotated[
        Bytes | None, note("Only after so many bytes, of the stream or of a struck message; they arrive first.")
    ] = None

    def stage(self, grip: Grip) -> Stage:
        return Cutting(grip, "rst", self.timeout, self.after_bytes)
