"""What is told of a verdict, in order, for every form of it: first what is wrong, then what was tried again, then numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from fozzy.core.words import count
from fozzy.insight.verdict.model import FATES, Client, Operation, Recovery, Verdict, Wait
from fozzy.insight.verdict.operations import FAILED
from fozzy.insight.verdict.said import call_said, change_said, seconds, where
from fozzy.report.text import Role

OPERATIONS_MAX = 50  # that are told one by one, of each proxy


class Fact(NamedTuple):
    """One thing: what it is of, what was seen, whether that is good, and the calls behind it."""

    name: str
    said: str
    role: Role = ""
    calls: tuple[str, ...] = ()


def summary(client: Client) -> str:
    """One proxy in a line: `7 calls in 5 operations over 3 connections: 5 answered, 2 ended without a reply`."""
    many = Counter(call.fate for call in client.calls)
    counted = ", ".join(f"{many[fate]} {word}" for fate, word in FATES.items() if many[fate])
    over = f" over {count(client.connections, 'connection')}" if client.connections else ""
    said = f"{count(len(client.calls), 'call')} in {count(len(client.operations), 'operation')}{over}"
    return f"{said}: {counted}" if counted else said


def facts_of(client: Client) -> list[Fact]:
    """Everything to tell of one proxy's client."""
    return [*_wrong(client), *_retried(client), *_good(client)]


def _wrong(client: Client) -> Iterator[Fact]:
    for doubt in client.doubts:
        said = f"{doubt.first.about}: sent on {where(doubt.first)}, and again on {where(doubt.again)}"
        yield Fact("in doubt", said, "fail", (call_said(doubt.first), call_said(doubt.again)))
    for cut in client.cuts:
        if cut.accepted:
            yield Fact("cut short", f"{cut.call.about}: taken for whole", "fail", (call_said(cut.call),))
    for wait in client.waits:
        if not wait.is_honoured:
            yield Fact("too early", _wait_said(wait), "fail", (call_said(wait.call),))
    for leak in client.leaks:
        yield Fact("left open", f"connection {leak.connection} since {seconds(leak.opened_ns)}", "warn")
    for recovery in client.recoveries:
        if recovery.call is None:
            yield Fact("not recovered", _recovery_said(recovery), "warn")


def _retried(client: Client) -> Iterator[Fact]:
    told = [each for each in client.operations if each.pauses_ns or each.attempts[-1].fate in FAILED]
    for operation in told[:OPERATIONS_MAX]:
        yield Fact("tried", _operation_said(operation), calls=tuple(call_said(call) for call in operation.attempts))
    if len(told) > OPERATIONS_MAX:
        yield Fact("tried", f"and {len(told) - OPERATIONS_MAX} operations more")


def _good(client: Client) -> Iterator[Fact]:
    for wait in client.waits:
        if wait.is_honoured:
            yield Fact("patient", _wait_said(wait), "pass")
    for cut in client.cuts:
        if not cut.accepted:
            then = "asked again" if cut.resumed is not None else "its end could not be believed"
            yield Fact("cut short", f"{cut.call.about}: {then}", "pass", (call_said(cut.call),))
    for recovery in client.recoveries:
        if recovery.call is not None:
            yield Fact("recovered", _recovery_said(recovery), "pass")


def _operation_said(operation: Operation) -> str:
    pauses = ", ".join(seconds(pause) for pause in operation.pauses_ns)
    paused = f", pauses {pauses}" if pauses else ""
    return (
        f"{operation.about}: {count(len(operation.attempts), 'attempt')}{paused}, {FATES[operation.attempts[-1].fate]}"
    )


def _wait_said(wait: Wait) -> str:
    came = "nothing came after it" if wait.next is None else f"the next came after {seconds(wait.waited_ns)}"
    return f"{wait.call.about} asked for {seconds(wait.asked_ns)}, {came}"


def _recovery_said(recovery: Recovery) -> str:
    if recovery.call is None:
        failed = f", {count(recovery.failed, 'call')} failed" if recovery.failed else ""
        return f"{recovery.fault} was over at {seconds(recovery.over_ns)}, and no call was answered after it{failed}"
    return f"{seconds(recovery.took_ns)} after {recovery.fault} was over"


def breaker_lines(verdict: Verdict) -> list[str]:
    """The changes of breakers, in order, each with its cause."""
    return [change_said(change) for change in verdict.breakers]


def early_lines(verdict: Verdict) -> list[str]:
    """Calls that went out although a breaker was open."""
    return [call_said(call) for change in verdict.breakers for call in change.calls]


def is_clean(verdict: Verdict) -> bool:
    """Whether nothing is wrong with any client."""
    return not early_lines(verdict) and not any(
        fact.role == "fail" for client in verdict.clients for fact in facts_of(client)
    )
