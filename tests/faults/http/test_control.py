"""What is started can be stopped, and then everything is as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.errors import InputError
from fozzy.faults.http import control
from fozzy.faults.http.forms import formed
from fozzy.faults.http.plan import Plan, Scope
from fozzy.faults.http.predefined import PREDEFINED
from fozzy.faults.http.state import Active, State
from tests.faults.http.asking import S, ask, asks, engine, line, plan, planned

NAMES = st.sampled_from(sorted(PREDEFINED))
BEGUN = State.begun(plan(faults={"drop": 0.5}, tests={"t": {"faults": {"drop": 1}}}))


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=5), st.booleans())
def test_stopping_restores_exactly(starts: list[tuple[str, bool]], enabled: bool) -> None:
    """After any starts, stopping all gives the very state before them."""
    before = control.enable(BEGUN) if enabled else control.disable(BEGUN)
    state = before
    for n, (name, stack) in enumerate(starts):
        if not (stack and any(each.name == name for each in state.active)):
            state = control.start(state, name, n, stack=stack)
            assert state.enabled
    assert (control.stop(state) if state.active else state) == before


@given(NAMES, NAMES)
def test_stopping_one_of_two(first: str, second: str) -> None:
    """Stopping the one that was stacked leaves the other as it was."""
    one = control.start(BEGUN, first, 5)
    if first == second:
        with pytest.raises(InputError, match="is active already"):
            control.start(one, second, 6, stack=True)
        return
    assert control.stop(control.start(one, second, 6, stack=True), second) == one


def test_a_start_takes_the_place_of_another() -> None:
    """Without `stack` there is one active scenario, in the place of the server's section."""
    asked = engine(faults={"drop": 1}, latency={"fixed": "1s"})
    asked.change(control.start(asked.state, "cable", 0), 0)
    asked.change(control.start(asked.state, "slow_backend", 0), 0)
    assert [each.name for each in asked.state.active] == ["slow_backend"]
    decision = ask(asked)
    assert decision.planned == "" and decision.delay_ns > S and decision.down is None


def test_stacking_composes_in_the_order_given() -> None:
    """Of stacked scenarios the later one wins, field by field."""
    own = {"a": {"latency": {"fixed": "1s"}, "faults": {"drop": 1}}, "b": {"latency": {"fixed": "2s"}}}
    for order, delay in ((("a", "b"), 2 * S), (("b", "a"), S)):
        asked = engine(scenarios=own)
        for name in order:
            asked.change(control.start(asked.state, name, 0, stack=True), 0)
        assert (ask(asked).delay_ns, ask(asked).planned) == (delay, "drop")


def test_a_start_turns_chaos_on() -> None:
    """Also where it was off, or the proxy was begun without any; stopping turns it off again."""
    off = engine(enabled=False, faults={"drop": 1})
    off.change(control.start(off.state, "slow_backend", 0), 0)
    assert ask(off).delay_ns and not off.is_idle
    off.change(control.stop(off.state), 0)
    assert off.is_idle and not off.state.enabled and ask(off).planned == ""


def test_what_is_said_in_between_stays() -> None:
    """Chaos that is turned off while a scenario is active stays off when it ends."""
    state = control.disable(control.start(BEGUN, "cable", 0))
    assert not control.stop(state).enabled
    assert control.stop(control.enable(state)).enabled


def test_stopping_what_is_not_active() -> None:
    """It is an error that names what is."""
    for name in (None, "cable"):
        with pytest.raises(InputError) as refused:
            control.stop(BEGUN, name)
        assert refused.value.code == "chaos.not_active"


def test_durations() -> None:
    """A scenario ends after its own time, or the one that was said."""
    own = State.begun(plan(scenarios={"a": {"for": "2s"}}))
    assert control.start(own, "a", S).active == [Active(name="a", since_ns=S, until_ns=3 * S)]
    assert control.start(own, "a", S, for_="5s").active[0].until_ns == 6 * S
    assert control.start(own, "cable", S).active[0].until_ns is None


