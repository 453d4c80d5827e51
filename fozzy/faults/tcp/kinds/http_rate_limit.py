"""`http_rate_limit`: requests are answered with 429."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import Answer, Kind
from fozzy.faults.tcp.kinds.http_answer import JSON, Seconds, answer, error_body
from fozzy.faults.tcp.message import Message
from fozzy.faults.tcp.plan import Protocol, Unit

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

STATUS = 429


class HttpRateLimit(Kind, frozen=True, kw_only=True):
    """A request is answered with 429 and `Retry-After`; the server never sees it. The schedule says which: `after = 10`."""

    type: ClassVar[str] = "http_rate_limit"
    units: ClassVar[tuple[Unit, ...]] = ("message",)
    protocols: ClassVar[tuple[Protocol, ...]] = ("http",)
    is_of_requests: ClassVar[bool] = True
    of: ClassVar[frozenset[str]] = frozenset({"request"})
    retry_after: Annotated[Seconds, note("The seconds of the `Retry-After` header.")] = 1

    def answer(self, request: Message, data: bytes, grip: Grip) -> Answer:
        body = error_body("chaos_ratelimit", f"too many requests; try again in {self.retry_after} s")
        headers = {"Content-Type": JSON, "Retry-After": str(self.retry_after)}
        return answer(request, data, STATUS, headers, body)
