"""Steps that draw: what they draw, under which label, what zero means, and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.core.events import Draw
from fozzy.core.sources import Seeded
from fozzy.dsl.steps.chance import BYTES_MAX

if TYPE_CHECKING:
    from tests.conftest import Play, Played, Problems

Json = dict[str, Any]


class Extreme:
    """A source that always draws the lowest, or the highest."""

    def __init__(self, high: bool) -> None:
        self._high = high

    def draw(self, label: str, low: int, high: int) -> int:
        del label
        return high if self._high else low


LOWEST, HIGHEST = Extreme(False), Extreme(True)


def draw(kind: str, key: str = "k", **fields: Any) -> Json:
    return {"type": kind, "key": key, **fields}


def kept(play: Play, step: Json, **more: Any) -> Any:
    """What a drawing step kept."""
    played = play([step, {"type": "trace_event", "name": "kept", "fields": {"value": f"${{{step['key']}}}"}}], **more)
    assert played.status == "pass", played.findings
    return next(record.fields["value"] for record in played.records if hasattr(record, "fields"))


ONE_OF_EACH = [
    draw("rand_int", min=1, max=6),
    draw("rand_choice", of=["a", {"b": 1}, None]),
    draw("rand_bytes", length=13),
    draw("rand_bool", probability=0.5),
    draw("shuffle", of=[1, 2, 3, 4]),
    draw("rand_u64"),
]


@pytest.mark.parametrize("step", ONE_OF_EACH, ids=lambda step: step["type"])
def test_the_same_seed_draws_the_same(play: Play, step: Json) -> None:
    """A draw is a function of seed, label and count: same seed, same value; among a few seeds another; and the label
    is the key's alone."""
    values = [kept(play, step, seed=seed) for seed in range(12)]
    assert values == [kept(play, step, seed=seed) for seed in range(12)]
    assert len({str(value) for value in values}) > 1
    played = play([step])
    assert {record.label for record in played.records if isinstance(record, Draw)} == {"rand.k"}


@pytest.mark.parametrize("step", ONE_OF_EACH, ids=lambda step: step["type"])
def test_one_step_more_moves_no_other_draw(play: Play, step: Json) -> None:
    """A step that draws under another key changes nothing of what follows."""
    others = [{**each, "key": f"other{index}"} for index, each in enumerate(ONE_OF_EACH)]

    def drawn(played: Played) -> list[int]:
        return played.draws("rand.k")

    assert drawn(play([step, step])) == drawn(play([others[0], step, *others[1:], step]))


@pytest.mark.parametrize(
    ("step", "zero", "most"),
    [
        (draw("rand_int", min=-3, max=5), -3, 5),
        (draw("rand_int", min=2**53, max=2**53), 2**53, 2**53),
        (draw("rand_choice", of=["a", "b", "c"]), "a", "c"),
        (draw("rand_bytes", length=7), "00" * 7, "ff" * 7),
        (draw("rand_bytes", length=0), "", ""),
        (draw("rand_bool", probability=0.5), False, True),
        (draw("rand_bool"), False, True),
        (draw("rand_bool", probability=0.0), False, False),
        (draw("rand_bool", probability=1.0), True, True),
        (draw("rand_bool", probability=1e-300), False, False),
        (draw("shuffle", of=[3, 1, 2]), [3, 1, 2], [2, 1, 3]),
        (draw("shuffle", of=[]), [], []),
    ],
)
def test_zero_is_the_boring_choice(play: Play, step: Json, zero: Any, most: Any) -> None:
    """The lowest draws give the smallest number, the first, no hit, the order as it is; the highest the opposite."""
    low, high = kept(play, step, source=LOWEST), kept(play, step, source=HIGHEST)
    assert (low, high) == (zero, most)
    assert type(low) is type(zero)


def test_numbers_reach_both_ends(play: Play) -> None:
    """Both bounds are drawn, and everything between them, and nothing else."""
    assert {kept(play, draw("rand_int", min=-1, max=2), seed=seed) for seed in range(60)} == {-1, 0, 1, 2}