def test_enable_and_disable() -> None:
    """Off is off from the next request on, and on is as configured."""
    asked = engine(faults={"drop": 1})
    changes: list[Callable[[State], State]] = [control.disable, control.enable]
    seen = [ask(asked).planned]
    for change in changes:
        asked.change(change(asked.state), 0)
        seen.append(ask(asked).planned)
    assert seen == ["drop", "", "drop"]


def test_test_scopes() -> None:
    """A scope in the server's place, one laid over it, an empty one, and the baseline again."""
    asked = engine(faults={"drop": 1}, latency={"fixed": "1s"})
    said: list[tuple[State, str, int]] = []
    for scope in ({}, {"merge": True, "faults": {"drop": 0}}, {"faults": {"timeout": 1}}):
        asked.change(control.put_test(asked.state, "t", formed(Scope, scope), 0), 0)
        decision = ask(asked, test="t")
        said.append((asked.state, decision.planned, decision.delay_ns))
        assert (ask(asked).planned, ask(asked, test="u").delay_ns) == ("drop", S)
    assert [each[1:] for each in said] == [("", 0), ("", S), ("timeout", 0)]
    asked.change(control.drop_test(asked.state, "t"), 0)
    assert ask(asked, test="t").planned == "drop" and control.drop_tests(asked.state).tests == {}
    with pytest.raises(InputError) as refused:
        control.drop_test(asked.state, "t")
    assert refused.value.code == "chaos.unknown_test"


def test_patches() -> None:
    """A patch says only what changes; null takes a field away; what is wrong changes nothing."""
    state = control.patch(BEGUN, {"faults": {"timeout": 0.1}, "latency": {"fixed": "1s"}}, 5)
    assert state.plan == plan(
        faults={"drop": 0.5, "timeout": 0.1}, latency={"fixed": "1s"}, tests={"t": {"faults": {"drop": 1}}}
    )
    assert control.patch(state, {"faults": {"timeout": None}, "latency": None}, 5) == BEGUN
    assert not control.patch(BEGUN, {"enabled": False}, 5).enabled
    assert control.patch(BEGUN, {"tests": {"u": {}}}, 5).tests.keys() == {"t", "u"}
    assert control.patch_test(BEGUN, "t", {"faults": {"drop": None, "stall": 1}}).tests["t"] == formed(
        Scope, {"faults": {"stall": 1}}
    )
    assert control.patch_test(BEGUN, "new", {"merge": True}).tests["new"] == Scope(merge=True)


@pytest.mark.parametrize("changes", [[], None, 1.5, -1, "x", {"fauls": {}}, {"faults": {"drop": 2}}, {"faults": []}])
def test_patches_that_are_none(changes: Any) -> None:
    """What is no patch is refused with its place."""
    for patch in (control.patch, lambda state, said, _: control.patch_test(state, "t", said)):
        with pytest.raises(InputError) as refused:
            patch(BEGUN, changes, 5)
        assert refused.value.code in ("chaos.bad_value", "chaos.unknown_key")


def test_replacing_and_resetting() -> None:
    """Another plan is in force alone; a reset gives what a run began with."""
    asked = engine(faults={"drop": 1})
    begun = asked.state
    asked.change(control.start(asked.state, "cable", 1), 1)
    asked.change(control.put_plan(asked.state, formed(Plan, {"upstream": "http://h"}), 2), 2)
    assert asked.is_idle and asked.state.active == []
    asked.change(control.reset(begun, 3), 3)
    assert asked.state.plan == begun.plan and asked.state.since_ns == 3 and ask(asked).planned == "drop"


