"""A request to the control API and its answer, as operations see them: no socket, no bytes that nobody has checked."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from fozzy.errors import FozzyError, InputError

JSON = "application/json"
# How an error of the engine, of a plan or of ours is answered; what is not named here is 400.
STATUSES = {
    "chaos.unknown_scenario": 404,
    "chaos.unknown_test": 404,
    "chaos.not_active": 404,
    "chaos.active": 409,
}


class Call(NamedTuple):
    """A request that has passed the guard. `path` is as it was sent, without the query; header names are in small letters."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""


class Answer(NamedTuple):
    """What is answered. `body` is sent as it is; `headers` come besides type and length."""

    status: int
    body: bytes
    type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class Rejected(InputError):
    """A request that is not carried out. `field` is the place in its body or query that is wrong."""

    def __init__(
        self, status: int, code: str, message: str, *, hint: str = "", field: str = "", allow: tuple[str, ...] = ()
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.status = status
        self.field = field
        self.allow = allow  # methods


class Error(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong, and what to do about it. `field` is the place in the body or the query."""

    code: str
    message: str
    hint: str = ""
    field: str = ""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a request that was not carried out. Nothing has changed."""

    error: Error


_ENCODER = msgspec.json.Encoder()


def answered(value: Any, status: int = 200) -> Answer:
    """A value as JSON."""
    return Answer(status, _ENCODER.encode(value) + b"\n")


def failed(error: FozzyError) -> Answer:
    """The answer that tells an error."""
    refused = error if isinstance(error, Rejected) else None
    status = refused.status if refused else STATUSES.get(error.code, 400)
    field = refused.field if refused else str(getattr(error, "field", ""))
    headers: list[tuple[str, str]] = []
    if refused and refused.allow:
        headers.append(("Allow", ", ".join(refused.allow)))
    if status == 401:
        headers.append(("WWW-Authenticate", 'Bearer realm="fozzy"'))
    said = Failure(error=Error(code=error.code, message=error.message, hint=error.hint, field=field))
    return answered(said, status)._replace(headers=tuple(headers))
