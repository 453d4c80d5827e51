"""Names in a merge patch: what takes a field away must name one too, else a slip of the finger would do nothing."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from fozzy.chaos.api.call import Rejected
from fozzy.core.types import fields, members, structs
from fozzy.errors import suggestion


def merged_names(changes: Any, kind: Any, place: str = "") -> None:
    """*Errors*: `Rejected` where a name in `changes`, at any depth, is no field of the type."""
    if not isinstance(changes, dict):
        return
    known = {name: field.type for each in structs(kind) for name, field in fields(each).items()}
    for name, value in changes.items():
        at = f"{place}.{name}" if place else name
        if known and name not in known:
            hint = suggestion(name, known)
            raise Rejected(400, "chaos.unknown_key", f"{at}: there is no such key", hint=hint, field=at)
        merged_names(value, known[name] if known else _inner(kind), at)


def _inner(kind: Any) -> Any:
    """What the members of a table are."""
    return next((get_args(each)[1] for each in members(kind) if get_origin(each) is dict), None)
