"""The generator of a campaign: a stream that follows from its start alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.sources import MASK
from fozzy.search.fuzz.rng import Rng, base_of, rng_of

STATES = st.integers(0, MASK)


@given(STATES)
def test_the_same_state_gives_the_same_numbers(state: int) -> None:
    """Two generators of one state agree in all they say."""
    one, other = Rng(state), Rng(state)
    assert [one.bits() for _ in range(20)] == [other.bits() for _ in range(20)]
    assert one.pick("abc") == other.pick("abc")


def test_the_stream_is_splitmix64() -> None:
    """The numbers are those of the published algorithm for the seed 1234567."""
    rng = Rng(1234567)
    assert [rng.bits() for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@given(STATES, st.integers(1, 1 << 40))
def test_numbers_stay_within_their_bounds(state: int, count: int) -> None:
    """`below` and `small` never leave their ranges, and a pick is one of the items."""
    rng = Rng(state)
    for _ in range(10):
        assert 0 <= rng.below(count) < count
        assert 1 <= rng.small(count) <= count
        assert rng.pick([7, 8, 9]) in (7, 8, 9)
    assert rng.small(0) == rng.small(1) == 1 and rng.one_in(1)


def test_small_numbers_come_more_often() -> None:
    """Half of what `small` gives is in the lower fifth, or nearly so, and every number comes."""
    rng = Rng(5)
    drawn = [rng.small(100) for _ in range(10_000)]
    assert sum(each <= 20 for each in drawn) > 4_000 and max(drawn) > 90 and min(drawn) == 1


def test_every_execution_has_a_generator_of_its_own() -> None:
    """Seeds, portions and numbers all tell generators apart."""
    firsts = [
        rng_of(base_of(seed, name), n).bits() for seed in range(5) for name in ("0", "1.0", "1.1") for n in range(50)
    ]
    assert len(set(firsts)) == 5 * 3 * 50
