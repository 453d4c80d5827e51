"""The engine decides as the plan says: who wins, what is rolled, and nothing that anybody else does changes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.core.choice import first_hit
from fozzy.errors import InputError
from fozzy.faults.http import control
from fozzy.faults.http.armed import Tally
from fozzy.faults.http.decision import Close, Damage, Decision, Give, Known, Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan
from fozzy.faults.keyed import base_of, draw
from tests.faults.http.asking import MS, S, ask, asks, engine, line, log, plan, planned, seen

ROOT = Path(__file__).parent.parent.parent.parent

# Resolution and rolls


def test_without_chaos_there_is_no_roll() -> None:
    """A proxy without chaos decides nothing and computes nothing."""
    idle = engine()
    decision = ask(idle, method="POST", body=b"{}")
    assert decision == Decision(1, 0, "", 0, "", "", None, "", 0, "proxy", (), 0, "", None, None, None, "", ())
    assert idle.is_idle and len(idle.occurrences) == 0 and idle.tallies() == []


def test_a_hit_is_recorded_with_its_route() -> None:
    """A fault on a matched route says which route it was, and uses up its answer."""
    routes = [{"path": "/a", "answers": [{"text": "first"}, {"text": "second"}]}]
    asked = engine(routes=routes)
    slots = [ask(asked, "/a", headers={"X-Fozzy-Chaos-Drop": value}) for value in ("1", "0", "0", "0")]
    assert [(each.planned, each.slot, each.place, each.source) for each in slots] == [
        ("drop", 0, "routes[0]", "fixture"),
        ("", 1, "routes[0]", "fixture"),
        ("", 1, "routes[0]", "fixture"),
        ("", 1, "routes[0]", "fixture"),
    ]


def test_each_test_has_its_own_sequence() -> None:
    """Two tests that ask the same route at once both get its first answer first."""
    asked = engine(routes=[{"answers": [{}, {}]}])
    assert [ask(asked, test=test).slot for test in ("a", "b", "a", "b", "")] == [0, 0, 1, 1, 0]


def test_probabilities_of_nothing() -> None:
    """A fault of probability 0 is no fault: no roll, no tally, and the engine is idle."""
    asked = engine(faults={"drop": 0, "malformed": 0, "disconnect": 0})
    assert all(each.planned == "" and each.rolls == () for each in asks(asked, 20))
    assert asked.is_idle and asked.tallies() == []


def test_the_first_hit_wins() -> None:
    """In a cascade the order is that of the faults, and those behind a hit are not rolled."""
    decision = ask(engine(faults={"disconnect": 1, "malformed": 1, "drop": 1}))
    assert (decision.planned, [roll.draw for roll in decision.rolls]) == ("drop", ["drop"])


def test_field_by_field() -> None:
    """What a nearer one does not say is left as the farther ones say it."""
    said: dict[str, Any] = {"faults": {"drop": 0}, "routes": [{"faults": {"malformed": 1}}]}
    assert isinstance(ask(engine(**said)).action, Damage)
    headers = {"X-Fozzy-Chaos-Malformed": "0", "X-Fozzy-Chaos-Disconnect": "1"}
    assert isinstance(ask(engine(**said), headers=headers).action, Close)
    late = ask(engine(latency={"fixed": "50ms"}, faults={"drop": 1}), headers={"X-Fozzy-Chaos-Drop": "0"})
    assert (late.planned, late.delay_ns) == ("", 50 * MS)


def test_chaos_on_one_of_two_routes() -> None:
    """A fails and B is clean."""
    asked = engine(routes=[{"path": "/a", "faults": {"drop": 1}}, {"path": "/b"}])
    assert planned([ask(asked, "/a"), ask(asked, "/b")]) == ["drop", ""]


def test_shares_of_a_cascade() -> None:
    """0.5 and 0.5 give a half and a quarter, the same for the same seed."""
    said = {"faults": {"drop": 0.5, "rate_limit": 0.5}}
    first, again, other = (planned(asks(engine(seed, **said), 4000)) for seed in (1, 1, 2))
    assert first == again != other
    assert abs(first.count("drop") - 2000) < 3 * (4000 * 0.25) ** 0.5
    assert abs(first.count("rate_limit") - 1000) < 3 * (4000 * 0.1875) ** 0.5


def test_shares_that_exclude_each_other() -> None:
    """Each fault has its share of all requests, by one draw; one that is not due leaves its share empty."""
    said: dict[str, Any] = {"mode": "exclusive", "faults": {"drop": 0.3, "malformed": 0.3, "timeout": 0.2}}
    decisions = asks(engine(**said), 4000)
    assert {each.rolls[0].draw for each in decisions} == {"exclusive"}
    for name, share in (("drop", 0.3), ("malformed", 0.3), ("timeout", 0.2)):
        assert abs(planned(decisions).count(name) - share * 4000) < 3 * (4000 * share * (1 - share)) ** 0.5
    said["faults"]["drop"] = {"probability": 0.3, "after": 4000}
    empty = asks(engine(**said), 4000)
    assert planned(empty) == [name if name != "drop" else "" for name in planned(decisions)]
    assert decisions[0].rolls[0].probability == pytest.approx(0.8)


def test_all_of_it() -> None:
    """A probability of 1 always strikes, whatever is drawn, in both modes."""
    assert set(planned(asks(engine(faults={"drop": 1}), 500))) == {"drop"}
    assert set(planned(asks(engine(mode="exclusive", faults={"drop": 1}), 500))) == {"drop"}
    assert set(planned(asks(engine(mode="exclusive", faults={"drop": 0.5, "timeout": 0.5}), 500))) == {
        "drop",
        "timeout",
    }


def test_a_roll_says_everything() -> None:
    """Name, probability, value, hit and origin; the value is the one that the reference describes."""
    decision = ask(engine(seed=5, faults={"drop": 0.25}), "/x")
    roll = decision.rolls[0]
    assert roll.value == draw(base_of(5, ("http", decision.key), 1), "drop")
    assert (roll.draw, roll.probability, roll.origin) == ("drop", 0.25, "server")
    assert roll.hit is (roll.value >= first_hit(0.25)) is (decision.planned == "drop")


def test_loss() -> None:
    """A loss of a half strikes about half of a thousand requests, the same for the same seed; turned off, none."""
    found = planned(asks(engine(limits={"loss": 0.5}), 1000))
    assert 400 < found.count("loss") < 600 and found == planned(asks(engine(limits={"loss": 0.5}), 1000))
    assert set(planned(asks(engine(enabled=False, limits={"loss": 1}), 1000))) == {""}


def test_where_nobody_could_answer() -> None:
    """No route and no upstream: nothing is rolled; a door that has somebody to ask says so."""
    alone = Engine(Plan(), 1)
    assert ask(alone).source == "internal"
    rolled = Engine(plan(upstream=None, faults={"drop": 1}), 1)
    assert (ask(rolled).source, ask(rolled).rolls, ask(rolled).planned) == ("internal", (), "")
    app = Engine(plan(upstream=None, faults={"drop": 1}), 1, has_upstream=True)
    assert (ask(app).source, ask(app).planned) == ("proxy", "drop")
    routed = Engine(plan(upstream=None, routes=[{"path": "/a", "upstream": "http://h"}, {"path": "/b"}]), 1)
    assert [ask(routed, path).source for path in ("/a", "/b")] == ["proxy", "internal"]


# Keyed draws

REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["/a", "/b", "/c?x"]), st.sampled_from(["GET", "POST"]), st.sampled_from([b"", b"{}", b"x"])
    ),
    max_size=40,
)
FAULTS = {"drop": 0.3, "malformed": 0.3, "status": {"codes": [500, 503], "probability": 0.3}, "timeout": 0.2}
WAITS = {"uniform": ["1ms", "9ms"], "jitter": 0.1, "probability": 0.5}


def decide_all(asked: Engine, requests: list[tuple[str, str, bytes]]) -> list[Decision]:
    """Decisions about requests in their order."""
    return [ask(asked, target, method=method, body=body, now_ns=n) for n, (target, method, body) in enumerate(requests)]


@given(REQUESTS, st.integers(0, 2**53 - 1), st.sampled_from(["cascade", "exclusive"]), st.randoms())
def test_any_order_gives_the_same_decisions(requests: Any, seed: int, mode: str, order: Any) -> None:
    """However requests are interleaved, each is decided the same; only the order of equal ones is counted."""
    share = {"drop": 0.3, "malformed": 0.3, "timeout": 0.2}
    shuffled = list(requests)
    order.shuffle(shuffled)
    one = decide_all(engine(seed, mode=mode, faults=share, latency=WAITS), requests)
    two = decide_all(engine(seed, mode=mode, faults=share, latency=WAITS), shuffled)
    assert log(one) == log(two)


@given(
    REQUESTS,
    st.integers(0, 2**53 - 1),
    st.lists(
        st.sampled_from(["rate_limit", "disconnect", "connection_error", "partial", "stall", "drop_event"]), unique=True
    ),
)
def test_faults_of_probability_0_move_nothing(requests: Any, seed: int, more: list[str]) -> None:
    """Faults that are added at probability 0 change no decision and no roll."""
    added: dict[str, Any] = {**FAULTS, **dict.fromkeys(more, 0), "status_override": {"status": 500, "probability": 0}}
    one = decide_all(engine(seed, faults=FAULTS, latency=WAITS), requests)
    two = decide_all(engine(seed, faults=added, latency=WAITS), requests)
    assert [line(each) for each in one] == [line(each) for each in two]


@given(REQUESTS, st.integers(0, 2**53 - 1))
def test_an_added_fault_moves_no_other_draw(requests: Any, seed: int) -> None:
    """With one fault more every draw that is still made has the value it had."""
    one = decide_all(engine(seed, faults=FAULTS), requests)
    two = decide_all(engine(seed, faults={**FAULTS, "disconnect": 0.5}), requests)
    for before, after in zip(one, two, strict=True):
        values = {roll.draw: roll.value for roll in before.rolls}
        assert all(values.get(roll.draw, roll.value) == roll.value for roll in after.rolls)


def test_the_same_request_again() -> None:
    """The same request is another occurrence with other draws; another test's is another request."""
    decisions = [ask(engine_, "/a") for engine_ in [engine(faults={"drop": 0.5})] for _ in range(4)]
    assert [each.occurrence for each in decisions] == [1, 2, 3, 4] and len({each.key for each in decisions}) == 1
    assert len({each.rolls[0].value for each in decisions}) == 4
    asked = engine(faults={"drop": 0.5})
    assert len({ask(asked, "/a", test=test).key for test in ("", "t", "u")}) == 3


