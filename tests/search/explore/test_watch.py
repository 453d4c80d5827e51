"""What is seen of an execution follows from its records alone, in every process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from fozzy.core.events import Draw, Event, Found, Record, Step
from fozzy.search.explore.watch import BoundedLog, CutOff, Watch

A, B = Step(0, "steps[0]", "x", "h"), Step(0, "steps[1]", "x", "h", 5, "a note")
PICK, ROLL = Draw(0, "s", "parallel.p", 0, 1, 1), Draw(0, "s", "rand.k", 0, 9, 4)


def watched(*records: Record) -> Watch:
    watch = Watch()
    for record in records:
        watch([record])
    return watch


def test_a_state_is_what_was_done_in_any_order() -> None:
    """Two orders meet again where they have done the same; what a step said matters."""
    one, other = watched(A, B), watched(B, A)
    assert one.states[-1] == other.states[-1] and one.states[0] != other.states[0]
    assert watched(A, Step(0, "steps[1]", "x", "h", 5, "another")).states[-1] != one.states[-1]
    assert watched(A, A).states[-1] != watched(A).states[-1]


def test_the_end_is_a_state_of_its_own() -> None:
    """What the store holds is part of it, whatever the order of its keys."""
    ends = [watched(A) for _ in range(4)]
    for watch, store in zip(ends, ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2, "b": 2}, {}), strict=True):
        watch.end(store)
    first, same, other, none = (watch.states[-1] for watch in ends)
    assert first == same and len({first, other, none}) == 3


def test_a_schedule_is_who_was_chosen() -> None:
    """Other draws are no part of it; the label is."""
    assert watched(PICK, ROLL).schedule == watched(PICK).schedule != watched().schedule
    assert watched(PICK, ROLL).choices == 1
    assert watched(Draw(0, "s", "sched.node", 0, 1, 1)).schedule != watched(PICK).schedule


def test_the_digest_covers_every_record() -> None:
    """And does not depend on the blocks they come in."""
    records: list[Record] = [A, PICK, ROLL, Event(1, "s", "said")]
    whole = Watch()
    whole(records)
    assert whole.digest == watched(*records).digest
    assert len({watched(*records[:count]).digest for count in range(5)}) == 5


def test_places_and_findings_are_kept() -> None:
    """Each place once, in the order they were come to."""
    found = Found(0, "steps[1]", "assertion", "assert", "no")
    watch = watched(B, A, B, found)
    assert list(watch.covered) == ["steps[1]", "steps[0]"] and watch.found == [found]


def test_numbers_are_the_same_in_every_process() -> None:
    """They are counted together, so no hash of this process may be in them."""
    code = (
        "from fozzy.core.events import Draw, Step\nfrom fozzy.search.explore.watch import Watch\nwatch = Watch()\n"
        "watch([Step(0, 'steps[0]', 'x', 'h'), Draw(0, 's', 'parallel.p', 0, 1, 1)])\n"
        "print(watch.states, watch.schedule, watch.digest)"
    )
    watch = watched(A, PICK)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.strip() == f"{watch.states} {watch.schedule} {watch.digest}"


@pytest.mark.parametrize("records_max", [1, 3])
def test_a_log_is_bounded_to_the_record(records_max: int) -> None:
    """So many are kept, and the one behind them ends the run."""
    kept: list[Any] = []
    log = BoundedLog(records_max, [kept.extend])
    add: Callable[[Record], None] = log.append
    for _ in range(records_max):
        add(A)
    with pytest.raises(CutOff):
        add(A)
    log.flush()
    assert len(kept) == records_max
