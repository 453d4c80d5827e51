"""`http_status`: requests are answered here, with a status of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from fozzy.faults.http.flaws import header_flaws
from fozzy.faults.http.plan import Code, note
from fozzy.faults.tcp.frames.heads import BODILESS
from fozzy.faults.tcp.kinds.base import Answer, Flaw, Kind
from fozzy.faults.tcp.kinds.http_answer import JSON, Seconds, answer, error_body, with_type
from fozzy.faults.tcp.message import Message
from fozzy.faults.tcp.plan import Protocol, Unit

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

BODY_CHARS_MAX = 1 << 20
HEADERS_MAX = 100


class HttpStatus(Kind, frozen=True, kw_only=True):
    """A request is answered with a status and a body of ours; the server never sees it. The connection goes on."""

    type: ClassVar[str] = "http_status"
    units: ClassVar[tuple[Unit, ...]] = ("message",)
    protocols: ClassVar[tuple[Protocol, ...]] = ("http",)
    is_of_requests: ClassVar[bool] = True
    of: ClassVar[frozenset[str]] = frozenset({"request"})
    status: Annotated[Code, note("The status.")] = 503
    body: Annotated[
        Annotated[str, Meta(max_length=BODY_CHARS_MAX)] | None,
        note("The body; a JSON object with the error code `chaos_status` unless given."),
    ] = None
    headers: Annotated[
        Annotated[dict[str, str], Meta(max_length=HEADERS_MAX)],
        note("Headers; the type of the body follows from it unless it is among them."),
    ] = {}
    retry_after: Annotated[Seconds | None, note("The seconds of a `Retry-After` header.")] = None

    def flaws(self) -> Iterator[Flaw]:
        for wrong in header_flaws("", self.headers):
            yield Flaw("headers", wrong.said, wrong.hint)
        if self.body and self.status in BODILESS:
            yield Flaw("body", f"is given, and an answer of status {self.status} has none", "remove body")
        if self.retry_after is not None and any(name.lower() == "retry-after" for name in self.headers):
            yield Flaw("retry_after", "is said in headers too", "say it in one place")

    def answer(self, request: Message, data: bytes, grip: Grip) -> Answer:
        headers = self.headers
        if self.retry_after is not None:
            headers = {**headers, "Retry-After": str(self.retry_after)}
        if self.status in BODILESS:
            return answer(request, data, self.status, headers, b"")
        if self.body is None:
            body = error_body("chaos_status", f"a toxic answers {self.status}")
            return answer(request, data, self.status, {"Content-Type": JSON, **headers}, body)
        body = self.body.encode("utf-8", "surrogateescape")
        return answer(request, data, self.status, with_type(headers, self.body), body)
