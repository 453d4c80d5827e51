from __future__ import annotations

import json
import re
import resource
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.engine.replay import replay_file
from fozzy.errors import EvidenceError, FozzyError, StoreError
from fozzy.trace.reader import open_trace
from fozzy.trace.verify import verify

BOUND_S = 20.0  # "quickly", on a machine that is busy
TRACE = "m.fozzy"
LINE_BYTES_MAX = 2 << 20
COMMANDS = (["trace", "verify"], ["replay"], ["trace", "show"])
BEGINS = re.compile(rb'\{"format":"fozzy-trace","version":\d{1,9}[,}]')
Reseal = Callable[[bytes], bytes]


@pytest.fixture
def small(fz: Any, scenario: Any) -> bytes:
    """A small trace of a run that failed; were it trusted, replaying it would end with 1 and verifying with 0."""
    scenario("s", [{"type": "rand_u64"}, {"type": "fail", "message": "no"}])
    assert fz("run", "s.fozzy.json", "--det", "--seed", "1", "--record", "s.fozzy", "--quiet").code == 1
    data = Path("s.fozzy").read_bytes()
    assert 500 < len(data) < 3000
    assert fz("trace", "verify", "s.fozzy").code == 0
    assert fz("replay", "s.fozzy").code == 1
    return data


def honest(data: bytes) -> int:
    """The exit status that says what is the matter: 2 for what does not begin as a trace, else 6."""
    return 6 if BEGINS.match(data) else 2


def check_commands(fz: Any, data: bytes, what: str, commands: Any = COMMANDS) -> None:
    Path(TRACE).write_bytes(data)
    for command in commands:
        done = fz(*command, TRACE)
        assert done.code == honest(data), (what, command, done)
        assert "Traceback" not in done.said
        assert done.said.strip(), (what, command)


def check_library(data: bytes, what: str) -> None:
    path = Path(TRACE)
    path.write_bytes(data)
    try:
        assert not verify(path).trusted, what
    except FozzyError as error:
        assert int(error.exit_status) == honest(data), (what, error)
    with pytest.raises(FozzyError) as caught:
        replay_file(path)
    assert int(caught.value.exit_status) == honest(data), (what, caught.value)


def test_a_trace_cut_anywhere_is_never_trusted(fz: Any, small: bytes) -> None:
    """Cut at every byte, each command says so with 6, or 2 when not even the beginning is left."""
    for end in range(len(small)):
        check_commands(fz, small[:end], f"cut at {end}", (COMMANDS[end % 3],))
        check_library(small[:end], f"cut at {end}")


@pytest.mark.parametrize("mask", [0x01, 0x80])
def test_a_trace_with_one_byte_changed_is_never_trusted(fz: Any, small: bytes, mask: int) -> None:
    """Each byte changed in one bit, each command says so with 6, or 2 when it no longer begins as a trace."""
    for at in range(len(small)):
        data = small[:at] + bytes([small[at] ^ mask]) + small[at + 1 :]
        check_commands(fz, data, f"byte {at}", (COMMANDS[at % 3],))
        check_library(data, f"byte {at}")


def test_a_byte_too_many_or_too_few_anywhere_is_never_trusted(small: bytes) -> None:
    """A byte put in, taken out or doubled is found like any other change."""
    for at in range(0, len(small), 3):
        check_library(small[:at] + b" " + small[at:], f"blank at {at}")
        check_library(small[:at] + b"\n" + small[at:], f"line end at {at}")
        check_library(small[:at] + small[at + 1 :], f"without {at}")


def test_unsafe_reads_what_is_whole_of_a_cut_trace_and_nothing_more(fz: Any, small: bytes) -> None:
    """With --unsafe a cut trace is replayed and shown as far as it goes; it is no bug wherever it was cut."""
    header_end = small.index(b"\n") + 1
    for end in range(0, len(small), 2):
        Path(TRACE).write_bytes(small[:end])
        replayed, shown = fz("replay", TRACE, "--unsafe"), fz("trace", "show", TRACE, "--unsafe")
        if end < header_end:
            assert (replayed.code, shown.code) == (honest(small[:end]), honest(small[:end])), end
        else:
            assert shown.code == 0
            assert replayed.code in (0, 1), (end, replayed)
            assert ("INCOMPLETE" in replayed.out) == (replayed.code == 0)


def test_a_damaged_seal_is_not_excused_by_unsafe(fz: Any, small: bytes) -> None:
    """--unsafe is for runs that were cut off, not for traces somebody changed."""
    Path(TRACE).write_bytes(small.replace(b'"value":', b'"value":1', 1))
    assert fz("replay", TRACE, "--unsafe").code == 6
    assert fz("trace", "verify", TRACE, "--unsafe").code == 6


