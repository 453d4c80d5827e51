"""How an error is answered: Toxiproxy's text and status, which its clients know, and beside them what is exactly wrong."""

from __future__ import annotations

import re

import msgspec

from fozzy.chaos.api.call import Answer, Rejected, answered
from fozzy.errors import FozzyError
from fozzy.faults.tcp.plan import Proxy, Toxic

BAD_BODY = "bad request body"
# Toxiproxy's own words, by our code; what is not named here is a body that is wrong.
TEXTS = {
    "chaos.unknown_proxy": (404, "proxy not found"),
    "chaos.unknown_toxic": (404, "toxic not found"),
    "chaos.proxy_exists": (409, "proxy already exists"),
    "chaos.toxic_exists": (409, "toxic already exists"),
    "chaos.api_browser": (403, "User agent not allowed"),
}
OF_TOXICS = {"type": "invalid toxic type", "stream": "stream was invalid, can be either upstream or downstream"}
_NAMES = {*Proxy.__struct_fields__, *Toxic.__struct_fields__, "proxies"}
_FIELD = re.compile(r"(([a-z_]+)[^\s:]*)(?=:? )")
_MISSING = re.compile(r"(?:proxies\[(\d+)\]\.)?(\w+)")


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a request that was not carried out; nothing has changed. `error` and `status` are Toxiproxy's."""

    error: str
    status: int
    code: str
    message: str
    hint: str = ""
    field: str = ""


def failing(error: FozzyError) -> Answer:
    """The answer that tells an error."""
    field = _field_of(error)
    status, text = _told(error, field)
    said = Failure(error=text, status=status, code=error.code, message=error.message, hint=error.hint, field=field)
    headers: list[tuple[str, str]] = []
    if isinstance(error, Rejected) and error.allow:
        headers.append(("Allow", ", ".join(error.allow)))
    if status == 401:
        headers.append(("WWW-Authenticate", 'Bearer realm="fozzy"'))
    return answered(said, status)._replace(headers=tuple(headers))


def _told(error: FozzyError, field: str) -> tuple[int, str]:
    """The status, and the text in Toxiproxy's words."""
    if error.code in TEXTS:
        return TEXTS[error.code]
    if error.code == "chaos.missing_field":
        return 400, f"missing required field: {_missing(field)}"
    if error.code == "chaos.listen":
        return 500, error.message
    if isinstance(error, Rejected) and error.code != "chaos.api_body":
        return error.status, error.message
    if error.code == "chaos.bad_value" and field in OF_TOXICS:
        return 400, OF_TOXICS[field]
    return 400, f"{BAD_BODY}: {error.message}"


def _missing(field: str) -> str:
    """A field that is missing; in a list of proxies with the number of its proxy, counted from 1."""
    found = _MISSING.fullmatch(field)
    return field if found is None or found[1] is None else f"{found[2]} at proxy {int(found[1]) + 1}"


def _field_of(error: FozzyError) -> str:
    """The place that a message begins with, where it is one of a body."""
    if isinstance(error, Rejected):
        return error.field
    found = _FIELD.match(error.message)
    return found[1] if found is not None and found[2] in _NAMES else ""