def test_headers_do_not_make_another_request() -> None:
    """Which headers come along decides nothing, and neither does how a JSON body is written."""
    asked = engine(faults={"drop": 0.5})
    one = ask(asked, method="POST", body=b'{"a": 1, "b": 2}', headers={"x": "1"})
    two = ask(asked, method="POST", body=b'{"b":2,"a":1}', client="10.0.0.9")
    assert one.key == two.key and (one.occurrence, two.occurrence) == (1, 2)


def test_who_records_gets_keys() -> None:
    """Where somebody records, requests have keys also while nothing could be drawn; decisions are the same."""
    recorded = engine(keyed=True)
    assert [ask(recorded).occurrence for _ in range(2)] == [1, 2] and ask(recorded).rolls == ()
    assert len(ask(recorded).key) == 16
    said = {"faults": {"drop": 0.5}}
    assert [line(each) for each in asks(engine(keyed=True, **said), 50)] == [
        line(each) for each in asks(engine(**said), 50)
    ]


def test_a_recorded_request_is_known() -> None:
    """A request whose body is gone is decided by the key it had."""
    asked = engine(faults={"drop": 0.5})
    first = ask(asked, method="POST", body=b"secret")
    known = ask(engine(faults={"drop": 0.5}), method="POST", body=b"", known=Known(first.key, first.digest, 1))
    assert line(known) == line(first)


