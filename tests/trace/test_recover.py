from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fozzy.engine.replay import replay_file
from fozzy.errors import FozzyError
from fozzy.trace.recover import recover
from fozzy.trace.verify import verify

BOUND_S = 30.0
NAP = "open('began', 'w').close(); import time; time.sleep(60)"
STEPS = [
    {"type": "rand_u64", "key": "r"},
    {"type": "trace_event", "name": "half", "fields": {"r": "${r}"}},
    {"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", "print('real')"], "save_stdout_as": "o"},
    {"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", NAP]},
    {"type": "fail", "message": "never"},
]
RECORDS = 7  # two draws and their step, the event and its step, the first answer and its step
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def partials() -> list[Path]:
    return sorted(Path().glob("*.partial"))


def wait_for(what: Any, child: subprocess.Popen[str]) -> None:
    end = time.monotonic() + BOUND_S
    while not what():
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def cut_off(scenario: Any, fz_env: dict[str, str]) -> Iterator[Any]:
    """Starts a recorded run and ends it by a signal in the middle of its second program."""
    scenario("slow", STEPS, backends={"proc": "host"})
    children: list[subprocess.Popen[str]] = []

    def start(number: int, *words: str) -> tuple[int, str]:
        command = [
            sys.executable,
            "-m",
            "fozzy",
            *(words or ("run", "slow.fozzy.json", "--det", "--record", "t.fozzy")),
        ]
        child = subprocess.Popen(
            command, env=fz_env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        children.append(child)
        wait_for(Path("began").exists, child)
        if number == signal.SIGINT and "test" in words:
            os.killpg(child.pid, number)  # as a terminal does
        else:
            child.send_signal(number)
        said = "".join(child.communicate(timeout=BOUND_S))
        return child.returncode, said

    yield start
    for child in children:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def check_incomplete(fz: Any, path: str, records: int) -> None:
    """The trace verifies as incomplete and replays as far as it goes, without the world."""
    found = verify(Path(path))
    assert found.trusted, found.checks
    assert not found.complete
    assert found.records == records
    shown = fz("trace", "verify", path)
    assert shown.code == 0
    assert "incomplete: the run was cut off before its end" in shown.out
    Path("began").unlink(missing_ok=True)
    strict, unsafe = fz("replay", path), fz("replay", path, "--unsafe")
    assert (strict.code, unsafe.code) == (6, 0)
    for done in (strict, unsafe):
        assert f"INCOMPLETE  the recording ends after {records} records" in done.out
    document = fz("replay", path, "--json").document()
    assert (document["status"], document["replay"]["verdict"]) == ("error", "INCOMPLETE")
    assert not Path("began").exists()


@posix
def test_a_killed_run_leaves_what_recover_can_seal(fz: Any, cut_off: Any) -> None:
    """After SIGKILL the name is free and the records are there; `trace recover` gives them the name, sealed."""
    assert cut_off(signal.SIGKILL)[0] == -signal.SIGKILL
    assert not Path("t.fozzy").exists()
    (partial,) = partials()
    assert fz("trace", "verify", str(partial)).code == 6
    assert fz("replay", str(partial)).code == 6
    done = fz("trace", "recover", str(partial))
    assert done.code == 0
    assert "into t.fozzy, sealed as incomplete" in done.out
    assert "fozzy replay t.fozzy --unsafe" in done.out
    check_incomplete(fz, "t.fozzy", RECORDS)
    assert json.loads(Path("t.fozzy").read_bytes().splitlines()[-1])["runId"] == partial.name.split(".")[2]


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_seals_what_it_has_and_says_where(fz: Any, cut_off: Any, number: int, code: int) -> None:
    """Ctrl-C and SIGTERM end with 130 and 143, a sealed incomplete trace, and its name on the screen."""
    ended, said = cut_off(number)
    assert ended == code
    assert "what there is: t.fozzy" in said
    assert "Traceback" not in said
    assert partials() == []
    check_incomplete(fz, "t.fozzy", RECORDS)


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_suite_stops(fz: Any, scenario: Any, cut_off: Any, number: int, code: int) -> None:
    """A suite does not go on with the next scenario; what the stopped one had is sealed in the store."""
    Path("s").mkdir()
    Path("slow.fozzy.json").rename("s/a.fozzy.json")
    scenario("s/b", [{"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", "open('went_on', 'w')"]}])
    ended, said = cut_off(number, "test", "s", "--det", "--jobs", "1", "--proc", "host")
    assert ended == code, said
    assert "Traceback" not in said
    assert not Path("went_on").exists()
    (trace,) = Path(".fozzy/runs").glob("*/1.fozzy")
    assert str(trace) in said
    check_incomplete(fz, str(trace), RECORDS)


