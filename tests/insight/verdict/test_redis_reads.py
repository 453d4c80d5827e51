"""Which commands of Redis change nothing, by our lists and by what a server says of its commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from fozzy.faults.tcp.frames.redis_tables import WRITES
from fozzy.insight.verdict.redis_reads import HARMLESS, READS_OF_MODULES, is_redis_harmless

if TYPE_CHECKING:
    from fozzy.chaos.services.redis_server import RedisServer


def flags_of(commands: list[Any]) -> Iterator[tuple[str, frozenset[str]]]:
    """Each command of an answer to `COMMAND`, and each part of one, with its flags."""
    for one in commands:
        name = one[0].decode().upper().replace("|", " ")
        yield name, frozenset(flag.decode() for flag in one[2])
        yield from flags_of(one[9] if len(one) > 9 else [])


def test_a_server_says_the_same(redis_server: RedisServer) -> None:
    """Nothing that a server calls a write changes nothing, and each of its own reads does not."""
    said = dict(flags_of(redis_server.ask("COMMAND")))
    assert "write" in said["SET"] and "readonly" in said["OBJECT ENCODING"]
    assert [name for name, flags in said.items() if "write" in flags and is_redis_harmless(name)] == []
    reads = [name for name, flags in said.items() if "readonly" in flags and "." not in name]
    version = redis_server.ask("INFO", "server").split(b"redis_version:")[1].split(b".")[0]
    if int(version) < 8:  # a later one may read in ways that were not known
        assert [name for name in reads if not is_redis_harmless(name)] == []


@pytest.mark.parametrize(
    "about",
    [
        "WHATEVER k",
        "JSON.SET k",
        "JSON.NUMINCRBY k",
        "BF.ADD f",
        "TS.ADD t",
        "TOPK.INCRBY k",
        "CONFIG SET maxmemory",
        "CONFIG",
        "CLIENT KILL",
        "FUNCTION LOAD",
        "XGROUP CREATE a",
        "PUBLISH a",
        "EXEC",
        "FLUSHALL",
        "SORT a",
        "GETEX a",
    ],
)
def test_what_is_not_known_to_read_writes(about: str) -> None:
    """An invented command, one of a module, one part of a command whose other parts read."""
    assert not is_redis_harmless(about)


@pytest.mark.parametrize(
    "about", ["get a", "CONFIG get maxmemory", "OBJECT ENCODING a", "JSON.GET k", "CLIENT SETINFO a"]
)
def test_what_reads(about: str) -> None:
    """However it is written."""
    assert is_redis_harmless(about)


def test_what_a_server_refuses_as_a_write_is_one() -> None:
    """The table of what a replica refuses and these lists share nothing."""
    assert WRITES.isdisjoint(HARMLESS) and READS_OF_MODULES <= HARMLESS
