"""Guided fuzzing beside blind fuzzing on planted bugs, from an empty corpus: how many executions until each is found.

python tests/bench/fuzzers.py            the table, for five seeds
python tests/bench/fuzzers.py PYTHON     and the speed of a trivial function under atheris, when PYTHON has it
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from fozzy.search.fuzz.campaign import Campaign, Plan, distinct
from fozzy.search.fuzz.python_bench import Python, PythonBench
from fozzy.world.code.permission import permit

SEEDS = range(1, 6)
PLANTED = '''
import json

def trivial(data: bytes):
    pass

def byte_pair(data: bytes):
    """A parser that breaks on one byte pair."""
    for index in range(len(data) - 1):
        if data[index] == 0x7F:
            if data[index + 1] == 0x45:
                raise ValueError("bad pair")

def json_fields(data: bytes):
    """A combination of fields in JSON."""
    try:
        order = json.loads(data)
    except ValueError:
        return
    if isinstance(order, dict):
        if order.get("kind") == "refund":
            if order.get("currency") == "EUR":
                if isinstance(order.get("amount"), int) and order["amount"] < 0:
                    raise KeyError("a negative refund")

def boundary(n: int):
    """An integer boundary."""
    if n == 2**31 - 1:
        raise OverflowError(n)

def triple(n: int, s: str, xs: list[int]):
    """Three typed parameters that must agree."""
    if len(xs) == 3:
        if s.startswith("x:"):
            if n == 4242:
                raise RuntimeError("found")
'''
BUGS = {"byte_pair": 100_000, "json_fields": 200_000, "boundary": 20_000, "triple": 200_000}  # executions at most
ATHERIS = """
import sys, time, atheris
count, began = 0, time.perf_counter()
def trivial(data):
    global count
    count += 1
    if count == 200_000:
        print(count / (time.perf_counter() - began), flush=True)
        import os
        os._exit(0)
if sys.argv.pop() == "covered":
    trivial = atheris.instrument_func(trivial)
atheris.Setup([sys.argv[0], "-runs=200001", "-max_len=4096"], trivial)
atheris.Fuzz()
"""


def bench_of(folder: Path, function: str, *, covered: bool, jobs: int = 1) -> PythonBench:
    """A bench for a planted function."""
    (folder / "planted.py").write_text(PLANTED)
    permission = permit(True, AssertionError)
    words = (f"planted:{function}", permission, (str(folder),), str(folder), 10**9, 1 << 30, 4096, covered)
    return PythonBench(Python(*words), jobs)


def campaign_of(folder: Path, function: str, plan: Plan) -> Campaign:
    """A whole campaign; one that finds something ends with its round."""
    bench = bench_of(folder, function, covered=plan.guided)
    try:
        campaign = Campaign(plan, bench, [])

        def stop() -> None:
            if campaign.crashes:
                raise KeyboardInterrupt

        campaign.listen = stop
        campaign.run()
    finally:
        bench.close()
    return campaign


def found_after(folder: Path, function: str, runs: int, seed: int, guided: bool) -> int | None:
    """The execution that found the bug; none when none did."""
    campaign = campaign_of(folder, function, Plan(seed=seed, runs=runs, guided=guided))
    return min((each.run for each in distinct(campaign)), default=None)


def per_second(folder: Path, covered: bool, runs: int = 60_000) -> float:
    """Executions of a trivial function a second, in one job."""
    bench = bench_of(folder, "trivial", covered=covered)
    try:
        campaign = Campaign(Plan(seed=1, runs=runs, guided=covered), bench, [])
        began = time.perf_counter()
        campaign.run()
        return campaign.runs / (time.perf_counter() - began)
    finally:
        bench.close()


def under_atheris(python: str, how: str) -> float | None:
    """Executions of a trivial function a second there; none when it is not installed."""
    done = subprocess.run([python, "-c", ATHERIS, how], capture_output=True, text=True, check=False)
    return float(done.stdout.split()[-1]) if done.returncode == 0 and done.stdout.split() else None


def planted(folder: Path, say: Callable[[str], object]) -> None:
    """The table of guided against blind."""
    say(f"{'planted bug':<14}{'at most':>9}   {'guided, seeds 1 to 5':<42}blind, seeds 1 to 5\n")
    for function, runs in BUGS.items():
        cells = []
        for guided in (True, False):
            found = [found_after(folder, function, runs, seed, guided) for seed in SEEDS]
            cells.append(" ".join(f"{each:,}" if each else "-" for each in found))
        say(f"{function:<14}{runs:>9,}   {cells[0]:<42}{cells[1]}\n")


def main() -> None:
    """Print the table and the speeds."""
    say = sys.stdout.write
    with tempfile.TemporaryDirectory(prefix="fozzy-bench-") as name:
        folder = Path(name)
        planted(folder, say)
        for covered in (False, True):
            how = "covered" if covered else "not covered"
            say(f"a trivial function, {how}: {per_second(folder, covered):,.0f} executions/s\n")
            if len(sys.argv) > 1:
                speed = under_atheris(sys.argv[1], "covered" if covered else "bare")
                say(f"  under atheris: {f'{speed:,.0f} executions/s' if speed else 'not installed there'}\n")


if __name__ == "__main__":
    main()
