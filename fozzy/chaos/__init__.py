"""Doors that let faults onto the wire: a proxy, an ASGI middleware, an httpx transport."""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, whose import would cost more
if TYPE_CHECKING:
    from typing import Any

    from fozzy.chaos.tcp.library import tcp as tcp  # the package is called; for checkers it is the function


def __getattr__(name: str) -> Any:
    """What people call of this package, imported when first used."""
    if name != "tcp":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module("fozzy.chaos.tcp")
