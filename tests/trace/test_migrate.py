from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.engine.replay import replay_file
from fozzy.errors import EvidenceError
from fozzy.trace.format import VERSION
from fozzy.trace.migrate import STEPS, migrate_header
from fozzy.trace.reader import open_trace
from fozzy.trace.verify import verify

Reseal = Callable[[bytes], bytes]
Tree = dict[str, Any]


@pytest.fixture
def future(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two releases on: format 2 called the seed `seed`, format 1 `start`; format 3 wants a mode."""

    def to_2(header: Tree) -> Tree:
        return {**{key: value for key, value in header.items() if key != "start"}, "seed": header["start"]}

    def to_3(header: Tree) -> Tree:
        return {**header, "mode": header.get("mode", "run")}

    monkeypatch.setattr("fozzy.trace.migrate.VERSION", VERSION + 2)
    monkeypatch.setattr("fozzy.trace.reader.VERSION", VERSION + 2)
    monkeypatch.setattr("fozzy.trace.migrate.STEPS", {VERSION: to_2, VERSION + 1: to_3})


@pytest.fixture
def trace(fz: Any, scenario: Any) -> bytes:
    """A trace of today."""
    scenario("a", [{"type": "rand_u64"}, {"type": "fail", "message": "no"}])
    assert fz("run", "a.fozzy.json", "--det", "--seed", "7", "--record", "t.fozzy", "--quiet").code == 1
    return Path("t.fozzy").read_bytes()


def aged(trace: bytes, version: int) -> bytes:
    """The trace as a made-up older release would have written it."""
    head, rest = trace.split(b"\n", 1)
    header = msgspec.json.decode(head)
    header["version"] = version
    if version == VERSION:
        header["start"] = header.pop("seed")
        del header["mode"]
    if version == VERSION + 1:
        del header["mode"]
    return msgspec.json.encode(header) + b"\n" + rest


@pytest.mark.parametrize("version", [VERSION, VERSION + 1, VERSION + 2])
def test_an_older_trace_goes_through_every_step(
    trace: bytes, resealed: Reseal, future: None, version: int, fz: Any
) -> None:
    """Each version is turned into the next one until it is the newest; then it verifies and replays as ever."""
    path = Path("old.fozzy")
    path.write_bytes(resealed(aged(trace, version)))
    with open_trace(path) as opened:
        header = opened.header()
        assert (opened.version, header.version, header.seed, header.mode) == (version, VERSION + 2, 7, "run")
    found = verify(path)
    assert found.trusted, found.checks
    assert found.format_version == version
    assert replay_file(path).divergence.verdict == "SAME"
    assert fz("replay", "old.fozzy").code == 1
    assert f"format {version}" in fz("trace", "verify", "old.fozzy").out


def test_the_seal_is_of_the_bytes_as_they_were_written(trace: bytes, resealed: Reseal, future: None) -> None:
    """Migration changes what is read, never what is sealed: an altered old trace is found like any other."""
    path = Path("old.fozzy")
    path.write_bytes(resealed(aged(trace, VERSION)).replace(b'"start":7', b'"start":8', 1))
    assert not verify(path).trusted
    with pytest.raises(EvidenceError, match="changed after it was sealed"):
        replay_file(path)


def test_a_version_no_step_leads_on_from_is_refused(
    trace: bytes, resealed: Reseal, future: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A format that is no longer read is not taken for the newest: that would be a silent misreading."""
    path = Path("old.fozzy")
    path.write_bytes(resealed(aged(trace, VERSION)))
    monkeypatch.delitem(__import__("fozzy.trace.migrate", fromlist=["STEPS"]).STEPS, VERSION + 1)
    with pytest.raises(EvidenceError, match=f"trace format {VERSION + 1} cannot be read"):
        replay_file(path)
    assert not verify(path).trusted


@pytest.mark.parametrize("header", [b'{"version":1}', b"[1]", b"null", b'{"version":1', b"\xff", b"[" * 100_000])
def test_an_old_header_that_lacks_what_a_step_needs_is_damage(
    trace: bytes, resealed: Reseal, future: None, header: bytes
) -> None:
    """A step may rely on its format; a header that breaks it ends as damage, never as a bug of ours."""
    head = b'{"format":"fozzy-trace","version":1,"x":' + header + b"}"
    path = Path("old.fozzy")
    path.write_bytes(resealed(head + b"\n" + trace.split(b"\n", 1)[1]))
    assert not verify(path).trusted
    with pytest.raises(EvidenceError):
        replay_file(path)


def test_the_newest_header_is_not_touched() -> None:
    """Nothing is decoded and encoded again for the format of today."""
    data = b'{"anything": [1,  2]'
    assert migrate_header(data, VERSION) is data


def test_every_older_format_has_a_step() -> None:
    """Raising the version without a step would make all kept traces unreadable."""
    assert set(STEPS) == set(range(1, VERSION))