def test_the_footer_of_another_trace_seals_nothing(fz: Any, scenario: Any, small: bytes) -> None:
    """Footers are not interchangeable: put in place of a trace's own, after it, or before it."""
    fz("run", "s.fozzy.json", "--det", "--seed", "2", "--record", "other.fozzy")
    other = Path("other.fozzy").read_bytes()
    footer = other[other[:-1].rindex(b"\n") + 1 :]
    body = small[: small[:-1].rindex(b"\n") + 1]
    for data in (body + footer, small + footer, body + footer + small[len(body) :], small + small, small + other):
        check_commands(fz, data, "another's footer")
    check_commands(fz, footer, "a footer alone")
    check_commands(fz, b"", "nothing")


@pytest.mark.parametrize("sealed", [True, False])
def test_a_format_of_the_future_is_refused_with_what_to_do(
    fz: Any, small: bytes, resealed: Reseal, sealed: bool
) -> None:
    """A newer version is not guessed at, whether the seal holds or not."""
    for version in (b"2", b"17", b"999999999"):
        data = small.replace(b'"version":1,', b'"version":' + version + b",", 1)
        check_commands(fz, resealed(data) if sealed else data, "future")
        said = fz("replay", TRACE).err
        assert "trace.newer_format" in said
        assert "hint: update fozzy" in said


@pytest.mark.parametrize("sealed", [True, False])
def test_a_format_that_never_was_is_refused(fz: Any, small: bytes, resealed: Reseal, sealed: bool) -> None:
    """Version 0 is read by nobody, also under a true seal; it is not taken for the present one."""
    data = small.replace(b'"version":1,', b'"version":0,', 1)
    check_commands(fz, resealed(data) if sealed else data, "version 0")
    assert "trace.unknown_format" in (fz("replay", TRACE) if sealed else fz("trace", "show", TRACE)).err


NOT_TRACES = {
    "empty": b"",
    "blank": b"\n\n\n",
    "text": b"hello\n",
    "json": b'{"format":"har","version":1}\n',
    "order": b'{"version":1,"format":"fozzy-trace"}\n',
    "bom": b'\xef\xbb\xbf{"format":"fozzy-trace","version":1}\n',
    "spaced": b'{"format": "fozzy-trace", "version": 1}\n',
    "text version": b'{"format":"fozzy-trace","version":"1"}\n',
    "negative": b'{"format":"fozzy-trace","version":-1}\n',
    "fraction": b'{"format":"fozzy-trace","version":1.5}\n',
    "endless": b'{"format":"fozzy-trace","version":' + b"1" * 5000,
    "binary": bytes(range(256)) * 20,
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 100,
}


@pytest.mark.parametrize("name", NOT_TRACES)
def test_what_does_not_begin_as_a_trace_is_no_trace(fz: Any, name: str) -> None:
    """Another file, or one that only resembles a trace, is unusable input: 2, with its name."""
    check_commands(fz, NOT_TRACES[name], name)
    done = fz("trace", "show", TRACE, "--json")
    assert done.code == 2
    assert done.document()["error"]["code"] == "trace.not_a_trace"


def test_a_missing_file_and_a_folder_are_said_to_be(fz: Any, project: Path) -> None:
    """Neither is a trace; the message tells them apart."""
    (project / "folder.fozzy").mkdir()
    for command in COMMANDS:
        missing, folder = fz(*command, "none.fozzy"), fz(*command, "folder.fozzy")
        assert (missing.code, folder.code) == (2, 2)
        assert "there is no such file" in missing.err
        assert "Is a directory" in folder.err


@pytest.mark.parametrize(
    "header",
    [
        b'{"format":"fozzy-trace","version":1,',
        b'{"format":"fozzy-trace","version":1,"mode":}',
        b'{"format":"fozzy-trace","version":1}',
        b'{"format":"fozzy-trace","version":1,"seed":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"format":"fozzy-trace","version":1,"x":"\xff\xfe"}',
        b'{"format":"fozzy-trace","version":1,"x":"\\ud800"}',
    ],
)
def test_a_header_that_makes_no_sense_is_damage(fz: Any, header: bytes, small: bytes, resealed: Reseal) -> None:
    """What begins as a trace but is no header is evidence that cannot be trusted, also under a true seal."""
    data = header + small[small.index(b"\n") :]
    check_commands(fz, data, "header")
    check_commands(fz, resealed(data), "header, sealed")


