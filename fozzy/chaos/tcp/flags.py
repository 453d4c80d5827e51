"""What the flags of `fozzy proxy tcp` and their variables mean, read as those of `fozzy proxy http` (`chaos/files/flags`).

To add a flag: a line in `TCP_FLAGS` and a field of the same name in `cli/proxy_tcp_flags.py`; a test compares the two.
"""

from __future__ import annotations

from typing import Any

from fozzy.chaos.files import values
from fozzy.chaos.files.flags import FLAGS, TEXT, Flag

COMMAND = "fozzy proxy tcp"


def upstream(text: str) -> values.Address:
    """Where a server listens: `127.0.0.1:6379`, `redis.local:6379`."""
    found = values.address(text)
    if not found.port:
        raise ValueError(f'must be HOST:PORT of a server such as 127.0.0.1:6379, got "{text}"')
    return found


def toxic(text: str) -> Any:
    """A toxic: `latency:latency=100,first=3`."""
    from fozzy.chaos.tcp.words import toxic_said  # a command line without one needs no words

    return toxic_said(text)


def proxy(text: str) -> Any:
    """A proxy: `redis:upstream=127.0.0.1:6379`."""
    from fozzy.chaos.tcp.words import proxy_said

    return proxy_said(text)


TCP_FLAGS: dict[str, Flag] = {
    **{name: FLAGS[name] for name in ("listen", "seed", "chaos")},
    "upstream": Flag(upstream),
    "protocol": Flag(values.one_of("raw", "redis", "postgres", "http")),
    "proxy": Flag(proxy, many=True, between=";"),
    "toxic": Flag(toxic, many=True, between=";"),
    "record": TEXT,
    **{name: FLAGS[name] for name in ("record_collision", "control", "control_token", "journal_size")},
}