@pytest.fixture
def whole(fz: Any, scenario: Any) -> bytes:
    """A whole trace, as the beginning of which a partial file is."""
    scenario("a", [{"type": "rand_u64"}, {"type": "trace_event", "name": "x"}, {"type": "fail", "message": "no"}])
    assert fz("run", "a.fozzy.json", "--det", "--seed", "1", "--record", "a.fozzy").code == 1
    return Path("a.fozzy").read_bytes()


def test_every_whole_record_is_recovered_wherever_the_file_ends(whole: bytes, project: Path) -> None:
    """Cut at every byte after the header: the records that are whole, no more and no less, and a true seal."""
    header_end = whole.index(b"\n") + 1
    footer_start = whole[:-1].rindex(b"\n") + 1
    out = Path("out.fozzy")
    partial = Path("t.fozzy.0badcafe.partial")
    for end in range(header_end, len(whole)):
        partial.write_bytes(whole[:end])
        path, counts = recover(partial, out, "overwrite")
        lines = whole[header_end : min(end, footer_start)].split(b"\n")
        last_is_whole = bool(lines[-1]) and lines[-1].endswith(b"}") and _is_json(lines[-1])
        assert counts.records == len(lines) - 1 + last_is_whole, end
        found = verify(path)
        assert found.trusted, (end, found.checks)
        assert (found.complete, found.records, found.run_id) == (False, counts.records, "0badcafe")
        if end % 7 == 0:
            replayed = replay_file(path).divergence
            assert replayed.verdict in ("INCOMPLETE", "SAME")
            assert replayed.records == counts.records
    assert sorted(Path().glob("*.partial")) == [partial]


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def test_a_file_without_a_whole_header_cannot_be_recovered(fz: Any, whole: bytes) -> None:
    """Without its header a trace tells nothing: 6 when it begins as one, else 2; nothing is left behind."""
    partial = Path("t.fozzy.0badcafe.partial")
    for end in (*range(0, whole.index(b"\n") + 1, 5), whole.index(b"\n")):
        partial.write_bytes(whole[:end])
        with pytest.raises(FozzyError) as caught:
            recover(partial, None, "append")
        assert int(caught.value.exit_status) == (6 if end > 36 else 2), end
    assert not Path("t.fozzy").exists()
    assert partials() == [partial]
    assert fz("trace", "recover", "none.partial").code == 2


def test_records_after_a_gap_are_not_taken(whole: bytes, project: Path) -> None:
    """What follows a damaged or missing record is not where it belongs, so it is left out."""
    lines = whole.splitlines(keepends=True)
    for damaged in (lines[:3] + lines[4:-1], [*lines[:3], b"garbage\n", *lines[4:-1]], [*lines[:3], *lines[2:-1]]):
        Path("t.partial").write_bytes(b"".join(damaged))
        path, counts = recover(Path("t.partial"), Path("out.fozzy"), "overwrite")
        assert counts.records == 2
        assert verify(path).trusted