def test_ordinals_outlive_other_changes() -> None:
    """A change that leaves a fault as it is leaves its ordinals too, also a scenario in between; a reset does not."""
    asked = engine(faults={"drop": {"pattern": "..F.F"}}, routes=[{"answers": [{}, {}, {}]}])
    begun = asked.state
    assert planned(asks(asked, 2)) == ["", ""]
    asked.change(control.patch(asked.state, {"latency": {"fixed": "1ms"}}, 5), 5)
    assert ask(asked).planned == "drop"
    asked.change(control.start(asked.state, "cable", 6), 6)
    assert planned(asks(asked, 4)) == [""] * 4
    asked.change(control.stop(asked.state), 7)
    assert [(each.planned, each.slot) for each in asks(asked, 3)] == [("", 2), ("drop", 2), ("", 2)]
    asked.change(control.reset(begun, 8), 8)
    assert [(each.planned, each.slot) for each in asks(asked, 3)] == [("", 0), ("", 1), ("drop", 2)]


def test_ramps_begin_when_they_are_declared() -> None:
    """A ramp begins with the change that declares it, or with its scenario, and not at the start of the run."""
    ramp = {"faults": {"drop": {"ramp": {"over": "10s"}}}}
    asked = engine(scenarios={"s": ramp})
    asked.change(control.patch(asked.state, ramp, 100 * S), 100 * S)
    assert [len(ask(asked, now_ns=now * S).rolls) for now in (100, 101)] == [0, 1]
    assert ask(asked, now_ns=105 * S).rolls[0].probability == 0.5
    asked.change(control.start(asked.state, "s", 200 * S), 201 * S)
    assert ask(asked, now_ns=205 * S).rolls[0].probability == 0.5
    asked.change(control.put_test(asked.state, "t", formed(Scope, ramp), 300 * S), 300 * S)
    assert ask(asked, now_ns=301 * S, test="t").rolls[0].probability == 0.1


FIRST: Any = {"status": {"codes": [503], "first": 1}}
FULL: Any = {"global": {"rate": "1/h"}}


def test_a_test_scope_that_is_put_anew_counts_from_1() -> None:
    """A second test with the same scope under the same id gets what the first got; others and patches go on."""
    asked = engine(faults=FIRST)
    scope = formed(Scope, {"faults": FIRST, "limits": FULL})
    wanted = ["status", "limit.rate", "limit.rate"]
    puts = [lambda state: state, lambda state: control.drop_test(state, "t"), control.drop_tests]
    assert [ask(asked).planned for _ in range(2)] == ["status", ""]
    for n, before in enumerate(puts, 1):
        asked.change(before(asked.state), n)
        asked.change(control.put_test(asked.state, "t", scope, n), n)
        assert [ask(asked, now_ns=n, test="t").planned for _ in range(3)] == wanted
        asked.change(control.patch_test(asked.state, "t", {"faults": {"drop": 0.0}}), n)
        assert ask(asked, now_ns=n, test="t").planned == "limit.rate" and ask(asked, now_ns=n).planned == ""
    assert control.drop_test(asked.state, "t").put_ns == {}


@pytest.mark.parametrize("name", ["faults", "limits"])
def test_a_section_that_is_put_begins_anew(name: str) -> None:
    """Put again it counts from 1, also where it says the same; what is not put, or patched elsewhere, goes on."""
    asked = engine(faults=FIRST, limits={"loss": {"first": 2}})
    assert [ask(asked).planned for _ in range(3)] == ["status", "loss", ""]
    asked.change(control.patch(asked.state, {"latency": {"fixed": "1ms"}}, 1), 1)
    assert ask(asked, now_ns=1).planned == ""
    asked.change(control.put_section(asked.state, name, getattr(asked.state.plan, name), 2), 2)
    again = {"faults": ["status", ""], "limits": ["loss", "loss"]}
    assert [ask(asked, now_ns=2).planned for _ in range(3)] == [*again[name], ""]


def test_a_change_moves_no_draw() -> None:
    """After a change that adds nothing to a request, it is decided as without it."""
    calm, changed = engine(faults={"drop": 0.5}), engine(faults={"drop": 0.5})
    changed.change(control.put_test(changed.state, "t", Scope(), 0), 0)
    assert [line(each) for each in asks(calm, 50)] == [line(each) for each in asks(changed, 50)]