def test_every_seed_its_own_decisions() -> None:
    """A seed decides; another decides otherwise."""
    said = {"faults": {"drop": 0.5}}
    assert planned(asks(engine(1, **said), 64)) != planned(asks(engine(2, **said), 64))


DECIDING = """
import sys
from fozzy.faults.http.decision import Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.forms import formed
from fozzy.faults.http.plan import Plan
said = {"upstream": "http://h", "mode": sys.argv[1], "latency": {"normal": ["50ms", "9ms"], "jitter": 0.2, "probability": 0.7},
        "faults": {"drop": 0.1, "malformed": 0.1, "status": {"codes": [500, {"code": 503, "weight": 2}], "probability": 0.2}},
        "limits": {"client": {"rate": "90/s", "burst": 9}, "loss": 0.1},
        "tests": {"t": {"merge": True, "faults": {"drop": 0.2}}, "u": {"faults": {"stall": 0.4}}},
        "routes": [{"path": "/1*", "faults": {"timeout": {"every": 3, "probability": 0.3, "match": {"headers": {"a": "*", "b": "2"}}}}}]}
engine = Engine(formed(Plan, said), 7)
for n in range(500):
    body = b'{"n": %d, "m": {"z": 1, "a": 2}}' % (n % 7)
    headers = [("a", "1"), ("b", str(n % 3)), ("X-Test-Id", "tuv"[n % 3])]
    print(engine.decide(Seen("POST", f"/{n % 40}", headers, body, len(body), False, f"10.0.0.{n % 5}"), n * 10**6, 0))
"""


