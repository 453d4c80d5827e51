"""How a test failed, and what is said of it beside pytest's own words: the faults, and the command that replays it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from _pytest._code.code import Traceback
from _pytest.outcomes import Failed

import fozzy
from fozzy.core.wires import Connected, Spoken
from fozzy.core.words import count
from fozzy.errors import FozzyError
from fozzy.pytest_plugin.settings import Settings, command_of
from fozzy.pytest_plugin.state import ChaosTest, Failure

MESSAGE_CHARS_MAX = 4000
PACKAGE = Path(fozzy.__file__).parent
CONFTEST = "conftest.py"
UNREACHABLE = "unreachable"


class NeverApplied(Failed):
    """A declared fault never came to pass."""

    __module__ = "builtins"  # as pytest's own have: a line of its summary then begins with what is wrong


class LeftBehind(Failed):
    """Something is still there when a test has ended."""

    __module__ = "builtins"


class Untold(Failed):
    """The clock or the proxies were not what they should be, so what the body found tells nothing."""

    __module__ = "builtins"


class DecidedOtherwise(Failed):
    """The same seed decided otherwise in another run."""

    __module__ = "builtins"


def failure_of(item: pytest.Item, phase: str, error: BaseException) -> Failure:
    """A failure: its error, and the deepest place in the test's own file."""
    place: tuple[str, int] = ("", 0)
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(item.path):
            place = item.nodeid.partition("::")[0], trace.tb_lineno
        trace = trace.tb_next
    complaint = getattr(error, "complaint", "")
    kind = complaint if isinstance(complaint, str) else ""  # another's error may have something else of that name
    return Failure(phase, type(error).__name__, str(error)[:MESSAGE_CHARS_MAX], *place, complaint=kind)


def trim(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Of an error that we raise on purpose people see their own lines, up to the call of ours."""
    error = excinfo.value
    if not isinstance(error, FozzyError) or error.__traceback__ is None or item.config.getoption("fulltrace", False):
        return
    frame: TracebackType | None = error.__traceback__
    is_theirs = False
    while frame is not None and frame.tb_next is not None:
        is_theirs = is_theirs or _file(frame) == item.path or _file(frame).name == CONFTEST
        if is_theirs and PACKAGE in _file(frame.tb_next).parents:
            frame.tb_next = None
        frame = frame.tb_next
    excinfo.traceback = Traceback(error.__traceback__)


def _file(frame: TracebackType) -> Path:
    return Path(frame.tb_frame.f_code.co_filename)


def bare(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """What is said of such an error that no line of theirs led to; nothing for another one."""
    error = excinfo.value
    if not isinstance(error, FozzyError) or any(entry.path == item.path for entry in excinfo.traceback):
        return ""
    return "\n".join([error.message, *(f"  {note}" for note in error.__notes__)])


def section(test: ChaosTest, settings: Settings, trace: Path | None) -> str:
    """What a failing test's report has under `chaos`; without a trace nothing is offered that would need one."""
    lines = [_head(test), *(each.said for each in test.declared.all), *_services(test), *_unreachable(test)]
    if test.time.stuck is not None:
        lines.append(test.time.stuck.message)
    if test.trouble is not None:
        lines.append(test.trouble.message)
    if trace is not None:
        replay = command_of(settings, test.wanted.nodeid, trace)
        lines.append(f"replay it: {replay}")
        if test.declared.all and not test.wanted.is_shrunk:
            lines.append(f"shrink it: {replay} --chaos-shrink")
    return "\n".join(lines)


def _services(test: ChaosTest) -> list[str]:
    """What happened to services: `redis-server/killed came to pass 1 time`."""
    from fozzy.insight.verdict.events import FAULT, told

    begun = Counter(str(each.fields["fault"]) for each in told(test.records, FAULT) if not each.fields["over"])
    return [f"{fault} came to pass {count(times, 'time')}" for fault, times in begun.items()]


def _unreachable(test: ChaosTest) -> list[str]:
    """Servers that a proxy did not reach."""
    records: list[Any] = test.records
    gone = (each for each in records if isinstance(each, Connected) and each.by == UNREACHABLE)
    found = Counter(f"{each.at}: {note}" for each in gone for note in each.notes)
    return [f"{said} ({count(times, 'connection')})" for said, times in found.items()]


def _head(test: ChaosTest) -> str:
    wanted = test.wanted
    said = [f"seed {test.seed}"]
    if wanted.runs > 1:
        said.insert(0, f"run {wanted.run} of {wanted.runs}")
    said.append(f"{test.time.now:.3f} s of {'virtual' if wanted.is_virtual else 'real'} time")
    records: list[Any] = test.records
    connections = {(each.at, each.connection) for each in records if isinstance(each, Connected | Spoken)}
    messages = sum(isinstance(each, Spoken) for each in records)
    if connections:
        said.append(f"{count(len(connections), 'connection')} and {count(messages, 'message')} through the proxies")
    return ", ".join(said)
