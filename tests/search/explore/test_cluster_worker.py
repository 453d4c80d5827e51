"""The worker of an explorer answers each order with what it came to, by frames that say the same on both sides."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.engine.cluster.wire import Script
from fozzy.search.explore.cluster_worker import Batch, _decode_batch, decode_done, encode
from fozzy.search.explore.plan import Done, Order
from fozzy.sim.schedules import Schedule

SCHEDULES = st.builds(
    Schedule,
    kind=st.sampled_from(["fifo", "random", "pct", "dfs", "bfs"]),
    depth=st.integers(0, 99),
    horizon=st.integers(0, 2**40),
)
PATHS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10)), max_size=5)
ORDERS = st.builds(Order, index=st.integers(0, 2**40), seed=st.integers(0, 2**53 - 1), schedule=SCHEDULES, path=PATHS)


@given(st.lists(ORDERS, max_size=4), st.none() | st.integers(0, 2**60), st.booleans())
def test_a_batch_survives_its_frame(orders: list[Order], end_ns: int | None, alone: bool) -> None:
    """Whatever is ordered arrives as it was."""
    script = Script(name="n", shown="n", text="{}", form="json", digest="0", names=["x"], duration_ns=5)
    batch = Batch(script=script, orders=orders, hang_ns=1, records_max=2, end_ns=end_ns, alone=alone)
    assert _decode_batch(encode(batch)) == batch


def test_the_end_of_time_is_an_answer_too() -> None:
    """Nothing stands for an order that was not begun."""
    assert decode_done(encode(None)) is None
    assert decode_done(encode(Done(index=3, digest="d"))) == Done(index=3, digest="d")
