from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.chaos.replaying import replay_proxy
from fozzy.errors import EvidenceError, InputError

HTTP = Path("tests/fixtures/traces/v1.proxy.fozzy")
TCP = Path("tests/fixtures/traces/v1.tcp.fozzy")


@pytest.mark.parametrize(("path", "passed"), [(HTTP, "50 requests"), (TCP, "12 connections and 129 messages")])
def test_each_wire_is_decided_by_its_own_rules(path: Path, passed: str) -> None:
    """What went through is named as what it is."""
    done = replay_proxy(path)
    assert (done.divergence.verdict, done.passed) == ("SAME", passed)


def test_a_chaos_file_is_read_as_one_of_its_wire(tmp_path: Path) -> None:
    """A plan of TCP is none of HTTP, and it decides in place of the recorded one."""
    chaos = tmp_path / "plan.toml"
    chaos.write_text('[[proxies]]\nname = "redis"\nupstream = "127.0.0.1:1"\n')
    with pytest.raises(InputError):
        replay_proxy(HTTP, chaos=chaos)


def test_an_altered_trace_is_not_read(tmp_path: Path) -> None:
    """The seal is looked at before anything is interpreted."""
    path = tmp_path / "t.fozzy"
    path.write_bytes(TCP.read_bytes().replace(b"tcp", b"ftp", 1))
    with pytest.raises(EvidenceError):
        replay_proxy(path)
