"""Real libraries, as they are, run in the simulator: the same seed is the same run in every process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.world.code.addresses import unscattered
from fozzy.world.code.host import POOL

HERE = Path(__file__).parent
HASH_SEEDS = (0, 1, 4242)
PROCESSES = 7  # under each of them
SEEDS = (3, 11, 29, 100)

LIBRARIES = sorted(path.name.partition(".")[0] for path in HERE.glob("*.fozzy.toml") if "surroundings" not in path.name)

# What they count goes on from one execution to the next in a process; whoever explores gives each a process of its own.
DRIFTS = {"asyncpg": "it numbers the statements of all connections"}

NEEDED = {"fastapi": ("fastapi", "uvicorn", "websockets"), "asyncio": (), "datagrams": (), "tls": ()}  # else its name

Of = Callable[[str], Any]


def need(name: str) -> None:
    """Leave a test out, loudly, where what it tests is not installed."""
    for package in NEEDED.get(name, (name,)):
        pytest.importorskip(package)


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_same_seed_is_the_same_run_in_every_process(name: str, processes: Of) -> None:
    """Twenty-one processes under three hash seeds record the same, byte for byte, and the program does its whole work."""
    need(name)
    digests = set()
    for hash_seed in HASH_SEEDS:
        for _ in range(PROCESSES):
            with processes(name)(hash_seed) as process:
                executed = process.execute(7)
            assert executed.findings == []
            assert executed.said("client")[-1].startswith("done"), "it came to its end"
            digests.add(executed.digest)
    assert len(digests) == 1


@pytest.mark.parametrize("name", LIBRARIES)
def test_every_seed_passes_and_is_another_run(name: str, processes: Of) -> None:
    """Under other seeds the program does its whole work too, and each of them is a run of its own. The first one again,
    in the same process, is the same run, except for libraries that are known to count."""
    need(name)
    with processes(name)() as process:
        runs = [process.execute(seed) for seed in SEEDS]
        again = process.execute(SEEDS[0])
    assert [run.findings for run in runs] == [[]] * len(SEEDS)
    assert all(run.said("client")[-1].startswith("done") for run in runs)
    assert len({run.digest for run in runs}) == len(SEEDS)
    assert (again.digest != runs[0].digest) == (name in DRIFTS)


def test_hash_seeds_do_differ(processes: Of) -> None:
    """What is ordered by hash differs between the hash seeds these tests use, so they could see it."""
    said = set()
    for hash_seed in HASH_SEEDS:
        with processes("surroundings")(hash_seed) as process:
            said.add(process.execute(1).said("only")[0])
    assert len(said) == len(HASH_SEEDS)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be asked for it")
def test_sets_ordered_by_address_repeat(processes: Of) -> None:
    """A program that is ordered by addresses is the same run in another interpreter, where the system allows it."""
    said = []
    for _ in range(3):
        with processes("surroundings")() as process:
            said.append(process.execute(1).said("only")[1])
        POOL.close()
    assert said[0].startswith("objects ") and said[0] != " ".join(["objects", *map(str, range(50))])
    assert len(set(said)) == 1 or not is_allowed()


def is_allowed() -> bool:
    """Whether processes can be started with their memory where it lay."""
    with unscattered():
        say = [sys.executable, "-I", "-S", "-c", "print(id(print))"]
        return len({subprocess.run(say, capture_output=True, check=True).stdout for _ in range(3)}) == 1
