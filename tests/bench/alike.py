"""The resilience tests again and again with one seed: all pass, and each decides the same. `make chaos-soak`.

Compared of each test: its outcome, how much virtual time went by, the digest of its decision log, what became of each fault.
What runs in real time says how much that was; it is not compared.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

ROUNDS = 20
SEED = "7"
LOOKED_AT = ("outcome", "time", "decisions", "faults", "breakers")


def main(rounds: int) -> int:
    """Print a line for each round; 1 when one failed or a test differed from the first round."""
    first: dict[str, Any] = {}
    bad = 0
    for number in range(1, rounds + 1):
        began = time.perf_counter()
        command = [sys.executable, "-m", "fozzy", "chaos", "run", "tests/chaos", "--require-services", "--json"]
        ran = subprocess.run([*command, "--seed", SEED], capture_output=True, text=True, check=False)
        document = json.loads(ran.stdout)
        now = {each["name"]: _seen(each) for each in document["tests"]}
        first = first or now
        other = [name for name in sorted({*first, *now}) if first.get(name) != now.get(name)]
        failed = [each["name"] for each in document["tests"] if each["outcome"] in ("failed", "error", "timeout")]
        bad += bool(other or failed or ran.returncode)
        print(
            f"round {number:2}  {document['status']}  {document['passed']} passed  {time.perf_counter() - began:5.1f} s"
        )
        for name in failed:
            print(f"    failed   {name}")
        for name in other:
            print(f"    differs  {name}")
            print(f"      first  {first.get(name)}")
            print(f"      now    {now.get(name)}", flush=True)
    return int(bad > 0)


def _seen(test: dict[str, Any]) -> dict[str, Any]:
    seen = {name: test[name] for name in LOOKED_AT}
    return {**seen, "time": None} if (test["time"] or "").endswith("real") else seen


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
