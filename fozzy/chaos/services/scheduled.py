"""A fault of a service that waits for a request: the schedule of a toxic says which one, on the proxy it comes through.

Rule 1: the service stands still before that request is sent on to it, so it gets the bytes and never answers them.
Rule 2: the toxic is declared on the proxy like any other; one that never comes to pass is told like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import trio

from fozzy.chaos.tcp.words import toxic_of
from fozzy.errors import FozzyError

if TYPE_CHECKING:
    from fozzy.chaos.tcp.handle import TcpProxy


@contextmanager
def on_request(
    proxy: TcpProxy, kind: str, words: dict[str, Any], then: tuple[Callable[[], None], ...]
) -> Iterator[str]:
    """For a block: when a request is struck, do the first before it is sent on, and the others after.

    It is the name of the toxic that waits for it.
    """
    toxic = toxic_of("latency", {"latency": 0, "stream": "upstream", "name": kind, **words})
    first, *others = then
    struck: list[bool] = []

    def strikes() -> None:
        if not struck:
            struck.append(True)
            first()
            for other in others:
                trio.lowlevel.current_trio_token().run_sync_soon(proxy.harmless(kind, other))

    name = proxy.add(toxic, strikes)
    try:
        yield name
    finally:
        with suppress(FozzyError):  # somebody else has taken it away, or the proxy is gone
            proxy.remove(name)
