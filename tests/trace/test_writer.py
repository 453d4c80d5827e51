from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
import pytest
from blake3 import blake3

from fozzy.core.backends import Backends
from fozzy.core.events import Ask, Draw, Event, Record
from fozzy.core.redact import Redactor
from fozzy.errors import StoreError
from fozzy.trace.format import FORMAT, VERSION, Counts, EmbeddedScenario, Footer, Header
from fozzy.trace.reader import open_trace
from fozzy.trace.verify import verify
from fozzy.trace.writer import MEMORY_BYTES_MAX, Recorder

SECRET = "s3cr3t-91c2f7"
TEXT = '{"version":1,"name":"a","steps":[{"type":"rand_u64"}]}'


def header(text: str = TEXT) -> Header:
    scenario = EmbeddedScenario(path="a", digest=blake3(text.encode()).hexdigest(), form="json", text=text)
    return Header(format=FORMAT, version=VERSION, mode="run", seed=1, det=True, backends=Backends(), scenario=scenario)


def footer(recorder: Recorder, run_id: str = "0") -> Footer:
    return Footer(
        end="sealed",
        run_id=run_id,
        engine="0",
        python="3",
        os="x",
        hash_seed="0",
        started_at="",
        finished_at="",
        counts=recorder.counts,
        blocks=recorder.blocks,
        summary=None,
    )


def draws(count: int) -> list[Record]:
    return [Draw(number, "steps[0]", "rand", 0, 9, number % 10) for number in range(count)]


