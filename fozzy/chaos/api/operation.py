"""An operation of the control API: what it is called, what it takes and gives, and the function that does it.

From this the router, the checks of bodies and queries, and the OpenAPI document follow. To add an operation: a function
and an `Operation` in a module of `operations/`; a test there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from fozzy.chaos.api.controls import Controls


class Asked(NamedTuple):
    """What an operation was asked: the words of its path, its query and its body, all of the types it says."""

    words: dict[str, str]
    query: Any
    body: Any


Run = Callable[[Controls, Asked], Any]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path. `text` is the content type where it gives no JSON; a patch is checked by who applies it."""

    method: str
    path: str
    name: str
    does: str
    run: Run
    gives: Any
    takes: Any = None
    is_patch: bool = False
    is_optional: bool = False  # the body
    asks: type[msgspec.Struct] | None = None
    refuses: tuple[int, ...] = ()
    text: str = ""
    example: Any = None  # of a body


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No query."""
