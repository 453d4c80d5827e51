"""The store: a dictionary with snapshots."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fozzy.world.kv.virtual import VirtualKv

STATE = st.dictionaries(st.text(max_size=3), st.integers() | st.none(), max_size=5)


@given(STATE, STATE)
def test_restore_is_exact(before: dict[str, Any], after: dict[str, Any]) -> None:
    """After a restore there is what was there, in the same order, and nothing else; the snapshot stays good."""
    kv = VirtualKv()
    kv.update(before)
    kept = kv.snapshot()
    for _ in range(2):
        kv.clear()
        kv.update(after)
        kv.restore(kept)
        assert list(kv.items()) == list(before.items())
