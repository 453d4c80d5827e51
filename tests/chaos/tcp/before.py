"""A TCP proxy before a real service, as tests have it: `fozzy.chaos.tcp` in one line, with a seed that is always the same.

with before(redis_server.address, "redis", "drop_reply:match=INCR,first=1") as proxy:
    redis.Redis(*proxy.address).incr("orders")
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from unittest import mock

from fozzy.chaos.tcp import relay
from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.chaos.tcp.library import tcp
from fozzy.chaos.tcp.words import toxic_said
from fozzy.faults.tcp.plan import Protocol, Toxic

SOON_S = 30.0  # for what must come, on a machine that is busy with other things
SEED = 7


def toxic(text: str) -> Toxic:
    """A toxic as the command line takes it."""
    return toxic_said(text).toxic


@contextmanager
def before(
    upstream: str, protocol: Protocol, *toxics: str, seed: int = SEED, read_bytes: int = 0
) -> Iterator[TcpProxy]:
    """A proxy with these toxics. With `read_bytes` it reads no more at once."""
    small = mock.patch.object(relay, "READ_BYTES", read_bytes) if read_bytes else nullcontext()
    with small, tcp(upstream, protocol=protocol, toxics=list(map(toxic, toxics)), seed=seed) as proxy:
        yield proxy
