"""When a program of one's own is ready, in the forms in which one says it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fozzy.chaos.services.wire import Wire

if TYPE_CHECKING:
    from fozzy.chaos.services.said import Said
    from fozzy.chaos.services.service import Service

Ready = str | re.Pattern[str] | Callable[[Any], bool] | None
ASK_S = 1.0  # for one look; it is asked again


def is_ready(ready: Ready, service: Service, said: Said | None) -> bool:
    """Whether it is ready now, going by what it has said in this life. A function that raises `OSError` says no."""
    if isinstance(ready, re.Pattern):
        return said is not None and said.has(ready)
    with suppress(OSError):
        if isinstance(ready, str):
            return 200 <= _status(service.port, ready) < 300
        if ready is not None:
            return bool(ready(service))
        with Wire(service.port, ASK_S):
            return True
    return False


def _status(port: int, path: str) -> int:
    """What a server answers to a GET."""
    with Wire(port, ASK_S) as wire:
        wire.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        words = wire.until(b"\r\n").split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
