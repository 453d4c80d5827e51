"""The steps that keep values, draw them, and look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fozzy.core.sources import Seeded
from fozzy.dsl.steps.store import POLLS_MAX, same

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

MS = 10**6
POLL = {"key": "k", "equals": 1, "within": "10ms", "poll": "3ms"}


def put(key: str, value: Any) -> dict[str, Any]:
    return {"type": "set_kv", "key": key, "value": value}


def get(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "get_kv_assert", "key": key, **more}


def test_rand_u64_is_two_draws_under_its_key(play: Play) -> None:
    """The value is 64 bits from two draws of the seed under the key's label, kept as decimal text."""
    source = Seeded(9)
    high, low = (source.draw("rand.k", 0, 2**32 - 1) for _ in range(2))
    wanted = str(high << 32 | low)
    played = play([{"type": "rand_u64", "key": "k"}, get("k", equals=wanted)], seed=9)
    assert played.status == "pass"
    assert (played.notes[0], played.draws("rand.k")) == (wanted, [high, low])


def test_rand_u64_needs_no_key(play: Play) -> None:
    """Without a key the value is drawn and shown and kept nowhere."""
    played = play([{"type": "rand_u64"}, get("rand", is_null=True)])
    assert played.status == "pass" and len(played.draws("rand")) == 2


def test_a_draw_depends_on_no_other_label(play: Play) -> None:
    """A step that draws under a new key changes no draw under another."""
    alone = play([{"type": "rand_u64", "key": "b"}]).draws("rand.b")
    assert play([{"type": "rand_u64", "key": "a"}, {"type": "rand_u64", "key": "b"}]).draws("rand.b") == alone


@pytest.mark.parametrize("value", [0, False, "", None, [], {}, 1.5, 2**70, {"a": [1, {"b": None}]}], ids=repr)
def test_any_json_value_is_kept_as_it_is(play: Play, value: Any) -> None:
    """What was set is what is there, whatever JSON value it is."""
    assert play([put("k", value), get("k"), get("k", equals=value)]).status == "pass"


@pytest.mark.parametrize(
    ("steps", "message", "pointed_at"),
    [
        ([get("k")], '"k" has no value', '"k"'),
        ([put("k", None), get("k", is_null=False)], '"k" has no value', '"k"'),
        ([put("k", 1), get("k", equals=2)], '"k" is 1, wanted 2', "2"),
        ([put("k", 5), get("k", equals=None)], '"k" is 5, wanted null', "null"),
        ([put("k", 0), get("k", is_null=True)], '"k" is 0, wanted no value', "true"),
    ],
)
def test_a_look_that_does_not_hold(play: Play, steps: list[dict[str, Any]], message: str, pointed_at: str) -> None:
    """get_kv_assert fails as an assertion that says what is there, pointing at what was expected."""
    played = play(steps)
    finding = played.finding
    assert (finding.kind, finding.title, finding.message) == ("assertion", "get_kv_assert", message)
    assert played.pointed_at == pointed_at


def test_null_counts_as_absent(play: Play) -> None:
    """`is_null` holds for a key that was never set and for one that holds null."""
    assert play([get("k", is_null=True), put("k", None), get("k", is_null=True)]).status == "pass"


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (0, False, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": True}, {"a": 1}, False),
        ([1, 2], [2, 1], False),
        ([[True]], [[1]], False),
        ("1", 1, False),
        (None, None, True),
        ([], {}, False),
    ],
)
def test_equality_is_of_json_values(left: Any, right: Any, equal: bool) -> None:
    """`true` is not 1 at any depth, 1 is 1.0, the order of members does not matter, that of items does."""
    assert same(left, right) is equal and same(right, left) is equal


@pytest.mark.parametrize(("within", "polls"), [("9ms", 4), ("10ms", 4), ("11ms", 4), ("12ms", 5), ("0ms", 1)])
def test_polls_are_at_multiples_within_inclusive(play: Play, within: str, polls: int) -> None:
    """assert_never_kv looks at 0, poll, 2*poll, …, the end of `within` included, and is over at its last look."""
    played = play([{"type": "assert_never_kv", **POLL, "within": within}])
    assert (played.status, played.ended.now_ns) == ("pass", (polls - 1) * 3 * MS)


def test_eventually_holds_at_once(play: Play) -> None:
    """assert_eventually_kv that holds at the first look takes no time."""
    played = play([put("k", 1), {"type": "assert_eventually_kv", **POLL}])
    assert (played.status, played.ended.now_ns) == ("pass", 0)


def test_eventually_gives_up(play: Play) -> None:
    """assert_eventually_kv that never holds fails after the last look within its time and says what is there."""
    played = play([put("k", 2), {"type": "assert_eventually_kv", **POLL}])
    finding = played.finding
    assert (finding.title, finding.message) == ("assert_eventually_kv", '"k" is 2 after 10ms, wanted 1')
    assert (played.pointed_at, played.ended.now_ns) == ("1", 9 * MS)


def test_never_fails_when_it_holds(play: Play) -> None:
    """assert_never_kv fails at the first look that finds the value."""
    played = play([put("k", 1), {"type": "assert_never_kv", **POLL}])
    finding = played.finding
    assert (finding.title, finding.message) == ("assert_never_kv", '"k" became 1 after 0ms')
    assert played.ended.now_ns == 0


def test_an_absent_key_is_not_null(play: Play) -> None:
    """Polling for null does not find a key that was never set."""
    assert play([{"type": "assert_never_kv", **POLL, "equals": None}]).status == "pass"


@pytest.mark.parametrize("kind", ["assert_eventually_kv", "assert_never_kv"])
def test_msg_of_a_poll(play: Play, kind: str) -> None:
    """`msg` is what a failed poll says."""
    value = 1 if kind == "assert_never_kv" else 2
    assert play([put("k", value), {"type": kind, **POLL, "msg": "m"}]).finding.message == "m"


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"type": "assert_never_kv", **POLL, "poll": "0ms"}, "bad_value"),
        ({"type": "assert_never_kv", **POLL, "poll": "-1ms"}, "bad_value"),
        ({"type": "assert_eventually_kv", **POLL, "within": f"{POLLS_MAX + 1}ns", "poll": "1ns"}, "bad_value"),
        (get("k", equals=1, is_null=True), "exclusive"),
        (get("k", equals=None, is_null=True), "exclusive"),
        (put("", 1), "bad_value"),
        ({"type": "set_kv", "key": "k"}, "missing_field"),
        ({"type": "rand_u64", "key": ""}, "bad_value"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(problems: Problems, step: dict[str, Any], code: str) -> None:
    """Polls must be positive and bounded, expectations must not contradict, keys must have a name."""
    found = problems({"version": 1, "name": "n", "steps": [step]})
    assert [problem.code for problem in found] == [f"scenario.{code}"]


@pytest.mark.parametrize("poll", ["0", "-1", "1.5", '"x"'])
def test_a_poll_that_is_known_late_is_checked_late(play: Play, poll: str) -> None:
    """A poll that refers to the run is held to the same rule when the step runs."""
    step = {"type": "assert_never_kv", **POLL, "poll": "${p}ms"}
    played = play([put("p", poll), step])
    assert (played.status, played.finding.title, played.finding.kind) == ("fail", "bad_value", "input_invalid")
    assert played.pointed_at == '"${p}ms"'
