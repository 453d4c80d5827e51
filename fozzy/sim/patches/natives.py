"""Libraries that reach the network past Python: they are fenced as soon as they are imported.

To fence another one, name its module and functions below. Used beside user code, so it imports nothing but the
standard library.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from fozzy.sim import context
from fozzy.sim.patches import doors, late
from fozzy.sim.patches.fences import fence, fenced, fenced_method

LOOP = "uvloop runs on the true clock and network; leave it out, the simulated machine has its own event loop."
DRIVER = "{} talks to the true network past Python; use a client for asyncio in pure Python{}."

_CHANNELS = ("insecure_channel", "secure_channel", "server")
_FUNCTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "uvloop": (("install", "new_event_loop", "run"), LOOP),
    "grpc": (_CHANNELS, DRIVER.format("gRPC's core", ", such as grpclib")),
    "grpc.aio": (_CHANNELS, DRIVER.format("gRPC's core", ", such as grpclib")),
    "psycopg2": (("connect",), DRIVER.format("libpq", ", such as asyncpg")),
    "psycopg": (("connect",), DRIVER.format("libpq", ", such as asyncpg")),
    "MySQLdb": (("connect", "Connect", "Connection"), DRIVER.format("libmysqlclient", ", such as aiomysql")),
    "pycurl": (("Curl", "CurlMulti"), DRIVER.format("libcurl", ", such as httpx")),
}


def _patch_functions(module: ModuleType) -> None:
    names, why = _FUNCTIONS[module.__name__]
    for name in names:
        doors.put(module, name, fenced(f"{module.__name__}.{name}", why))
    if module.__name__ == "uvloop":
        _patch_loop(module)
    if module.__name__ == "psycopg":
        for kind in ("Connection", "AsyncConnection"):
            made = fenced_method(f"psycopg.{kind}.connect", why)
            doors.method(getattr(module, kind), "connect", lambda true, made=made: classmethod(made(true.__func__)))  # type: ignore[misc]


def _patch_loop(module: Any) -> None:
    """The class itself, which programs make when they give a loop factory."""
    true_new = module.Loop.__new__

    def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:
        machine = context.current
        if machine is not None:
            raise fence(machine, "uvloop.Loop", LOOP)
        return true_new(cls, *args, **kwargs) if true_new is not object.__new__ else true_new(cls)

    module.Loop.__new__ = __new__


def install() -> None:
    """Watch for the libraries that are fenced."""
    for name in _FUNCTIONS:
        late.when_imported(name, _patch_functions)
