"""The same requests under the same seed get the same decisions, whoever sends them, in whatever order and process."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.json import encode
from msgspec.structs import replace

from fozzy.chaos.decisions import decision_lines
from fozzy.core.events import Event
from fozzy.core.exchange import Exchange
from fozzy.trace.reader import open_trace
from tests.chaos.decided import decision_log, exchanges_of
from tests.chaos.started import ROOT, Started
from tests.chaos.upstream import Upstream, chunked, ndjson, plain, sse
from tests.chaos.visitors import Ask, Got, at_once, serially

SEED = "7"
PLAN = """
[latency]
uniform = ["100us", "2ms"]
jitter = 0.5
probability = 0.3
[faults]
drop = 0.04
malformed = { how = "bit-flip", probability = 0.1 }
rate_limit = 0.03
disconnect = { how = "fin", at = "before-response", probability = 0.04 }
status = { codes = [500, { code = 503, weight = 3 }], probability = 0.08 }
timeout = { after = "2ms", probability = 0.03 }
connection_error = 0.04
partial = { probability = 0.1 }
status_override = { status = 418, probability = 0.05 }
[limits]
loss = { as = "408", probability = 0.03 }
[[routes]]
method = "POST"
path = "/v1/chat/*"
faults.malformed = 0.3
faults.status = { codes = [429, 529], probability = 0.2, body = "busy: {path}" }
[[routes]]
path = "/events"
faults.drop_event = 0.3
faults.corrupt_event = { probability = 0.3, among = 6 }
faults.cut_stream = { after_events = 3, probability = 0.3 }
[[routes]]
path = "/lines"
faults.malformed = { how = "truncate", probability = 0.4 }
[[routes]]
path = "/own"
faults.disconnect = { how = "rst", probability = 0.2 }
answers = [{ text = "first" }, { json = { n = 2 } }, { status = 404 }]
[tests.loud]
faults.drop = 0.6
[tests.calm]
merge = true
faults.malformed = 0
latency = { exponential = "500us" }
"""
MORE = '[[routes]]\npath = "/v1/images/*"\nfaults.stall = 0\n'  # behind all other routes, so that they keep their names
TESTS = ("", "", "loud", "calm", "unknown")
TEXTS = ("hello", "héllo ☃", '{"not": json', "x" * 3000)


# All that counts requests, or asks the clock: decided again it must come out alike, though not for every order.
COUNTING = """
[latency]
list = ["0ms", "1ms", "3ms"]
every = 3
[faults]
drop = { pattern = "F..F.F" , match = { path = "/orders/*" } }
status = { sequence = [500, 0, 503, 0, 0, 502], match = { method = "PUT" } }
malformed = { burst = { count = 2, every = 7 }, probability = 0.4 }
partial = { ramp = { from = 0, to = 0.5, over = 200 } }
rate_limit = { ramp = { to = 0.3, over = "2s" }, times = 20 }
connection_error = { after = 100, first = 200, probability = 0.05 }
disconnect = { between = ["100ms", "1s"], probability = 0.1 }
[limits]
global = { rate = "300/s", burst = 100 }
client = { rate = "1000/s", burst = 20 }
route = { rate = "100/s", burst = 30 }
concurrency = 8
[[routes]]
path = "/own"
answers = [{ text = "first" }, { json = { n = 2 } }, { status = 404 }]
limits.route = { rate = "10/s", burst = 3 }
[tests.loud]
faults.drop = { every = 2 }
[tests.calm]
mode = "exclusive"
faults.malformed = { ramp = { to = 0.5, over = 30 } }
faults.partial = 0.3
[scenarios.busy]
for = "300ms"
faults.status = { codes = [503], probability = 0.5 }
[[schedule]]
start = "busy"
after_requests = 150
[scenarios.noisy]
faults.drop = 0.5
latency = { fixed = "2ms" }
"""


class Session(NamedTuple):
    """What clients got, and what was recorded of it."""

    got: list[Got]
    path: Path
    seed: int

    def exchanges(self) -> list[Exchange]:
        return exchanges_of(self.path)


def asks() -> list[Ask]:
    """500 requests: 400 that differ, 100 that came before, mixed."""
    found = [_ask(number) for number in range(400)]
    for number in range(100):
        found.insert(5 * number + 30, found[number * 3])
    assert len(found) == 500 and len(set(found)) == 400 - _same_own()
    return found


def _same_own() -> int:
    """Requests to the route with answers of its own are alike but for their tests."""
    own = [_ask(number) for number in range(400) if number % 8 == 7]
    return len(own) - len(set(own))


def _ask(number: int) -> Ask:
    test = TESTS[number // 8 % len(TESTS)]
    headers = (("X-Test-Id", test),) if test else ()
    if number % 11 == 0:
        headers = (*headers, ("X-Fozzy-Chaos-Drop", "0.25"), ("X-AIMock-Chaos-Latency", "1"))
    chat = {"model": "m", "messages": [{"role": "user", "content": f"{TEXTS[number % 4]} {number}"}], "n": number}
    body = json.dumps(chat, sort_keys=number % 3 == 0).encode()
    match number % 8:
        case 0 | 1:
            return Ask("POST", "/v1/chat/completions", body, (("Content-Type", "application/json"), *headers))
        case 2:
            return Ask("GET", f"/events?n={number}", headers=headers)
        case 3:
            return Ask("GET", f"/lines?n={number}", headers=headers)
        case 4:
            data = b"%d" % number + bytes(range(256)) * number  # of those that are long the beginning tells them apart
            return Ask("PUT", f"/upload/{number % 3}", data, headers, chunked=number % 3 == 0)
        case 5:
            return Ask("GET", f"/blob?n={number}", headers=headers)
        case 6:
            return Ask("DELETE", f"/orders/{number}", headers=headers)
        case _:
            return Ask("GET", "/own", headers=() if not test else (("X-Test-Id", test),))


def serve(upstream: Upstream) -> None:
    upstream.on("/events", sse([json.dumps({"n": n, "text": "word " * n}) for n in range(8)]))
    upstream.on("/lines", ndjson([{"n": n} for n in range(9)]))
    upstream.on("/blob", plain(200, [("Content-Type", "application/octet-stream")], bytes(range(256)) * 300))
    upstream.on("/v1/chat/completions", chunked([b'{"choices": [', b'"hello there"', b"]}"]))


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        serve(upstream)
        yield upstream


_numbers = itertools.count()


def run(folder: Path, upstream: Upstream, *words: str, plan: str = PLAN, clients: int = 1, **env: str) -> Session:
    """All requests through a proxy of their own, recorded."""
    number = next(_numbers)
    chaos, path = folder / f"{number}.toml", folder / f"{number}.fozzy"
    chaos.write_text(plan)
    more = ["--chaos", str(chaos), "--upstream", upstream.url, "--record", str(path), "--unsafe"]
    with Started(*more, *words, control=False, cwd=folder, **env) as proxy:
        got = serially(proxy.port, asks()) if clients == 1 else at_once(proxy.port, asks(), clients)
        assert proxy.stop() == 0, proxy.lines
    return Session(got, path, proxy.seed)


@pytest.fixture(scope="module")
def serial(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """By one client, one request after the other."""
    return run(tmp_path_factory.mktemp("serial"), upstream, "--seed", SEED, PYTHONHASHSEED="1")


def by_request(session: Session) -> dict[Ask, Counter[Got]]:
    """What came of each request; of requests that are alike, all of it."""
    found: dict[Ask, Counter[Got]] = {}
    for ask, got in zip(asks(), session.got, strict=True):
        found.setdefault(ask, Counter())[got] += 1
    return found


def test_the_work_is_worth_it(serial: Session) -> None:
    """Every declared fault happens at least once and most requests pass: the comparisons below compare something."""
    applied = Counter(each.applied for each in serial.exchanges())
    wanted = {"drop", "malformed", "rate_limit", "disconnect", "status", "timeout", "connection_error", "partial"}
    wanted |= {"status_override", "loss", "drop_event", "corrupt_event", "cut_stream"}
    assert wanted <= applied.keys(), wanted - applied.keys()
    assert 100 < applied[""] < 400
    assert Counter(got.ended for got in serial.got).keys() == {"whole", "short", "reset"}


@pytest.fixture(scope="module")
def crowded(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """By 32 clients at once, to another process with another hash seed."""
    return run(tmp_path_factory.mktemp("crowded"), upstream, "--seed", SEED, clients=32, PYTHONHASHSEED="4242")


def test_many_clients_get_what_one_gets(serial: Session, crowded: Session) -> None:
    """32 clients at once get the decisions that one client gets, and what comes of them."""
    assert max(each.load for each in crowded.exchanges()) > 1, "nothing was at once"
    assert list(decision_lines(crowded.exchanges())) == list(decision_lines(serial.exchanges()))
    assert decision_log(crowded.exchanges()) == decision_log(serial.exchanges())
    assert by_request(crowded) == by_request(serial)


def test_the_decisions_are_there_again_in_the_same_order(serial: Session, upstream: Upstream, tmp_path: Path) -> None:
    """One client that does the same again gets the same answers in the same order, and so do the records."""
    again = run(tmp_path, upstream, "--seed", SEED)
    assert again.got == serial.got
    assert _without_times(again.exchanges()) == _without_times(serial.exchanges())


def _without_times(exchanges: list[Exchange]) -> list[bytes]:
    """Everything in a record but times, in the order of decisions. One that was cut may still be in flight."""
    found = []
    for each in sorted(exchanges, key=lambda each: each.number):
        answer = each.answer and replace(each.answer, chunks=[], head_ns=0)
        found.append(encode(replace(each, t=0, arrived=0, waited_ns=0, load=0, answer=answer)))
    return found


def test_a_seed_that_was_chosen_brings_the_run_back(serial: Session, upstream: Upstream, tmp_path: Path) -> None:
    """Without a seed one is chosen, printed and recorded; with it the run is the same again, and with another it is not."""
    chosen = run(tmp_path, upstream)
    with open_trace(chosen.path) as trace:
        assert trace.header().seed == chosen.seed
    assert decision_log(chosen.exchanges()) != decision_log(serial.exchanges())
    again = run(tmp_path, upstream, "--seed", str(chosen.seed), clients=8)
    assert again.seed == chosen.seed
    assert decision_log(again.exchanges()) == decision_log(chosen.exchanges())
    assert by_request(again) == by_request(chosen)


def test_a_fault_that_never_happens_moves_nothing(serial: Session, upstream: Upstream, tmp_path: Path) -> None:
    """Faults at probability 0, and a route that means nobody, change no decision and no answer."""
    plan = PLAN.replace("[faults]\n", "[faults]\ncorrupt_event = 0\nstall = 0.0\n").replace(
        "[tests.loud]", f"{MORE}[tests.loud]"
    )
    plan = plan.replace("[tests.calm]\n", "[tests.calm]\nfaults.cut_stream = 0\n")
    assert plan.count(" = 0\n") + plan.count("0.0\n") == PLAN.count(" = 0\n") + 4
    more = run(tmp_path, upstream, "--seed", SEED, plan=plan, clients=8)
    assert decision_log(more.exchanges()) == decision_log(serial.exchanges())
    assert by_request(more) == by_request(serial)


def serve_again(session: Session, folder: Path, *words: str, asked: list[Ask], clients: int = 1) -> list[Got]:
    """Requests to a recording, without upstream and without a plan."""
    with Started("--replay", str(session.path), "--unsafe", *words, control=False, cwd=folder) as proxy:
        got = serially(proxy.port, asked) if clients == 1 else at_once(proxy.port, asked, clients)
        proxy.stop()
    return got


def without_chaos(ask: Ask) -> Ask:
    """A request that asks for no chaos of its own."""
    return ask._replace(headers=tuple(pair for pair in ask.headers if "-Chaos-" not in pair[0]))


@pytest.mark.parametrize(("which", "clients"), [("serial", 1), ("crowded", 32)])
def test_a_recording_gives_the_same_bytes_and_faults_again(
    request: pytest.FixtureRequest, upstream: Upstream, tmp_path: Path, which: str, clients: int
) -> None:
    """With `--as-recorded` every client gets what it got then, damaged, cut or refused, and upstream is not asked."""
    session: Session = request.getfixturevalue(which)
    count = upstream.count
    again = serve_again(session, tmp_path, "--as-recorded", asked=asks(), clients=clients)
    assert by_request(session._replace(got=again)) == by_request(session)
    if clients == 1 and which == "serial":
        assert again == session.got
    assert upstream.count == count


@pytest.mark.parametrize("clients", [1, 32])
def test_a_recording_gives_the_true_answers(crowded: Session, upstream: Upstream, tmp_path: Path, clients: int) -> None:
    """Without it they get what upstream truly said, whatever chaos did then; what it was never asked is a miss."""
    true: dict[Ask, set[tuple[int, bytes]]] = {}
    kinds: dict[Ask, set[str]] = {}
    for ask, exchange in matched(crowded):
        kinds.setdefault(ask, set()).add(exchange.applied)
        if exchange.answer is not None:
            assert exchange.answer.ended == "whole", exchange
            true.setdefault(ask, set()).add((exchange.answer.status, exchange.answer.body.data()))
    count = upstream.count
    again = serve_again(crowded, tmp_path, asked=[without_chaos(ask) for ask in asks()], clients=clients)
    damaged = 0
    for ask, got in zip(asks(), again, strict=True):
        if ask in true:
            assert (got.status, got.body) in true[ask] and got.ended == "whole", ask
            damaged += "malformed" in kinds[ask]
        else:
            assert got.status == 503 and b"recorded" in got.body, (ask, got)
    assert damaged > 10 and len(true) > 250
    assert upstream.count == count


def matched(session: Session) -> Iterator[tuple[Ask, Exchange]]:
    """Each request with its record, whoever was first: they are told apart by what makes them another request."""
    by_identity = {(ask.method, ask.target, dict(ask.headers).get("X-Test-Id", ""), ask.body): ask for ask in asks()}
    for exchange in session.exchanges():
        asked = exchange.request
        yield by_identity[asked.method, asked.target, exchange.test, asked.body.data()], exchange


@pytest.mark.parametrize("which", ["serial", "crowded"])
def test_a_recording_is_decided_the_same_again(request: pytest.FixtureRequest, tmp_path: Path, which: str) -> None:
    """`fozzy replay` makes the same decisions of the requests alone: SAME."""
    session: Session = request.getfixturevalue(which)
    assert replayed(session.path, tmp_path)["verdict"] == "SAME"


def test_what_counts_requests_is_decided_the_same_again(upstream: Upstream, tmp_path: Path) -> None:
    """Patterns, limits, ramps, schedules, and changes while 32 clients ask: the recording alone brings it all back."""
    stopped = threading.Event()

    def change(proxy: Started) -> None:
        for turn in itertools.count():
            if stopped.wait(0.03):
                return
            proxy.controls(*CHANGES[turn % len(CHANGES)])

    chaos, trace = tmp_path / "plan.toml", tmp_path / "t.fozzy"
    chaos.write_text(COUNTING)
    words = ["--chaos", str(chaos), "--upstream", upstream.url, "--record", str(trace), "--seed", SEED, "--unsafe"]
    with Started(*words, cwd=tmp_path) as proxy, ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change, proxy)
        got = at_once(proxy.port, asks())
        stopped.set()
        changing.result()
        assert proxy.stop() == 0, proxy.lines
    session = Session(got, trace, 7)
    planned = Counter(each.planned for each in session.exchanges())
    wanted = {"limit.rate", "limit.concurrency", "drop", "status", "malformed", "partial"}
    assert wanted <= planned.keys(), wanted - planned.keys()
    with open_trace(trace) as opened:
        assert sum(isinstance(record, Event) for record in opened.records()) > 6
    assert replayed(trace, tmp_path)["verdict"] == "SAME"
    again = serve_again(session, tmp_path, "--as-recorded", asked=asks(), clients=32)
    assert by_request(session._replace(got=again)) == by_request(session)


CHANGES: list[tuple[str, str, Any]] = [
    ("PATCH", "/fozzy/config", {"faults": {"malformed": 0.3}}),
    ("POST", "/fozzy/disable", None),
    ("POST", "/fozzy/enable", None),
    ("POST", "/fozzy/scenarios/noisy", {"stack": True}),
    ("DELETE", "/fozzy/scenarios", None),
    ("PATCH", "/fozzy/config", {"latency": None, "limits": {"concurrency": 6}}),
]


def replayed(path: Path, folder: Path) -> dict[str, Any]:
    """What `fozzy replay` says."""
    command = [sys.executable, "-m", "fozzy", "replay", str(path), "--json"]
    done = subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    said: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0, said
    return said["replay"]
