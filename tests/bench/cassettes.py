"""What a recording costs: microseconds per exchange to record, to serve and to decide again, and the memory of many.

python -m tests.bench.cassettes [--exchanges N]. A chat's request and answer of 1.5 kB, its key in a header.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from fozzy.chaos.cassette.header import Begun, wire_redactor
from fozzy.chaos.cassette.library import Library
from fozzy.chaos.cassette.recorder import CassetteRecorder
from fozzy.chaos.cassette.redecide import Redeciding
from fozzy.chaos.cassette.tape import Place
from fozzy.chaos.cassette.timeline import Timeline
from fozzy.chaos.session import Session
from fozzy.core.blob import Blob
from fozzy.core.exchange import Answered, Asked, Exchange, Sent
from fozzy.core.redact_exchange import ExchangeCleaner
from fozzy.core.summary import Identity, Summary
from fozzy.faults.http.decision import Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Drop, Faults, Malformed, Plan

PLAN = Plan(faults=Faults(drop=Drop(probability=0.05), malformed=Malformed(probability=0.05)))
SAID = "Hello there, how may I assist you today? " * 3
ANSWER = json.dumps({"choices": [{"message": {"content": SAID}}], "usage": {"prompt_tokens": 9, "total_tokens": 21}})
HEADERS = [
    ("host", "127.0.0.1:8080"),
    ("accept", "application/json"),
    ("user-agent", "OpenAI/Python 1.50.0"),
    ("content-type", "application/json"),
    ("authorization", "Bearer sk-abcdefgh12345678"),
]


def asked(session: Session, number: int) -> Exchange:
    """A request that was decided, and answered."""
    body = json.dumps({"model": "gpt-4", "messages": [{"role": "user", "content": f"hello {number}"}]}).encode()
    decision = session.decide(Seen("POST", "/v1/chat/completions", HEADERS, body, len(body), client="127.0.0.1"))
    request = Asked("POST", "/v1/chat/completions", HEADERS, Blob.of(body), len(body), decision.digest)
    headers = [("content-type", "application/json"), ("date", f"Fri, 20 Nov 2026 20:08:{number // 500 % 60:02} GMT")]
    answer = Answered(200, "OK", headers, Blob(text=ANSWER), len(ANSWER), [(0, len(ANSWER))])
    return Exchange(
        t=session.now_ns(),
        at="",
        number=decision.number,
        arrived=decision.arrived_ns,
        key=decision.key,
        occurrence=decision.occurrence,
        source=decision.source,
        request=request,
        answer=None if decision.planned == "drop" else answer,
        sent=Sent(200, len(ANSWER)),
        rolls=list(decision.rolls),
        planned=decision.planned,
        client="127.0.0.1",
    )


def summary(path: str) -> Summary:
    """What ends a recording."""
    identity = Identity(run_id="abcd1234", seed=7, trace_path=path)
    return Summary(
        schema_version=1,
        command="bench",
        status="pass",
        mode="proxy",
        identity=identity,
        started_at="",
        finished_at="",
        duration_ms=0,
        duration_ns=0,
    )


def told(name: str, seconds: float, count: int) -> None:
    """A line of the table."""
    print(f"{name:<34} {seconds / count * 1e6:8.1f} us")


def record(path: Path, count: int) -> None:
    """Record, and say what that costs besides deciding."""
    session = Session(Engine(PLAN, 7, keyed=True, has_upstream=True))
    begun = Begun(seed=7, has_upstream=True, plan=PLAN)
    recorder = CassetteRecorder(begun, "bench", Place(path, "append", "abcd1234"), wire_redactor([]))
    recorder.attach(session)
    spent = worst = 0.0
    for number in range(count):
        exchange = asked(session, number)
        began = time.perf_counter()
        session.done(exchange)
        took = time.perf_counter() - began
        spent, worst = spent + took, max(worst, took)
    told("recording (redact, encode, hash)", spent, count)
    print(f"{'  the longest wait of an exchange':<34} {worst * 1e3:8.1f} ms")
    began = time.perf_counter()
    recorder.finish(summary)
    print(f"{'  sealing':<34} {(time.perf_counter() - began) * 1e3:8.1f} ms   {path.stat().st_size / 1e6:.1f} MB")
    cleaner = ExchangeCleaner(wire_redactor([]))
    sample = [asked(session, number) for number in range(2000)]
    began = time.perf_counter()
    for exchange in sample:
        cleaner.clean(exchange)
    told("  of which redaction", time.perf_counter() - began, len(sample))


def serve(path: Path, count: int) -> None:
    """Read it, and find every request in it again."""
    began = time.perf_counter()
    library = Library(path, wire_redactor([]))
    told("reading a recording", time.perf_counter() - began, count)
    session = Session(Engine(Plan(), 7, has_upstream=True))
    pairs = []
    for number in range(min(count, 20_000)):
        body = json.dumps({"model": "gpt-4", "messages": [{"role": "user", "content": f"hello {number}"}]}).encode()
        seen = Seen("POST", "/v1/chat/completions", HEADERS, body, len(body))
        pairs.append((session.decide(seen), seen, body))
    began = time.perf_counter()
    for decision, seen, body in pairs:
        library.find(decision, seen, body)
    told("finding an answer", time.perf_counter() - began, len(pairs))
    library.close()


def again(path: Path, count: int) -> None:
    """Decide all of it again."""
    began = time.perf_counter()
    with Timeline([path]) as timeline:
        done = Redeciding(timeline).run()
    assert done.divergence.verdict == "SAME", done.divergence
    told("deciding again", time.perf_counter() - began, count)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=20_000)
    count = parser.parse_args().exchanges
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.fozzy"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        record(path, count)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"{'  memory it grew by':<34} {grown / 1024:8.1f} MB")
        serve(path, count)
        again(path, count)


if __name__ == "__main__":
    main()