@settings(max_examples=30, deadline=None)
@given(length=st.integers(0, 40), seed=st.integers(0, 9))
def test_bytes_are_as_many_as_asked(length: int, seed: int) -> None:
    """So many bytes, as hexadecimal text; what is longer begins alike where whole draws are the same."""
    from fozzy.core.choice import Choices
    from fozzy.core.clock import Clock
    from fozzy.core.log import Log
    from fozzy.core.redact import Redactor
    from fozzy.dsl.steps.chance import RandBytes
    from fozzy.world.world import Setting, World

    def made(size: int) -> str:
        choices = Choices(Seeded(seed), Clock(), Log(), Redactor(), 1)
        world = World(Setting(), choices)
        RandBytes(key="k", length=size).run(world)
        return str(world.kv["k"])

    assert len(bytes.fromhex(made(length))) == length
    assert made(length + 6)[: length // 6 * 12] == made(length)[: length // 6 * 12]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**53 - 1))
def test_a_shuffle_keeps_every_item(seed: int) -> None:
    """A shuffled list holds the same items, equal ones as often as before."""
    from fozzy.api import run

    items = [1, 1, "a", None, [2], {"b": 3}]
    steps = [draw("shuffle", of=items), *({"type": "assert", "that": "${k}", "contains": item} for item in items)]
    more = [{"type": "assert", "that": "${k}", "length": len(items)}]
    assert run({"version": 1, "name": "n", "steps": [*steps, *more]}, seed=seed).status == "pass"


def test_every_order_is_reached(play: Play) -> None:
    """All six orders of three items come up."""
    assert len({str(kept(play, draw("shuffle", of=[1, 2, 3]), seed=seed)) for seed in range(60)}) == 6


def test_fields_may_refer_to_the_run(play: Play) -> None:
    """Bounds, lengths, probabilities and items take their values from the run."""
    more = {"vars": {"low": 5, "p": 1, "n": 2, "item": {"x": [1]}}}
    assert kept(play, draw("rand_int", min="${low}", max="${low}"), **more) == 5
    assert kept(play, draw("rand_bool", probability="${p}"), **more) is True
    assert len(kept(play, draw("rand_bytes", length="${n}"), **more)) == 4
    assert kept(play, draw("rand_choice", of=["${item}"]), **more) == {"x": [1]}
    assert kept(play, draw("shuffle", of=["${item}", "a ${n}"]), source=LOWEST, **more) == [{"x": [1]}, "a 2"]


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (draw("rand_int", min="${big}", max=1), "max"),
        (draw("rand_int", min=0, max="${huge}"), "max"),
        (draw("rand_bytes", length="${huge}"), "length"),
        (draw("rand_bytes", length="${less}"), "length"),
        (draw("rand_bool", probability="${big}"), "probability"),
        (draw("rand_bool", probability="${text}"), "probability"),
    ],
)
def test_what_the_run_gives_is_checked_too(play: Play, step: Json, field: str) -> None:
    """A bound that only the run knows is held to the same rules; a wrong one is a finding at its field."""
    variables = {"big": 2, "huge": 2**53, "less": -1, "text": "0.5"}
    played = play([step], vars=variables)
    assert (played.finding.title, played.finding.kind) == ("bad_value", "input_invalid")
    assert played.finding.location is not None and f'"{field}"' in played.finding.location.text


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (draw("rand_int", min=2, max=1), '"max" must not be below "min"'),
        (draw("rand_int", min=0, max=2**53), '"max" must be less than 2^53 above "min"'),
        (draw("rand_int", min=0.5, max=1), '"min" must be a whole number'),
        (draw("rand_choice", of=[]), '"of" must not be empty'),
        (draw("rand_choice", of="abc"), '"of" must be a list'),
        (draw("rand_bytes", length=-1), '"length" must be a whole number of at least 0'),
        (draw("rand_bytes", length=BYTES_MAX + 1), f'"length" must be at most {BYTES_MAX}'),
        (draw("rand_bool", probability=1.5), '"probability" must be a number from 0'),
        (draw("rand_bool", key=""), '"key" must be text that is not empty'),
        ({"type": "shuffle", "of": []}, '"shuffle" needs "key"'),
    ],
)
def test_what_cannot_be_drawn(problems: Problems, step: Json, message: str) -> None:
    """Empty ranges, too wide ones, nothing to choose from and no key are problems before the run."""
    (problem,) = problems({"version": 1, "name": "n", "steps": [step]})
    assert message in problem.message


def test_the_widest_range_is_drawn(play: Play) -> None:
    """A range of 2^53 values is drawn, also far from zero."""
    low = 10**30
    step = draw("rand_int", min=low, max=low + 2**53 - 1)
    assert kept(play, step, source=HIGHEST) == low + 2**53 - 1
    assert low <= kept(play, step) < low + 2**53
