"""A request may say its own chaos; what cannot be understood changes nothing without a word."""

from __future__ import annotations

import pytest

from fozzy.faults.http.decision import Close, Damage, Give
from fozzy.faults.http.headers import NOTHING, is_control, said
from tests.faults.http.asking import MS, ask, engine

MAX = 30 * 10**9


@pytest.mark.parametrize("value", ["1", "1.0", " 1 ", "1.", "0.5", ".5", "0", "01"])
def test_numbers(value: str) -> None:
    """A plain number from 0 to 1 is a probability, with spaces around it or not."""
    assert said([("X-Fozzy-Chaos-Drop", value)], MAX).fields == (("drop", float(value)),)


@pytest.mark.parametrize(
    "value", ["2.0", "banana", "", " ", "-0.1", "0x1", "0.5abc", "1e-1", "nan", "inf", "1,0", "1.1", "٣"]
)
def test_what_is_no_number(value: str) -> None:
    """Anything else is told and not used."""
    heard = said([("X-Fozzy-Chaos-Drop", value)], MAX)
    assert heard.fields == () and "expected a number from 0 to 1" in heard.wrong[0]


@pytest.mark.parametrize("value", ["200", "200ms", " 200ms ", "200000us"])
def test_latencies(value: str) -> None:
    """A latency is milliseconds or a duration."""
    assert said([("X-Fozzy-Chaos-Latency", value)], MAX).fields == (("latency", 200 * MS),)


@pytest.mark.parametrize("value", ["31s", "30001", "1.5", "soon", "", "-1"])
def test_latencies_that_are_none(value: str) -> None:
    """A latency over the cap is refused like any other mistake, and never shortened."""
    heard = said([("X-Fozzy-Chaos-Latency", value)], MAX)
    assert heard.fields == () and "up to 30000ms" in heard.wrong[0]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("X-Fozzy-Chaos-Malformed", "malformed"),
        ("x-aimock-chaos-disconnect", "disconnect"),
        ("X-AIMock-Chaos-Drop", "drop"),
        ("X-FOZZY-CHAOS-RATELIMIT", "rate_limit"),
        ("X-Fozzy-Chaos-Rate-Limit", "rate_limit"),
    ],
)
def test_spellings(name: str, field: str) -> None:
    """Both families of names, in any case."""
    assert said([(name, "1")], MAX).fields == ((field, 1.0),)
    assert is_control(name)


def test_other_headers_are_none_of_ours() -> None:
    """Headers that only look alike are let through."""
    others = [
        ("X-Request-Id", "1"),
        ("x-forwarded-for", "1"),
        ("X", "1"),
        ("x-fozzy", "1"),
        ("authorization", "x-fozzy-chaos-drop"),
    ]
    assert said(others, MAX) is NOTHING
    assert not any(is_control(name) for name, _ in others)
    assert is_control("X-Test-Id")


def test_twice_and_unknown() -> None:
    """One that is given twice with other values, or does not exist, is told."""
    twice = said([("X-Fozzy-Chaos-Drop", "1"), ("X-AIMock-Chaos-Drop", "0")], MAX)
    assert "twice" in twice.wrong[0]
    assert said([("X-Fozzy-Chaos-Drop", "1"), ("X-AIMock-Chaos-Drop", "1.0")], MAX).wrong == ()
    assert "there is no such header" in said([("X-Fozzy-Chaos-Dorp", "1")], MAX).wrong[0]


def test_two_tests() -> None:
    """A request belongs to one test: another id beside it is refused, or noted and the first one counts."""
    both = [("X-Test-Id", "a"), ("x-test-id", " b ")]
    assert "twice" in ask(engine(), headers=both).refused
    lenient = ask(engine(strict=False), headers=both)
    assert (lenient.test, lenient.refused) == ("a", "") and "twice" in lenient.notes[0]
    alike = ask(engine(), headers=[("X-Test-Id", "a"), ("x-test-id", " a ")])
    assert (alike.test, alike.refused) == ("a", "")


def test_strict_refuses() -> None:
    """A strict engine refuses such a request: no roll, no route, and it says why."""
    decision = ask(engine(faults={"drop": 1}), headers={"X-Fozzy-Chaos-Drop": "banana"})
    assert decision.refused == 'X-Fozzy-Chaos-Drop is "banana": expected a number from 0 to 1'
    assert (decision.rolls, decision.action, decision.planned) == ((), None, "")


def test_otherwise_it_is_noted() -> None:
    """Without strict the header counts as not there, and the record says so."""
    decision = ask(engine(faults={"drop": 1}, strict=False), headers={"X-Fozzy-Chaos-Drop": "2.0"})
    assert decision.planned == "drop" and decision.refused == ""
    assert decision.notes == ('ignored: X-Fozzy-Chaos-Drop is "2.0": expected a number from 0 to 1',)


def test_headers_work_without_any_plan() -> None:
    """A proxy that was given no chaos does what a header asks for, and nothing else."""
    idle = engine()
    dropped = ask(idle, headers={"X-Fozzy-Chaos-Drop": "1"})
    assert isinstance(dropped.action, Give) and dropped.origin == "header" and dropped.rolls[0].origin == "header"
    assert ask(idle).planned == "" and idle.is_idle
    assert ask(idle, headers={"X-Fozzy-Chaos-Latency": "50"}).delay_ns == 50 * MS
    assert isinstance(ask(idle, headers={"X-Fozzy-Chaos-Malformed": "1"}).action, Damage)


def test_off_is_off() -> None:
    """Where chaos is turned off a header turns none on; that it was there is noted."""
    off = engine(enabled=False)
    decision = ask(off, headers={"X-Fozzy-Chaos-Drop": "1"})
    assert (decision.planned, decision.rolls) == ("", ()) and decision.notes == ("ignored: chaos is off",)
    assert ask(off, headers={"X-Fozzy-Chaos-Drop": "banana"}).refused == ""


def test_headers_and_routes() -> None:
    """A header's value takes the place of the route's, and leaves what it does not say."""
    asked = engine(routes=[{"faults": {"malformed": 1}}])
    headers = {"X-Fozzy-Chaos-Malformed": "0", "X-Fozzy-Chaos-Disconnect": "1"}
    assert ask(asked, headers=headers).action == Close("fin", "before-response")


def test_shares_of_headers() -> None:
    """Headers that make shares exclude each other over one are refused, or ignored all together."""
    headers = {"X-Fozzy-Chaos-Drop": "1", "X-Fozzy-Chaos-Malformed": "1"}
    said_so = {"mode": "exclusive", "faults": {"status": {"codes": [500], "probability": 1}}}
    assert "add up to more than 1" in ask(engine(**said_so), headers=headers).refused
    loose = ask(engine(strict=False, **said_so), headers=headers)
    assert loose.planned == "status" and "add up to more than 1" in loose.notes[0]


def test_the_test_of_a_request() -> None:
    """A header says which test a request is of, unless the door knows better."""
    asked = engine(tests={"t1": {"faults": {"drop": 1}}})
    assert ask(asked, headers={"X-Test-Id": " t1 "}).planned == "drop"
    assert ask(asked, headers={"X-Test-Id": "t1"}, test="t2").test == "t2"
    assert ask(asked, headers={"X-Test-Id": "t" * 300}).refused != ""


def test_many_values_are_bounded() -> None:
    """A client that sends another probability each time does not fill the memory."""
    asked = engine()
    for n in range(3000):
        ask(asked, headers={"X-Fozzy-Chaos-Drop": f"0.{n:06}"})
    assert len(asked.program._by_header) <= 1024
