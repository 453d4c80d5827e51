"""Real services for tests, started privately on loopback, and what may happen to them: killed, frozen, limited, exhausted.

with RedisServer() as server, server.killed(): ...
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, whose import would cost more
if TYPE_CHECKING:
    from typing import Any

    from fozzy.chaos.services.postgres_server import PostgresServer as PostgresServer
    from fozzy.chaos.services.redis_server import RedisServer as RedisServer
    from fozzy.chaos.services.service import Service as Service

_HOMES = {"RedisServer": "redis_server", "PostgresServer": "postgres_server", "Service": "service"}


def __getattr__(name: str) -> Any:
    """A kind of service, imported when first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"fozzy.chaos.services.{_HOMES[name]}"), name)
