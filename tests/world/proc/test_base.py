"""Processes as questions and answers survive a trace."""

from __future__ import annotations

import msgspec
import pytest

from fozzy.core.blob import Blob
from fozzy.core.choice import Answer, Request
from fozzy.world.failure import Failure
from fozzy.world.proc.base import AwaitReady, Exited, FreePort, IsReady, Port, Probe, Spawn, Start, Started, Stop

ANSWERS = [
    Exited(exit_code=0),
    Exited(signal=9, stdout=Blob.of(b"\xff"), ended_before=True),
    Exited(failure=Failure("limit", "m"), stderr=Blob(text="e")),
    Started(),
    IsReady(stdout=Blob(text="up")),
    Port(port=1),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_an_answer_is_the_same_after_a_trace(answer: Answer) -> None:
    """What was recorded is what a replay gets."""
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(answer)), type(answer)) == answer


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (Spawn(cmd="a"), Exited),
        (Start(name="p", cmd="a"), Started),
        (AwaitReady(name="p", probe=Probe(tcp="h:1"), within_ms=1), IsReady),
        (Stop(name="p"), Exited),
        (FreePort(), Port),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_question_knows_its_answer(request_: Request, answer: type[Answer]) -> None:
    """Each question names the type of its answer, and what is not said is not written."""
    assert request_.answer is answer
    assert all(value for value in msgspec.to_builtins(request_).values())
