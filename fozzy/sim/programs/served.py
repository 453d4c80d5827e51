"""Importing this module imports what serves an ASGI application, which uvicorn itself does only when it starts.

The interpreter of a cluster with such nodes imports it once; otherwise every execution would, in a process of its own.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

PARTS = (
    "uvicorn",
    "uvicorn.server",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "anyio._backends._asyncio",
)


def load() -> None:
    """Import what is installed; what is missing is told by the program that wants it."""
    for name in PARTS:
        with suppress(ImportError):
            import_module(name)


load()
