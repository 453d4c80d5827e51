"""The steps on the modelled heap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fozzy.core.events import Event
from fozzy.engine.prepare import Options

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

Json = dict[str, Any]
WAVE = {"type": "memory_pressure_wave", "pattern": "1,2,4"}
SEED_7 = {"type": "memory_fragmentation", "seed": 7}


def alloc(size: Any, **more: Any) -> Json:
    return {"type": "memory_alloc", "bytes": size, **more}


def in_use(size: int) -> Json:
    return {"type": "memory_assert_in_use_bytes", "equals": size}


def free(**more: Any) -> Json:
    return {"type": "memory_free", **more}


def test_the_known_values(play: Play) -> None:
    """Seed 7, wave 1,2,4, three requests of 200,000 take 224,000, 480,000 and 1,008,000 bytes."""
    played = play([WAVE, SEED_7, *[alloc(200_000)] * 3, in_use(224_000 + 480_000 + 1_008_000)])
    assert played.notes[2:5] == ["224000 bytes", "480000 bytes", "1008000 bytes"]
    assert played.status == "pass"


def test_the_id_is_kept_and_frees(play: Play) -> None:
    """The allocation's id goes under its key; it frees by key or by number, once."""
    made = [alloc(5, key="m"), alloc(6, key="n"), in_use(11)]
    assert play([*made, free(key="m"), in_use(6), free(alloc_id=2), in_use(0)]).findings == []
    assert play([*made, free(key="m"), free(alloc_id=1)]).finding.title == "memory_bad_free"


@pytest.mark.parametrize(
    ("step", "message", "pointed_at"),
    [
        ({"key": "gone"}, 'no allocation is kept under "gone"', '"gone"'),
        ({"key": "text"}, 'what is kept under "text" is no allocation: "1"', '"text"'),
        ({"key": "m"}, 'there is no living allocation 1, which is kept under "m"', '"m"'),
        ({"alloc_id": 9}, "there is no living allocation 9", "9"),
    ],
)
def test_what_cannot_be_freed_is_named(play: Play, step: dict[str, Any], message: str, pointed_at: str) -> None:
    """The message names the key that was given, and the caret stands under it."""
    kept = {"type": "set_kv", "key": "text", "value": "1"}
    played = play([kept, alloc(1, key="m"), free(key="m"), free(**step)])
    assert (played.finding.message, played.pointed_at) == (message, pointed_at)


@pytest.mark.parametrize("value", [99, "1", True, None, 1.0])
def test_what_does_not_live_cannot_be_freed(play: Play, value: Any) -> None:
    """Freeing by a key that holds no living allocation's id is the finding memory_bad_free."""
    played = play([alloc(1), {"type": "set_kv", "key": "k", "value": value}, free(key="k")])
    assert played.finding.title == "memory_bad_free"


def test_the_limit_is_inclusive(play: Play) -> None:
    """Exactly the limit fits, one byte more does not, and a failed allocation takes nothing but an attempt."""
    limit = {"type": "memory_limit_mb", "mb": 1}
    assert play([limit, alloc(1024 * 1024, key="m"), free(key="m")]).status == "pass"
    played = play([limit, alloc(1024 * 1024 + 1)])
    assert (played.finding.title, played.finding.kind) == ("memory_alloc_failed", "limit")
    assert played.pointed_at == "1048577"
    failed = {"type": "assert_throws", "steps": [alloc(2)]}
    assert play([{"type": "memory_limit_mb", "mb": 0}, failed, alloc(0)]).status == "pass"


def test_a_freed_byte_fits_again(play: Play) -> None:
    """What was freed can be allocated again under a limit."""
    assert play([{"type": "memory_limit_mb", "mb": 1}, *[alloc(900_000, key="m"), free(key="m")] * 3]).status == "pass"


def test_allocations_after_the_count_fail(play: Play) -> None:
    """`memory_fail_after_allocs` counts the attempts of the run, those before it included."""
    fail_after = {"type": "memory_fail_after_allocs", "count": 2}
    played = play([alloc(1), fail_after, alloc(1), alloc(1)])
    assert played.finding.title == "memory_alloc_failed"
    assert played.finding.location is not None and played.finding.location.path == "steps[3]"


def test_a_checkpoint_is_an_event(play: Play) -> None:
    """A checkpoint writes bytes in use and living allocations under its name."""
    played = play([alloc(3), {"type": "memory_checkpoint", "name": "c"}])
    events = [record for record in played.records if isinstance(record, Event)]
    assert [event.fields for event in events] == [{"name": "c", "inUseBytes": 3, "allocations": 1}]


def test_bytes_in_use_are_exact(play: Play) -> None:
    """One byte more or less fails, pointing at the number."""
    played = play([alloc(3), in_use(4)])
    assert played.finding.message == "3 bytes are in use, wanted 4"
    assert played.pointed_at == "4"


@pytest.mark.parametrize(("budget", "status"), [(None, "pass"), (0, "fail"), (4, "fail"), (5, "pass"), (6, "pass")])
def test_a_leak_is_always_a_finding(play: Play, budget: int | None, status: str) -> None:
    """What is never freed is a finding at the end; it fails the run only over its budget."""
    played = play([alloc(5, tag="cart"), alloc(0)], options=Options(det=True, leak_bytes_max=budget))
    assert (played.status, played.finding.title, played.finding.kind) == (status, "memory_leak", "invariant")
    assert played.finding.message == "5 bytes in 2 allocations were never freed (cart)"


def test_teardown_may_free(play: Play) -> None:
    """What teardown frees is no leak."""
    assert play([alloc(5, key="m")], teardown=[free(key="m")]).findings == []


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (alloc(-1), "bad_value"),
        (alloc(2**64), "bad_value"),
        (alloc(1.5), "bad_value"),
        (free(), "missing_field"),
        (free(alloc_id=1, key="k"), "exclusive"),
        ({"type": "memory_fragmentation", "seed": 2**64}, "bad_value"),
        ({"type": "memory_limit_mb", "mb": -1}, "bad_value"),
        *(
            ({"type": "memory_pressure_wave", "pattern": pattern}, "bad_value")
            for pattern in ("", "0", "1,", ",1", "1,,2", "1, 2", "-1", "1.5", "a", "1\n", "1,2,4,0", "1000000", "٣")
        ),
        ({"type": "memory_pressure_wave", "pattern": ",".join(["1"] * 257)}, "bad_value"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_is_refused(problems: Problems, step: Json, code: str) -> None:
    """Sizes, seeds and patterns are bounded and whole; an allocation is freed by exactly one name."""
    found = problems({"version": 1, "name": "n", "steps": [step]})
    assert [problem.code for problem in found] == [f"scenario.{code}"]


@pytest.mark.parametrize(
    ("value", "step"),
    [
        (2**64, alloc("${k}")),
        (-1, alloc("${k}")),
        (True, alloc("${k}")),
        (2**70, {"type": "memory_fragmentation", "seed": "${k}"}),
        ("0,1", {"type": "memory_pressure_wave", "pattern": "${k}"}),
        ("x", {"type": "memory_limit_mb", "mb": "${k}"}),
    ],
)
def test_what_is_known_late_is_checked_late(play: Play, value: Any, step: Json) -> None:
    """A size, seed or pattern that refers to the run is held to the same rules when the step runs."""
    played = play([{"type": "set_kv", "key": "k", "value": value}, step])
    assert (played.status, played.finding.title, played.finding.kind) == ("fail", "bad_value", "input_invalid")
    assert played.pointed_at == '"${k}"'