def test_names_follow_the_partial_or_out_by_the_collision_policy(fz: Any, whole: bytes) -> None:
    """The target's own name, the next free one when it is taken, what --out says, or refused."""
    partial = Path("t.fozzy.0badcafe.partial")
    partial.write_bytes(whole[:-200])
    names = []
    for words in ([], [], ["--out", "o.fozzy"], ["--out", "o.fozzy"], ["--record-collision", "overwrite"]):
        done = fz("trace", "recover", str(partial), "--json", *words)
        assert done.code == 0
        names.append(done.document()["tracePath"])
    assert names == ["t.fozzy", "t.1.fozzy", "o.fozzy", "o.1.fozzy", "t.fozzy"]
    assert all(verify(Path(name)).trusted for name in names)
    refused = fz("trace", "recover", str(partial), "--record-collision", "error")
    assert refused.code == 2
    assert "t.fozzy exists already" in refused.err
    Path("odd.partial").write_bytes(whole[:-200])
    assert fz("trace", "recover", "odd.partial", "--json").document()["tracePath"] == "odd.partial.recovered.fozzy"
    assert partials() == sorted([partial, Path("odd.partial")])
    assert fz("trace", "recover", str(partial), "--out", "a.fozzy/x.fozzy").code == 2


def test_a_whole_trace_needs_no_recovery(fz: Any, whole: bytes) -> None:
    """It is said so, and left alone; one whose seal is broken is not passed off as cut off."""
    done = fz("trace", "recover", "a.fozzy")
    assert done.code == 2
    assert "there is nothing to recover" in done.err
    assert Path("a.fozzy").read_bytes() == whole
    Path("b.fozzy").write_bytes(whole.replace(b'"value":', b'"value":1', 1))
    done = fz("trace", "recover", "b.fozzy", "--out", "clean.fozzy")
    assert done.code == 6
    assert "changed after it was sealed" in done.err
    assert not Path("clean.fozzy").exists()


def test_a_recovered_trace_can_itself_be_cut_and_recovered(fz: Any, whole: bytes) -> None:
    """Recovery is no one-way street: it gives a trace like any other."""
    Path("t.fozzy.0badcafe.partial").write_bytes(whole[:-900])
    first, _ = recover(Path("t.fozzy.0badcafe.partial"), None, "append")
    data = first.read_bytes()
    Path("u.fozzy.0badcafe.partial").write_bytes(data[: data[:-1].rindex(b"\n") + 5])
    second, _ = recover(Path("u.fozzy.0badcafe.partial"), None, "append")
    assert second.read_bytes().splitlines()[:-1] == data.splitlines()[:-1]


def test_a_disk_that_is_full_leaves_no_half_recovered_trace(
    fz: Any, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When recovery itself fails, nothing new is left and the partial is as it was."""
    partial = Path("t.fozzy.0badcafe.partial")
    partial.write_bytes(whole[:-200])

    def refuse(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    done = fz("trace", "recover", str(partial))
    assert done.code == 2
    assert "No space left on device" in done.err
    assert not Path("t.fozzy").exists()
    assert partial.read_bytes() == whole[:-200]


def test_the_name_without_partial_means_what_lies_beside_it(tmp_path: Path) -> None:
    """One `.partial` of that name is taken, of several none, and a file that is there is meant itself."""
    for run_id in ("aaaaaaaa", "bbbbbbbb"):
        (tmp_path / f"k.fozzy.{run_id}.partial").write_bytes(b"")
        (tmp_path / "other.fozzy.cccccccc.partial").write_bytes(b"")
        if run_id == "aaaaaaaa":
            with pytest.raises(FozzyError, match=r"k\.fozzy\.aaaaaaaa\.partial"):
                recover(tmp_path / "k.fozzy", None, "append")
    with pytest.raises(FozzyError, match="several runs were cut off") as caught:
        recover(tmp_path / "k.fozzy", None, "append")
    assert "k.fozzy.aaaaaaaa.partial" in caught.value.hint and "bbbbbbbb" in caught.value.hint
    with pytest.raises(FozzyError, match="there is no such file"):
        recover(tmp_path / "no.fozzy", None, "append")
