"""The summary: one document for every mode, and the worst of many ends."""

from __future__ import annotations

import itertools
from typing import get_args

import msgspec
import pytest

from fozzy.core.outcome import Status
from fozzy.core.summary import SCHEMA_VERSION, Identity, Summary, exit_of, worst_status
from fozzy.errors import Exit

ORDER: list[Status] = ["error", "crash", "timeout", "fail", "pass"]


def summary() -> Summary:
    return Summary(
        schema_version=SCHEMA_VERSION,
        command="run",
        status="pass",
        mode="run",
        identity=Identity(run_id="ab", seed=2**53 - 1),
        started_at="s",
        finished_at="f",
        duration_ms=1,
        duration_ns=2,
    )


def test_what_must_always_be_there_is() -> None:
    """The members every consumer relies on are there also when they are plain, and absent ones are absent."""
    made = msgspec.to_builtins(summary())
    for key in (
        "schemaVersion",
        "command",
        "status",
        "mode",
        "identity",
        "startedAt",
        "finishedAt",
        "durationMs",
        "durationNs",
    ):
        assert key in made
    assert made["identity"] == {"runId": "ab", "seed": 2**53 - 1}
    assert not {"findings", "tests", "memory", "replay"} & set(made)


def test_a_summary_is_read_as_it_was_written() -> None:
    """A trace's footer gives back the summary that was put in."""
    assert msgspec.json.decode(msgspec.json.encode(summary()), type=Summary) == summary()


@pytest.mark.parametrize("pair", list(itertools.product(ORDER, ORDER)), ids="-".join)
def test_the_worst_of_two(pair: tuple[Status, Status]) -> None:
    """Of two ends the worse one counts, in whichever order they came."""
    assert worst_status(list(pair)) == min(pair, key=ORDER.index)


def test_nothing_is_a_pass() -> None:
    """No status at all is none that failed, and every status has an exit."""
    assert worst_status([]) == "pass" and exit_of([]) is Exit.PASS
    assert exit_of(list(get_args(Status))) is Exit.USAGE and exit_of(["fail", "timeout"]) is Exit.TIMEOUT
    assert exit_of(["timeout", "crash"]) is Exit.CRASH
