"""Programs as targets: how they end is told as what it is, and nothing of them stays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from fozzy.core.limits import MIB, Limits
from fozzy.errors import StoreError
from fozzy.search.fuzz.benches import LocalBench
from fozzy.search.fuzz.campaign import Campaign, Plan
from fozzy.search.fuzz.command_target import CommandTarget
from fozzy.search.fuzz.mutate import Means
from fozzy.search.fuzz.portion import Crash
from fozzy.search.fuzz.rng import Rng

pytestmark = pytest.mark.usefixtures("nothing_left")
Make = Callable[..., CommandTarget]
LIMITS = Limits(process_bytes_max=512 * MIB, output_bytes_max=MIB)

# What a program does with the input b"x", and how that is told; none for what is no crash.
DEEDS: dict[str, tuple[str, str, str] | None] = {
    "while True: pass": ("hang", "proc_timeout", "had not ended after 3000 ms"),
    "time.sleep(100)": ("hang", "proc_timeout", "had not ended after 3000 ms"),
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(100)": ("hang", "proc_timeout", "had not ended"),
    "os.abort()": ("panic", "proc_signal", "was ended by signal 6"),
    "os.kill(os.getpid(), 9)": ("panic", "proc_signal", "was ended by signal 9"),
    "os.killpg(0, 9)": ("panic", "proc_signal", "was ended by signal 9"),
    "os.write(1, b'x' * 10**8)": ("limit", "proc_limit", "output_bytes_max"),
    "os.write(2, b'x' * 10**8)": ("limit", "proc_limit", "output_bytes_max"),
    "sys.exit(3)": None,
    "raise ValueError": None,
    "bytearray(10 << 30)": None,
    "sub = __import__('subprocess').Popen([sys.executable, '-c', 'import time; time.sleep(100)', __file__])": None,
    "os.fork() or os.setsid() or time.sleep(100)": None,
    "[os.fork() for _ in range(3)]": None,
    "os.closerange(0, 100)": None,
    "os.chdir('/')": None,
}


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Make]:
    """Makes the target of a program in Python that has its input in `data`; `@@` has it in a file."""
    made: list[CommandTarget] = []

    def make(text: str, *words: str, limits: Limits = LIMITS, timeout_ms: int = 20_000) -> CommandTarget:
        path = tmp_path / "program.py"
        path.write_text(f"import os, signal, sys, time\n{text}\n")
        args = ["-S", "-E", str(path), *words]
        made.append(
            CommandTarget(
                [sys.executable, *args],
                tmp_path / "made" / "input",
                msgspec.structs.replace(limits, call_ms_max=timeout_ms),
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()
    assert not (tmp_path / "made" / "input").exists()


def told(crash: Crash | None) -> tuple[str, str, str]:
    """A crash that is there."""
    assert crash is not None
    return crash.kind, crash.title, crash.message


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_is_told_as_what_it_is(deed: str, command: Make) -> None:
    """Whatever a program does, how it ended is told, and the execution behind it is as the one before."""
    timeout_ms = 3_000 if (DEEDS[deed] or ("",))[0] == "hang" else 20_000
    made = command(f"data = sys.stdin.buffer.read()\nif data == b'x':\n    {deed}", timeout_ms=timeout_ms)
    before = made.execute(b"a")
    crash = made.execute(b"x").crash
    expected = DEEDS[deed]
    if expected is None:
        assert crash is None
    else:
        assert told(crash)[:2] == expected[:2] and expected[2] in told(crash)[2]
    assert made.execute(b"b") == before and before.crash is None


def test_memory_is_bounded_and_its_end_is_a_feature(command: Make) -> None:
    """A program that wants more than it may have fails in its own way, which looks otherwise than success."""
    made = command("data = sys.stdin.buffer.read()\nif data: bytearray(10 << 30)")
    assert set(made.execute(b"x").features) - set(made.execute(b"").features)


def test_the_input_is_stdin_or_a_file(command: Make) -> None:
    """`@@` stands for the file; without it the program reads its stdin, if it likes."""
    for text, words in (("open(sys.argv[1], 'rb')", ["@@"]), ("sys.stdin.buffer", [])):
        made = command(f"data = {text}.read()\nprint(data)\nif data == b'\\0x': os.abort()", *words)
        assert made.execute(b"\0y").crash is None and told(made.execute(b"\0x").crash)[1] == "proc_signal"
    assert command("os.close(0)").execute(b"x" * 10**6).crash is None


def test_shapes_of_what_is_written_are_features(command: Make) -> None:
    """Numbers and quoted parts make no difference; words, streams, exit codes and the amount do."""
    made = command("exec(sys.stdin.buffer.read())")

    def features(text: str) -> frozenset[int]:
        return frozenset(made.execute(text.encode()).features)

    plain = features("print('read 12 of \"abc\" at 0xff')")
    assert features("print('read 7 of \"x y\" at 0x1')") == plain
    others = ["print('wrote 12')", "print('read 12', file=sys.stderr)", "sys.exit(3)", "print('read 1\\n' * 9)"]
    assert all(features(other) - plain for other in others) and len({features(other) for other in others}) == 4


@pytest.mark.parametrize("kind", ["not_found", "denied", "io"])
def test_a_program_that_cannot_start_is_told(kind: str, tmp_path: Path) -> None:
    """One that does not exist, may not be run, or is none; a campaign with it ends all the same."""
    path = tmp_path / "program"
    if kind != "not_found":
        path.write_bytes(b"\x7fELF nonsense")
        path.chmod(0o644 if kind == "denied" else 0o755)

    def make(_name: str) -> CommandTarget:
        return CommandTarget([str(path)], tmp_path / "input", msgspec.structs.replace(LIMITS, call_ms_max=1000))

    campaign = Campaign(Plan(seed=1, runs=12, unit=4), LocalBench(make, [b"a"], 1), [])
    campaign.run()
    ((crash),) = campaign.crashes.values()
    assert told(crash)[:2] == ("target_behavior", f"proc_{kind}") and campaign.runs == 12


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The campaign cannot go on, and says why."""
    (tmp_path / "taken").write_text("")
    made = CommandTarget(["true", "@@"], tmp_path / "taken" / "input", LIMITS)
    with pytest.raises(StoreError, match="cannot write"):
        made.execute(b"x")


def test_mutation_is_that_of_bytes(command: Make) -> None:
    """Within the bound, and the same each time."""
    made = command("pass")
    assert made.mutate(b"abc", Rng(1), Means([], [], 2)) == made.mutate(b"abc", Rng(1), Means([], [], 2))
