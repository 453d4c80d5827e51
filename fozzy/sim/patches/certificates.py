"""Certificates are read when a connection needs them: each client of httpx and others reads hundreds as it is made.

On a real machine that is milliseconds of a program's life; here it would be most of an execution.
Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from fozzy.sim import context
from fozzy.sim.patches import late

_waiting: WeakKeyDictionary[Any, list[Any]] = WeakKeyDictionary()  # contexts that still have something to read


def install() -> None:
    """Let contexts that are made on a machine wait. *Limits*: a file that is not there is noticed at once, one that
    holds no certificates when it is read."""
    late.when_imported("ssl", _patch_ssl)


def _patch_ssl(module: ModuleType) -> None:
    kind: Any = getattr(module, "SSLContext")  # noqa: B009  # a module of no known type
    if hasattr(kind.load_verify_locations, "true"):
        return
    load = kind.load_verify_locations

    def load_verify_locations(self: Any, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        if context.current is None or cadata is not None or capath is not None or not os.path.isfile(cafile or ""):
            load(self, cafile, capath, cadata)
        else:
            _waiting.setdefault(self, []).append(cafile)

    load_verify_locations.true = load  # type: ignore[attr-defined]
    kind.load_verify_locations = load_verify_locations
    for name in ("_wrap_bio", "_wrap_socket", "cert_store_stats", "get_ca_certs"):
        setattr(kind, name, _first_reading(getattr(kind, name), load))


def _first_reading(method: Any, load: Any) -> Any:
    """A method before which what waits is read."""

    def reading(self: Any, *args: Any, **more: Any) -> Any:
        for cafile in _waiting.pop(self, ()):
            load(self, cafile)
        return method(self, *args, **more)

    return reading