@pytest.mark.parametrize(
    "record",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"n":0,"kind":"ask","t":0,"at":"","label":"","request":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"n":0,"kind":"event","t":0,"at":"","name":"","fields":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"n":0,"kind":"dance"}',
        b"null",
        b"\x00\x00\x00",
        b'{"n":0,"kind":"draw"',
    ],
)
def test_a_record_that_makes_no_sense_is_damage(fz: Any, record: bytes, small: bytes, resealed: Reseal) -> None:
    """Deep nesting, an unknown kind, no JSON at all: 6 from every command that has to read it, and soon."""
    lines = small.split(b"\n")
    lines[1] = record
    began = time.monotonic()
    check_commands(fz, b"\n".join(lines), "record")
    check_commands(fz, resealed(b"\n".join(lines)), "record, sealed", COMMANDS[:2])
    assert time.monotonic() - began < BOUND_S


@pytest.mark.parametrize("place", ["header", "record", "footer"])
def test_a_line_without_end_is_damage_and_memory_stays_bounded(
    place: str, small: bytes, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line longer than any line can be is given up early, in bounded memory, wherever it stands."""
    monkeypatch.setattr("fozzy.trace.reader.RECORD_BYTES_MAX", LINE_BYTES_MAX)
    head, rest = small.split(b"\n", 1)
    start = {"header": head[:-1], "record": head + b"\n", "footer": small[: small[:-1].rindex(b"\n")] + b'\n{"end":"'}
    path = Path(TRACE)
    with path.open("wb") as stream:
        stream.write(start[place])
        stream.truncate(32 * LINE_BYTES_MAX)  # sparse: zeros that cost no disk
        stream.seek(0, 2)
        stream.write(rest[-80:] if place == "footer" else b"\n" + rest)
    began = time.monotonic()
    tracemalloc.start()
    try:
        if place == "header":
            with pytest.raises(EvidenceError, match="header"):
                verify(path)
        else:
            assert not verify(path).trusted
        for unsafe in (False, True):
            with pytest.raises(EvidenceError):
                replay_file(path, unsafe=unsafe)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * LINE_BYTES_MAX
    assert time.monotonic() - began < BOUND_S


WRONG_VALUES: list[Any] = [None, True, -1, 10**30, 1.5, "", "x", "9" * 5000, [], {}, [[["x"]]], {"text": 1, "a": []}]


def places(tree: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of every value inside a JSON value."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(found for key, value in inner for found in places(value, (*path, key)))]


def put(tree: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of a JSON value with another value in one place."""
    if not path:
        return value
    key, *rest = path
    made = dict(tree) if isinstance(tree, dict) else list(tree)
    made[key] = put(made[key], tuple(rest), value)  # type: ignore[index,call-overload]
    return made


RICH: list[dict[str, Any]] = [
    {"type": "rand_u64", "key": "r"},
    {"type": "trace_event", "name": "e", "fields": {"a": [1]}},
    {"type": "net_send", "from": "a", "to": "b", "payload": "x"},
    {"type": "net_send", "from": "a", "to": "b", "payload": "y"},
    {"type": "net_deliver_one", "strategy": "random"},
    {"type": "proc_spawn", "cmd": "true", "expect_exit": 0},
    {"type": "trace_event", "name": "${env.HOME}"},
    {"type": "assert_eq_int", "a": 1, "b": 2},
]


def test_a_sealed_trace_that_makes_no_sense_is_never_our_bug(fz: Any, scenario: Any, resealed: Reseal) -> None:
    """Any value anywhere in a trace replaced by another, under a true seal: an honest verdict, never 70 and never 2."""
    scenario("rich", RICH, env=["HOME"])
    assert fz("run", "rich.fozzy.json", "--det", "--seed", "1", "--proc", "host", "--record", "r.fozzy").code == 1
    lines = [json.loads(line) for line in Path("r.fozzy").read_bytes().split(b"\n")[:-1]]
    tried = 0
    for number, tree in enumerate(lines):
        for index, path in enumerate(places(tree)[1:]):
            if path in (("format",), ("version",), ("end",), ("seal",)):
                continue  # without these it does not begin or end as a trace
            for value in WRONG_VALUES[index % 2 :: 2]:
                tried += 1
                altered = [*lines[:number], put(tree, path, value), *lines[number + 1 :]]
                data = b"\n".join(json.dumps(line, separators=(",", ":")).encode() for line in altered) + b"\n"
                Path(TRACE).write_bytes(resealed(data))
                done = fz("replay", TRACE, "--quiet")
                assert done.code in (0, 1, 3, 4, 6), (number, path, value, done)
    assert tried > 300


def test_reading_closes_the_file_also_when_it_refuses(small: bytes, project: Path) -> None:
    """A refused trace leaves no open file behind: it can be opened as often as one likes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    Path(TRACE).write_bytes(small[:-1].replace(b'"version":1', b'"version":9'))
    Path("no.fozzy").write_bytes(b"no")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    try:
        for _ in range(300):
            with pytest.raises(EvidenceError):
                open_trace(Path(TRACE))
            with pytest.raises(StoreError):
                open_trace(Path("no.fozzy"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
