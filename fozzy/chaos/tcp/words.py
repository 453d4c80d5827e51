"""Toxics and proxies in a few words: `latency:latency=100,jitter=20,first=3`, or as keywords of a call.

Rule 1: a word is an attribute of the toxic's type where that has one of this name, else one of its schedule.
Rule 2: a value is what its field takes: a number, a truth value, a text; what begins with `"`, `[` or `{` is JSON.
What reads a flag raises `ValueError` with what must be said, so that whoever asks puts the flag's name before it.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from fozzy.chaos.files.values import share
from fozzy.core.types import fields, members, wanted
from fozzy.errors import InputError, suggestion
from fozzy.faults.http.forms import formed
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import Proxy, Toxic

_WORD = re.compile(r"[a-z_]+")
_OF_TOXICS = {name: field for name, field in fields(Toxic).items() if name not in ("type", "attributes")}
_OF_PROXIES = {name: field for name, field in fields(Proxy).items() if name not in ("name", "toxics")}


class Declared(NamedTuple):
    """A toxic, and the proxy it is for; none where there is but one."""

    proxy: str
    toxic: Toxic


def toxic_of(kind: str, words: Mapping[str, Any]) -> Toxic:
    """A toxic from its type and words. With `attributes` all other words are of the toxic itself. *Errors*: `InputError`."""
    try:
        own = _attributes_of(kind)
    except ValueError as error:
        raise InputError("chaos.bad_value", f"the type {error}") from None
    if "attributes" in words:
        return formed(Toxic, {"type": kind, **words})
    for name in words:
        if name not in own and name not in _OF_TOXICS:
            raise InputError("chaos.unknown_key", _unknown(kind, name, [*own, *_OF_TOXICS]))
    attributes = {name: value for name, value in words.items() if name in own}
    others = {name: value for name, value in words.items() if name not in own}
    return formed(Toxic, {"type": kind, "attributes": attributes, **others})


def toxic_said(text: str) -> Declared:
    """A toxic as a flag says it: `[PROXY/]TYPE[:KEY=VALUE,…]`. *Errors*: `ValueError`."""
    head, _, rest = text.partition(":")
    proxy, _, kind = head.rpartition("/")
    return Declared(proxy, toxic_of(kind, _values(kind, rest, {**_OF_TOXICS, **_attributes_of(kind)})))


def proxy_said(text: str) -> tuple[str, dict[str, Any]]:
    """A proxy's name and fields as a flag says them: `NAME:upstream=127.0.0.1:6379,protocol=redis`. *Errors*: `ValueError`."""
    name, colon, rest = text.partition(":")
    if not name or not colon:
        raise ValueError(f'must be a name and fields such as redis:upstream=127.0.0.1:6379, got "{text}"')
    return name, _values(name, rest, _OF_PROXIES)


def _attributes_of(kind: str) -> dict[str, Any]:
    if kind not in KINDS:
        hint = suggestion(kind, KINDS) or f"there are {', '.join(KINDS)}"
        raise ValueError(f'must be a toxic such as latency:latency=100, got "{kind}"; {hint}')
    return fields(KINDS[kind])


def _values(whose: str, text: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """`key=value,key=value` by the fields they are for."""
    found: dict[str, Any] = {}
    at = 0
    while at < len(text):
        name, equals = _named(text, at)
        if name not in known:
            raise ValueError(_unknown(whose, name, known))
        if name in found:
            raise ValueError(f"{whose}.{name} is said twice")
        if not equals:
            raise ValueError(f"{whose}.{name} needs a value: {name}=…")
        said, at = _value_at(text, equals)
        found[name] = _typed(whose, name, said, known[name].type)
    return found


def _named(text: str, at: int) -> tuple[str, int]:
    """The key at a place, and where its value begins; 0 where it has none."""
    word = _WORD.match(text, at)
    end = word.end() if word else at
    if text[end : end + 1] == "=":
        return text[at:end], end + 1
    return text[at:].partition(",")[0].partition("=")[0], 0


def _value_at(text: str, at: int) -> tuple[Any, int]:
    """The value at a place, and where the next key begins. Plain text ends at a comma."""
    if text[at : at + 1] in ('"', "[", "{"):
        try:
            value, end = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            raise ValueError(f"holds JSON that does not end: {text[at:]}") from None
        if text[end : end + 1] not in ("", ","):
            raise ValueError(f"must have a comma behind {text[at:end]}")
        return _Exact(value), end + 1
    end = text.find(",", at)
    end = len(text) if end < 0 else end
    return text[at:end], end + 1


class _Exact(NamedTuple):
    """A value that was written as JSON."""

    value: Any


def _typed(whose: str, name: str, said: Any, kind: Any) -> Any:
    """A text as the value its field takes: a number or a truth value where it takes one, else the text."""
    for candidate in [said.value] if isinstance(said, _Exact) else _candidates(said, kind):
        with contextlib.suppress(msgspec.ValidationError):
            return msgspec.convert(candidate, kind)
    shown = json.dumps(said.value) if isinstance(said, _Exact) else f'"{said}"'
    raise ValueError(f"{whose}.{name} must be {wanted(kind)}, got {shown}")


def _candidates(text: str, kind: Any) -> list[Any]:
    found: list[Any] = []
    readers: list[Callable[[str], Any]] = [json.loads, *([share] if float in members(kind) else [])]
    for read in readers:
        with contextlib.suppress(ValueError, RecursionError):
            found.append(read(text))
    if ".." in text:
        found.append(text.split("..", 1))
    return [*found, text]


def _unknown(whose: str, name: str, known: Any) -> str:
    hint = suggestion(name, known) or f"it has {', '.join(known)}"
    return f'{whose} has no "{name}"; {hint}'
