"""Outside of the simulator nobody runs, so clocks and random sources are the true ones."""

from fozzy.sim import context


def test_nobody_runs_outside_of_the_simulator() -> None:
    """A fresh import has no machine."""
    assert context.current is None


def test_a_machine_begins_at_a_known_instant() -> None:
    """The wall clock of every machine begins with the year 2025."""
    import datetime

    begin = datetime.datetime.fromtimestamp(context.EPOCH_NS / 10**9, datetime.UTC)
    assert begin.isoformat() == "2025-01-01T00:00:00+00:00"
