"""From a crash to a small trace: it replays alone, in a fresh process, without what crashed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.engine.code import Allowance
from fozzy.engine.fresh import check_replays
from fozzy.engine.record import Keeping
from fozzy.engine.replay import replay_file
from fozzy.errors import EvidenceError
from fozzy.search.fuzz.campaign import distinct
from fozzy.search.fuzz.crashes import Kept, failing_of, input_of, keep_crash, record_crash, shrink_crash
from fozzy.search.fuzz.targets import file_name
from fozzy.trace.store import Store

PARSER = """\
def parse(data: bytes) -> None:
    if len(data) > 2 and data[1] == 0xC3:
        raise KeyError("c3")
"""
ABORTS = '#!/bin/sh\nif grep -q [0-9] "$1"; then kill -ABRT $$; fi\n'
ABORTS_STDIN = "#!/bin/sh\nread x\ncase $x in *[A-C]*) kill -SEGV $$;; esac\n"
BOUND = [
    {"type": "trace_event", "name": "noise"},
    {"type": "rand_int", "key": "n", "min": 1, "max": 1000},
    {"type": "assert", "that": "${n}", "less": 900},
]


@pytest.fixture
def crashed(project: Path, opened: Callable[..., Any], searched: Callable[..., Any]) -> Callable[..., Kept]:
    """The only crash of a campaign, shrunk."""

    def call(words: str, runs: int, steps: Any = None, **more: Any) -> Kept:
        target = opened(words, steps, **more)
        (found,) = distinct(searched(target, runs))
        failing = failing_of(target, found.crash, file_name(words), 1)
        assert failing is not None
        return shrink_crash(failing)

    return call


@pytest.fixture
def keeping(project: Path) -> Callable[[str], Keeping]:
    """Where a trace goes."""
    numbers = itertools.count(1)
    return lambda target: Keeping(f"{next(numbers):08x}", Store(project), Path(target), "append", True, True)


def program(text: str) -> Path:
    """A program in the working directory."""
    path = Path("parser")
    path.write_text(text)
    path.chmod(0o755)
    return path


def verdict(trace: Path, allowed: bool = False) -> str:
    """What a replay says."""
    return replay_file(trace, allowance=Allowance(allowed, Path())).divergence.verdict


def test_a_function(crashed: Callable[..., Kept], keeping: Callable[[str], Keeping]) -> None:
    """The smallest bytes; SAME in a fresh process, FIXED once it is mended, and again SAME when it is not."""
    module = Path("shop.py")
    module.write_text(PARSER)
    kept = crashed("py:shop:parse", 4_000)
    assert input_of(kept, "py").data() == b"0\xc30" or len(input_of(kept, "py").data()) == 3
    trace = record_crash(kept, keeping("a.fozzy"), lambda path: check_replays(path, ["--allow-code"])).trace
    assert trace is not None
    module.write_text(PARSER.replace("0xC3", "0xC4"))
    assert verdict(trace, True) == "FIXED"
    module.write_text(PARSER)
    assert verdict(trace, True) == "SAME"


def test_a_program_with_a_file(crashed: Callable[..., Kept], keeping: Callable[[str], Keeping]) -> None:
    """Its input stays in the trace, no other file is written, none is left; it replays without the program."""
    parser = program(ABORTS)
    Path("fuzzy-note").write_text("mine")
    kept = crashed("cmd:./parser @@", 200)
    assert input_of(kept, "cmd").data() == b"0"
    trace = record_crash(kept, keeping("a.fozzy"), check_replays).trace
    assert trace is not None
    parser.unlink()
    assert verdict(trace) == "SAME"
    assert sorted(path.name for path in Path().iterdir()) == ["a.fozzy", "fuzzy-note"]


def test_a_program_with_stdin(crashed: Callable[..., Kept], keeping: Callable[[str], Keeping]) -> None:
    """Likewise."""
    parser = program(ABORTS_STDIN)
    kept = crashed("cmd:./parser", 300)
    assert input_of(kept, "cmd").data() in (b"A", b"B", b"C")
    trace = record_crash(kept, keeping("a.fozzy"), check_replays).trace
    parser.unlink()
    assert trace is not None and verdict(trace) == "SAME"


def test_a_scenario(crashed: Callable[..., Kept], keeping: Callable[[str], Keeping]) -> None:
    """Steps that do not matter are gone, and the draw is at its bound."""
    kept = crashed("scenario:s.fozzy.json", 300, BOUND)
    assert json.loads(input_of(kept, "scenario").data()) == {"vars": {}, "draws": {"rand.n": [900]}}
    trace = record_crash(kept, keeping("a.fozzy"), check_replays).trace
    assert trace is not None and verdict(trace) == "SAME"


def test_what_passes_when_it_is_recorded_is_no_trace(
    crashed: Callable[..., Kept], keeping: Callable[[str], Keeping]
) -> None:
    """A program that was mended meanwhile leaves no trace that pretends it fails, and none is kept."""
    program(ABORTS)
    kept = crashed("cmd:./parser @@", 200)
    program("#!/bin/sh\n")
    with pytest.raises(EvidenceError, match="did not come again"):
        record_crash(kept, keeping("a.fozzy"), lambda _path: None)
    with pytest.raises(EvidenceError, match="did not come again"):
        keep_crash(kept, keeping("kept"))
    assert not list(Path().glob("*.fozzy*"))
    assert not list(Path("kept").glob("*"))
    assert not Path("fozzy-fuzz-input").exists()


def test_what_fails_otherwise_when_it_is_recorded_is_no_trace(
    crashed: Callable[..., Kept], keeping: Callable[[str], Keeping]
) -> None:
    """The failure that was found and shrunk is recorded, or none."""
    program(ABORTS)
    kept = crashed("cmd:./parser @@", 200)
    program(ABORTS.replace("ABRT", "KILL"))
    with pytest.raises(EvidenceError, match="it failed with proc_signal .* instead"):
        record_crash(kept, keeping("a.fozzy"), lambda _path: None)
    assert not list(Path().glob("*.fozzy*"))


def test_a_program_that_is_held_up_is_tried_again(
    crashed: Callable[..., Kept], keeping: Callable[[str], Keeping]
) -> None:
    """One run that ends otherwise, as a program does that got no time to run, is not the last word."""
    program(ABORTS)
    kept = crashed("cmd:./parser @@", 200)
    program(ABORTS.replace("if grep", "if [ -e held ]; then rm held; exit 7; fi\nif grep"))
    Path("held").touch()
    assert record_crash(kept, keeping("a.fozzy"), check_replays).findings[0].title == "proc_signal"
    assert not Path("held").exists()


def test_what_does_not_come_again_by_itself(project: Path, opened: Callable[..., Any], searched: Any) -> None:
    """A crash that depends on the runs before it is no failure of its own."""
    (project / "shop.py").write_text(
        "seen = []\ndef f(n: int) -> None:\n    seen.append(n)\n    assert len(seen) < 50\n"
    )
    target = opened("py:shop:f")
    (found,) = distinct(searched(target, 300))
    assert failing_of(target, found.crash, "s.fozzy.json", 1) is None


def test_a_crash_is_kept_once(crashed: Callable[..., Kept], keeping: Callable[[str], Keeping]) -> None:
    """The same run found again has the trace that is there."""
    kept = crashed("scenario:s.fozzy.json", 300, BOUND)
    first = keep_crash(kept, keeping("kept"))
    assert keep_crash(kept, keeping("kept")) == first
    assert [path.name for path in Path("kept").iterdir()] == ["s.fozzy"]
