"""HTTP as questions and answers."""

from typing import ClassVar, Protocol

import msgspec

from fozzy.core.blob import EMPTY, Blob
from fozzy.core.choice import Answer, Request
from fozzy.world.failure import Failure


class HttpAnswer(Answer, frozen=True, kw_only=True):
    """What came back: headers in order, names as sent; with a failure, what had come until then."""

    status: int = 0
    headers: list[tuple[str, str]] = []
    body: Blob = EMPTY
    failure: Failure | None = None

    def header(self, name: str) -> str | None:
        """The named header, case-insensitively; several are joined with `, `."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(found) if found else None


class HttpRequest(Request, frozen=True, kw_only=True):
    """What is sent. `url` is a path for scripted answers, an absolute URL for real ones."""

    answer: ClassVar[type[Answer]] = HttpAnswer
    method: str
    url: str
    headers: list[tuple[str, str]] = []
    body: Blob = EMPTY
    timeout_ms: int = 0  # of this request alone; 0 leaves it to the run

    def is_upgrade(self) -> bool:
        """Whether this asks for a websocket instead of an ordinary answer."""
        return self.url.startswith(("ws://", "wss://")) or any(
            key.lower() == "upgrade" and value.lower() == "websocket" for key, value in self.headers
        )


class Answered(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer of a burst: to which request, when it was whole since the burst began, and what it took itself."""

    index: int
    at_ns: int
    took_ns: int
    answer: HttpAnswer


class BurstAnswers(Answer, frozen=True, kw_only=True):
    """What came back of a burst, in the order of completion."""

    answers: list[Answered] = []


class HttpBurst(Request, frozen=True, kw_only=True):
    """The same request `count` times, `concurrency` of them at a time.

    *Limits*: `body_bytes_max` for all answers together, as they are kept together.
    """

    answer: ClassVar[type[Answer]] = BurstAnswers
    count: int
    concurrency: int
    request: HttpRequest


class Http(Protocol):
    """Somebody who answers HTTP requests."""

    def send(self, request: HttpRequest) -> HttpAnswer:
        """The answer, whole or with its failure."""
        ...

    def burst(self, request: HttpBurst) -> BurstAnswers:
        """Every answer, whole or with its failure."""
        ...
