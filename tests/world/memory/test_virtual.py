"""The modelled heap: what an allocation takes is specified to the byte."""

from __future__ import annotations

from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from fozzy.world.memory.virtual import Allocation, VirtualHeap

SIZES = st.integers(0, 10**9)
WAVES = st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple)


def heap(seed: int | None = None, wave: tuple[int, ...] = (1,)) -> VirtualHeap:
    made = VirtualHeap()
    made.fragmentation_seed, made.wave = seed, wave
    return made


def test_the_known_values() -> None:
    """Seed 7, wave 1,2,4, three requests of 200,000 give 224,000, 480,000 and 1,008,000."""
    made = heap(7, (1, 2, 4))
    given_sizes = [made.allocate(200_000, "") for _ in range(3)]
    assert [each.size_bytes for each in given_sizes if isinstance(each, Allocation)] == [224_000, 480_000, 1_008_000]


@given(SIZES, st.none() | st.integers(0, 2**64 - 1), WAVES, st.integers(1, 50))
def test_effective_bytes_are_as_specified(
    requested: int, seed: int | None, wave: tuple[int, ...], attempt: int
) -> None:
    """requested x wave, then with a seed + x pct // 100, where pct is the hash's first byte modulo 31."""
    size = requested * wave[(attempt - 1) % len(wave)]
    if seed is not None:
        digest = blake3(b"".join(each.to_bytes(8, "little") for each in (seed, attempt, requested))).digest()
        size += size * (digest[0] % 31) // 100
    assert heap(seed, wave).effective_bytes(attempt, requested) == size


@given(
    st.lists(st.tuples(st.booleans(), SIZES), max_size=30),
    st.none() | st.integers(0, 10**9),
    st.none() | st.integers(0, 20),
)
def test_the_books_balance(moves: list[tuple[bool, int]], limit: int | None, fail_after: int | None) -> None:
    """What is in use is the sum of what lives, never over the limit; attempts count also when they fail."""
    made = heap()
    made.limit_bytes, made.fail_after = limit, fail_after
    living: dict[int, int] = {}
    attempts = peak = 0
    for is_alloc, size in moves:
        if is_alloc:
            attempts += 1
            fits = limit is None or sum(living.values()) + size <= limit
            got = made.allocate(size, "t")
            assert isinstance(got, Allocation) == (fits and (fail_after is None or attempts <= fail_after))
            if isinstance(got, Allocation):
                assert got == Allocation(attempts, size, "t")
                living[got.id] = size
                peak = max(peak, sum(living.values()))
        else:
            assert made.free(size % 9) == (living.pop(size % 9, None) is not None)
        assert made.in_use_bytes() == sum(living.values()) and made.peak_bytes == peak
        assert [each.id for each in made.living()] == sorted(living)


@given(st.lists(SIZES, max_size=5), st.lists(SIZES, max_size=5))
def test_restore_puts_the_heap_back(before: list[int], after: list[int]) -> None:
    """A snapshot holds everything, also the settings and the count of attempts."""
    made = heap(3, (1, 2))
    for size in before:
        made.allocate(size, "")
    kept = made.snapshot()
    for size in after:
        made.allocate(size, "")
    made.free(1)
    made.limit_bytes, made.fail_after, made.fragmentation_seed, made.wave = 1, 1, None, (9,)
    made.restore(kept)
    assert made.snapshot() == kept
    again = made.allocate(100, "")
    assert isinstance(again, Allocation) and again.id == len(before) + 1
    assert made.in_use_bytes() == sum(each.size_bytes for each in made.living())