def test_two_processes() -> None:
    """The same 500 requests in two processes with other hash seeds: the same decisions, byte for byte."""
    told = []
    for mode, hashed in (("cascade", "1"), ("cascade", "2"), ("exclusive", "3"), ("exclusive", "4")):
        environment = {**os.environ, "PYTHONHASHSEED": hashed, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run(
            [sys.executable, "-c", DECIDING, mode], env=environment, capture_output=True, timeout=60, check=True
        )
        told.append(ran.stdout)
    assert told[0] == told[1] != told[2] == told[3] and told[0].count(b"\n") == 500
    assert b"limit.rate" in told[0] and b"timeout" in told[0] and b"test t" in told[0]


# Evidence


def test_numbers_and_changes() -> None:
    """Decisions and changes are numbered in one order; a door's arrival time is kept."""
    asked = engine(faults={"drop": 1})
    assert [ask(asked, now_ns=5).number, asked.change(control.disable(asked.state), 6), ask(asked).number] == [1, 2, 3]
    assert ask(asked, now_ns=9).arrived_ns == 9


def test_tallies() -> None:
    """Each declared fault says what became of it, also when it was planned and could not be done."""
    asked = engine(
        latency={"fixed": "1ms"},
        faults={"drop": {"first": 2}, "timeout": {"match": {"path": "/never"}}, "malformed": {"probability": 1}},
        routes=[{"path": "/r", "faults": {"drop": {"first": 1}}}],
    )
    decisions = asks(asked, 5)
    asked.applied(decisions[0])
    asked.bypassed(decisions[1], "upstream_failed")
    asked.applied(decisions[2])
    assert asked.tallies() == [
        Tally("server", "drop", 5, 2, 2, 1, 1),
        Tally("server", "malformed", 5, 3, 3, 1, 0),
        Tally("server", "timeout", 0, 0, 0, 0, 0),
        Tally("server", "latency", 5, 5, 5, 5, 0),
        Tally("routes[0]", "drop", 0, 0, 0, 0, 0),
    ]


def test_tallies_of_headers_and_of_the_past() -> None:
    """What a header asked for is counted, and what is not declared any more is not forgotten."""
    asked = engine(faults={"drop": {"match": {"path": "/x"}}})
    asked.applied(ask(asked, headers={"X-Fozzy-Chaos-Malformed": "1"}))
    asked.applied(ask(asked, headers={"X-Fozzy-Chaos-Malformed": "0.99999"}))
    asked.change(control.patch(asked.state, {"faults": None}, 5), 5)
    assert Tally("header", "malformed", 2, 2, 2, 2, 0) in asked.tallies()
    assert [each.name for each in asked.tallies() if each.place == "server"] == ["drop"]


def test_a_cascade_in_exclusive_counts_alike() -> None:
    """One draw for all counts as a roll of each fault that is due."""
    asked = engine(mode="exclusive", faults={"drop": 0.5, "timeout": {"probability": 0.1, "first": 1}})
    asks(asked, 10)
    rolled = {each.name: (each.matched, each.rolled) for each in asked.tallies()}
    assert rolled == {"drop": (10, 10), "timeout": (10, 1)}


def test_what_holds_for_connections() -> None:
    """A door asks the engine what the plan says of connections; off, nothing."""
    asked = engine(limits={"max_connections": 5, "idle_timeout": "1s", "connection_timeout": "1m"})
    assert asked.connections == (5, S, 60 * S) and asked.is_idle
    asked.change(control.disable(asked.state), 0)
    assert asked.connections == (None, None, None)


def test_memory_is_bounded() -> None:
    """Ever new requests, clients, tests and scopes do not fill any table."""
    asked = engine(faults={"drop": 0.5}, limits={"client": {"rate": "1/s"}}, routes=[{"answers": [{}, {}]}])
    for n in range(70_000):
        asked.decide(Seen("GET", f"/{n}", [], b"", 0, False, str(n), str(n)), 0, 0)
    assert len(asked.occurrences) <= 65_536 and len(asked.slots) <= 65_536 and len(asked.buckets) <= 65_536
    assert len(asked.program._sections) <= 4


def test_scopes_come_and_go() -> None:
    """Test scopes that were put and dropped leave nothing behind but a bounded tally."""
    asked = engine()
    scope = plan(tests={"t": {"faults": {"drop": 1}}}).tests["t"]
    for n in range(60):
        asked.change(control.put_test(asked.state, f"t{n}", scope, n), n)
        assert ask(asked, test=f"t{n}").planned == "drop"
        asked.change(control.drop_test(asked.state, f"t{n}"), n)
    assert len(asked.program.pool.armed) == 0 and len(asked.tallies()) == 60


@settings(max_examples=30)
@given(
    st.binary(max_size=40),
    st.text(max_size=10),
    st.lists(st.tuples(st.text(min_size=1, max_size=6), st.text(max_size=6))),
)
def test_no_request_breaks_it(body: bytes, target: str, headers: list[tuple[str, str]]) -> None:
    """Whatever a door sees can be decided."""
    asked = engine(
        faults={"drop": {"match": {"query": {"a": "*"}, "body": {"$.a": 1}, "headers": {"b": "*"}}}}, strict=False
    )
    decision = asked.decide(Seen("GET", target, headers, body, None, True, "?", target), 5, 0)
    assert decision.number == 1 and len(decision.key) == 16


def test_answers_are_shared_and_not_changed() -> None:
    """Two requests may get the same object as their answer; it is a value and holds no request."""
    one, two = asks(engine(faults={"drop": 1}), 2)
    assert isinstance(one.action, Give) and one.action == two.action
    assert seen("/a") == seen("/a")


@pytest.mark.parametrize("seed", [-1, 1 << 53, 1 << 64, True, "7", 1.0])
def test_seeds_that_are_none(seed: Any) -> None:
    """A seed that a trace cannot hold is refused in words, before anything is decided."""
    with pytest.raises(InputError, match="expected a whole number from 0 to 9007199254740991"):
        Engine(plan(), seed)
    assert Engine(plan(), (1 << 53) - 1).seed == (1 << 53) - 1
