"""The history of a cluster is what its clients asked and were told."""

from fozzy.sim.history import Operation


def test_an_operation_is_open_until_it_ends() -> None:
    """And well when it ended without an error."""
    entry = Operation(client="c0", node="n0", op="put", args=["k", 1], start_ns=5)
    assert not entry.ok
    entry.end_ns = 7
    assert entry.ok
    entry.error = "KeyError: k"
    assert not entry.ok
