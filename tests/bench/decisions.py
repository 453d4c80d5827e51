"""What deciding costs: microseconds of the processor for one HTTP request, by what the plan says."""

from __future__ import annotations

import time
from typing import Any

from fozzy.faults.http.decision import Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.forms import formed
from fozzy.faults.http.plan import Plan

ROUNDS, EACH = 7, 5_000
BODY = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "Say something."}]}'
HEADERS = [
    ("Host", "127.0.0.1:8080"),
    ("User-Agent", "python-httpx/0.28"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Connection", "keep-alive"),
    ("Content-Type", "application/json"),
    ("Content-Length", str(len(BODY))),
    ("Authorization", "Bearer abcdef0123456789"),
]

TYPICAL: dict[str, Any] = {
    "latency": {"uniform": ["1ms", "5ms"], "jitter": 0.1, "probability": 0.5},
    "faults": {
        "drop": 0.02,
        "malformed": 0.02,
        "disconnect": 0.02,
        "status": {"codes": [500, 503], "probability": 0.05},
        "timeout": 0.01,
    },
    "limits": {"global": {"rate": "100000000/s", "burst": 1000}},
}
PLANS: dict[str, dict[str, Any]] = {
    "off": {},
    "off, with routes": {"routes": [{"path": f"/{n}/*"} for n in range(4)]},
    "one fault": {"faults": {"drop": 0.05}},
    "rate limit": {"limits": TYPICAL["limits"]},
    "typical": TYPICAL,
    "typical, exclusive": {**TYPICAL, "mode": "exclusive"},
    "typical, with routes": {**TYPICAL, "routes": [{"path": f"/{n}/*"} for n in range(4)]},
}


def microseconds(said: dict[str, Any], keyed: bool = False) -> float:
    """One decision under a plan, at its best of some rounds. Every request has another path, as none repeats much."""
    engine = Engine(formed(Plan, {"upstream": "http://127.0.0.1:9000", **said}), 7, keyed=keyed)
    size = len(BODY)
    requests = [Seen("POST", f"/v1/chat/completions/{n}", HEADERS, BODY, size, False, "127.0.0.1") for n in range(EACH)]
    decide, times = engine.decide, []
    for count in range(ROUNDS):
        began = time.process_time()
        for n, seen in enumerate(requests):
            decide(seen, (count * EACH + n) * 1000, 3)
        times.append((time.process_time() - began) / EACH * 1e6)
    return min(times)


def decisions() -> dict[str, float]:
    """Microseconds for one decision, by what the plan says."""
    return {name: round(microseconds(said), 2) for name, said in PLANS.items()} | {
        "off, recorded": round(microseconds({}, keyed=True), 2)
    }


if __name__ == "__main__":
    for name, each in decisions().items():
        print(f"{each:8.2f} us  {name}")
