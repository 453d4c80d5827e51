"""Whether a request is one that was recorded.

Rule 1: by default method, path, query, chosen headers (none unless they are named) and body are the same. How a body
came (in chunks or with its length) and in which order members of JSON and differently named parameters stand is no
difference; neither is an escape that need not be one.
Rule 2: a looser way to compare bodies is asked for by name. Then a request may be like several recorded ones.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
from blake3 import blake3

from fozzy.core.exchange import Headers
from fozzy.errors import InputError
from fozzy.faults.http.canonical import canonical

DIGEST_BYTES = 16
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """What must be the same. `body`: `exact`; `subset`, all that the recorded JSON says is in the request's;
    `substring`, the recorded body stands in the request's; `regex`, what `pattern` finds in both is the same; `any`.
    """

    body: Literal["exact", "subset", "substring", "regex", "any"] = "exact"
    pattern: str = ""
    headers: list[str] = []
    repeats: bool = True  # what is asked more often than it was recorded gets the last answer again
    strict: bool = True  # a request that is like several recorded ones is refused, else it gets the first one's answer

    def __post_init__(self) -> None:
        """*Errors*: `InputError` for a pattern that is none, or is missing."""
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise InputError("chaos.bad_pattern", f'"{self.pattern}" is no regular expression: {error}') from error
        if (self.body == "regex") != bool(self.pattern):
            message = "a pattern is for bodies that match by regex, and those need one"
            raise InputError("chaos.bad_pattern", message, hint="such as --match-body regex --match-pattern '…'")

    def head(self, method: str, target: str, headers: Headers) -> tuple[str, ...]:
        """Method, path, query and the chosen headers, each in its canonical form."""
        path, _, query = target.partition("?")
        chosen = (values(headers, name) for name in self.headers)
        return (method, unescaped(path), "&".join(parameters(query)), *chosen)

    def is_like(self, recorded: bytes, asked: bytes) -> bool:
        """Whether a body that is not the same will do."""
        match self.body:
            case "any":
                return True
            case "subset":
                return _is_subset(_json(recorded), _json(asked))
            case "substring":
                return bool(recorded) and recorded in asked
            case "regex":
                found = re.findall(self.pattern, _text(recorded))
                return bool(found) and found == re.findall(self.pattern, _text(asked))
            case _:
                return False


def digest_of(body: bytes) -> bytes:
    """What a whole body is told by."""
    return blake3(canonical(body)).digest(length=DIGEST_BYTES)


def unescaped(text: str) -> str:
    """A part of a target without escapes that need not be; the others with large digits (RFC 3986, 6.2.2)."""
    return _ESCAPE.sub(_one, text) if "%" in text else text


def parameters(query: str) -> list[str]:
    """The parameters of a query, those of one name in their order, the names sorted."""
    return sorted(map(unescaped, query.split("&")), key=lambda each: each.partition("=")[0])


def values(headers: Headers, name: str) -> str:
    """All values of a header, as one."""
    wanted = name.lower()
    return ", ".join(value.strip() for each, value in headers if each.lower() == wanted)


def _one(escape: re.Match[str]) -> str:
    char = chr(int(escape[1], 16))
    return char if char in _UNRESERVED else escape[0].upper()


def _text(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


_NO_JSON = object()


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _NO_JSON


def _is_subset(part: Any, whole: Any) -> bool:
    """Whether all of `part` is in `whole`: members of objects may be more there, items of lists may not."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and _is_subset(value, whole[name]) for name, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(_is_subset, part, whole))
    return type(part) is type(whole) and bool(part == whole) and part is not _NO_JSON