def test_a_buffered_trace_leaves_no_file_until_it_is_sealed(tmp_path: Path) -> None:
    """A run that turns out not to be worth keeping never touches the disk."""
    partial = tmp_path / "t.partial"
    recorder = Recorder(header(), partial, Redactor(), buffered=True)
    recorder(draws(100))
    assert list(tmp_path.iterdir()) == []
    recorder.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_large_buffered_trace_goes_to_its_file(tmp_path: Path) -> None:
    """Memory is bounded: above a limit everything so far is written, and discarding removes it again."""
    partial = tmp_path / "t.partial"
    recorder = Recorder(header(), partial, Redactor(), buffered=True)
    for _ in range(20):
        recorder([Event(0, "steps[0]", "x" * (MEMORY_BYTES_MAX // 10))])
    assert partial.stat().st_size > MEMORY_BYTES_MAX
    recorder.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("sizes", [[], [1], [255], [256], [257], [1, 255, 1], [100] * 7, [512, 0, 1]])
def test_counts_blocks_and_seal_hold_however_records_arrive(tmp_path: Path, sizes: list[int], buffered: bool) -> None:
    """The same records give the same trace whether they come one by one or in bulk."""
    partial = tmp_path / "t.partial"
    recorder = Recorder(header(), partial, Redactor(), buffered=buffered)
    records = draws(sum(sizes))
    for size in sizes:
        recorder(records[:size])
        del records[:size]
    recorder.seal(footer(recorder), durable=False)
    recorder.close()
    total = sum(sizes)
    assert recorder.counts == Counts(records=total, draws=total)
    found = verify(partial)
    assert found.trusted, found.checks
    assert (found.records, found.draws) == (total, total)
    records_bytes = b"".join(partial.read_bytes().splitlines(keepends=True)[1:-1])
    if total <= 256:
        assert recorder.blocks == ([blake3(records_bytes).hexdigest(length=8)] if total else [])
    assert len(recorder.blocks) == -(-total // 256)


def test_sealing_again_replaces_the_footer(tmp_path: Path) -> None:
    """When a name is taken the footer is written anew, also a shorter one, and nothing of the first one stays."""
    partial = tmp_path / "t.partial"
    recorder = Recorder(header(), partial, Redactor())
    recorder(draws(3))
    first = recorder.seal(footer(recorder, "a-much-longer-name-than-the-second"), durable=True)
    second = recorder.seal(footer(recorder, "b"), durable=True)
    recorder.close()
    assert first != second
    assert verify(partial).trusted
    assert verify(partial).run_id == "b"
    assert b"much-longer" not in partial.read_bytes()


@pytest.mark.parametrize("buffered", [True, False])
def test_a_late_secret_is_replaced_everywhere_before_sealing(tmp_path: Path, buffered: bool) -> None:
    """A value that turns out to be a secret after it was written is gone from header and records, in any escaping."""
    redactor = Redactor()
    secret = f'{SECRET}"ö\\'
    partial = tmp_path / "t.partial"
    recorder = Recorder(header(json.dumps({"note": f"<{secret}>"})), partial, redactor, buffered=buffered)
    recorder([Event(0, "steps[0]", f"saw {secret}", {"deep": [secret, json.dumps({"x": secret})]})])
    recorder(draws(300))
    assert not recorder.late_secrets()
    answer = redactor.clean({"token": secret})
    assert recorder.late_secrets()
    recorder([Ask(299, "steps[1]", "http", {}, answer, 5)])
    before = recorder.blocks
    recorder.rewrite()
    assert not recorder.late_secrets()
    assert recorder.blocks != before
    assert len(recorder.blocks) == 2
    assert recorder.counts == Counts(records=302, draws=300, asks=1, events=1)
    recorder.seal(footer(recorder), durable=False)
    recorder.close()
    assert SECRET.encode() not in partial.read_bytes()
    found = verify(partial)
    assert found.trusted, found.checks
    assert found.records == 302
    with open_trace(partial) as trace:
        first = next(trace.records())
    assert first == Event(0, "steps[0]", "saw <redacted>", {"deep": ["<redacted>", '{"x": "<redacted>"}']})


class Stingy:
    """A file that takes only a few bytes at a time, as a nearly full disk does."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.left = 10**9

    def write(self, data: bytes) -> int:
        if self.left == 0:
            raise OSError(28, "No space left on device")
        done = self._stream.write(data[: min(7, self.left)])
        self.left -= done
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def test_a_write_that_takes_only_a_part_is_gone_on_with(tmp_path: Path) -> None:
    """Nothing is lost when the system takes less than it was given."""
    partial = tmp_path / "t.partial"
    recorder = Recorder(header(), partial, Redactor())
    assert recorder._file is not None
    recorder._file = cast(BinaryIO, Stingy(recorder._file))
    recorder(draws(20))
    recorder.seal(footer(recorder), durable=True)
    recorder.close()
    assert verify(partial).trusted


def test_a_full_disk_is_an_error_and_no_seal(tmp_path: Path) -> None:
    """What could not be written is never sealed as if it had been."""
    partial = tmp_path / "t.partial"
    recorder = Recorder(header(), partial, Redactor())
    assert recorder._file is not None
    stingy = Stingy(recorder._file)
    stingy.left = 40
    recorder._file = cast(BinaryIO, stingy)
    with pytest.raises(StoreError, match="No space left"):
        recorder(draws(20))
    recorder.close()
    assert not verify(partial).trusted


LIMITED = """
import resource, signal, sys
from fozzy.cli.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.exit(main(["run", "big.fozzy.json", "--det", "--record", "t.fozzy", "--quiet"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on file sizes there")
def test_a_trace_that_does_not_fit_ends_the_run_with_an_error(scenario: Any, fz_env: dict[str, str]) -> None:
    """A user who asked for a trace and cannot get it is told so; the name stays free, no traceback is shown."""
    scenario("big", [{"type": "rand_u64"}] * 500)
    done = subprocess.run([sys.executable, "-c", LIMITED], env=fz_env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done
    assert "error[trace.unwritable]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("t.fozzy").exists()


def test_a_late_secret_is_gone_from_included_files_and_from_the_case(tmp_path: Path) -> None:
    """The header is cleaned as a whole: the files a scenario includes, and the values of its matrix."""
    included = EmbeddedScenario(path="b", digest="", form="json", text=f'{{"x": "{SECRET}"}}', file="b")
    whole = header()
    scenario = msgspec.structs.replace(whole.scenario, included=[included])
    redactor = Redactor()
    recorder = Recorder(
        msgspec.structs.replace(whole, scenario=scenario, case={"k": SECRET}), tmp_path / "t.partial", redactor
    )
    redactor.learn({"token": SECRET})
    recorder.rewrite()
    recorder.seal(footer(recorder), durable=False)
    recorder.close()
    assert SECRET.encode() not in (tmp_path / "t.partial").read_bytes()
    with open_trace(tmp_path / "t.partial") as trace:
        assert (trace.header().scenario.included[0].redacted, trace.header().scenario.redacted) == (True, False)
