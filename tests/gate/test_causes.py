"""What texts that differ look like. The causes of whole scenarios are planted in tests/gate/checks/test_determinism.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.gate.causes import _are_process_ids

HEX = st.binary(min_size=8, max_size=8).map(lambda data: data.hex(" "))


@pytest.mark.parametrize(
    ("runs", "are"),
    [
        (["4711\n", "4719\n", "4740\n"], True),
        (["parent 4711 child 4712", "parent 4719 child 4721", "parent 4740 child 4742"], True),
        (["2 of 4711", "2 of 4719", "2 of 4740"], True),
        (["4711", "4719", "4711"], False),
        (["4711", "99999", "100000"], False),
        (["4711 took 5", "4719 took 3", "4740 took 9"], False),
        (["4711 a", "4719 b", "4740 c"], False),
        (["4711", "4719 4720", "4740"], False),
        (["a", "a", "a"], False),
    ],
)
def test_numbers_of_processes_grow_and_nothing_else_differs(runs: list[str], are: bool) -> None:
    """From run to run by little, all that differ; what is equal may be anything."""
    first, *others = runs
    assert _are_process_ids([(first, each) for each in others]) is are


@given(HEX, HEX, HEX)
def test_random_bytes_are_no_numbers_of_processes(first: str, second: str, third: str) -> None:
    """Though some of their digits grow now and then."""
    kinds = {each.translate(str.maketrans("0123456789", "0" * 10)).replace("0", "") for each in (first, second, third)}
    if len(kinds) > 1:
        assert not _are_process_ids([(first, second), (first, third)])
