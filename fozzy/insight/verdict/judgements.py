"""What must hold of a client, each as a function from a verdict to what is wrong: a complaint, or none.

Rule 1: nothing holds vacuously. Where what is judged never happened, that is what is wrong; a proxy that there is not is an
error.
Rule 2: what is wrong names connections and times. Its kind has none: who fails the same way again fails with the same kind.
To add one: a function here, its `assert_` in `oracles`, and in its test one client that breaks it and one that is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fozzy.core.words import count
from fozzy.errors import UsageError, suggestion
from fozzy.insight.verdict.matched import matched
from fozzy.insight.verdict.model import Call, Change, Client, Operation, Recovery, Verdict
from fozzy.insight.verdict.said import call_said, calls_listed, change_said, listed, seconds, where
from fozzy.insight.verdict.sequels import doubts_of


class Complaint(NamedTuple):
    """What is wrong: `kind` is one word or several with dots, whatever the numbers; `said` is for people."""

    kind: str
    said: str


def clients_of(verdict: Verdict, proxy: str | None) -> list[Client]:
    """The client behind one proxy, or those behind all. *Errors*: `UsageError` for a proxy that there is not."""
    found = [client for client in verdict.clients if proxy in (None, client.at)]
    if proxy is None or found:
        return found
    known = [client.at for client in verdict.clients]
    hint = suggestion(proxy, known) or f"there are {', '.join(known) or 'none'}"
    raise UsageError("chaos.unknown_proxy", f'there is no proxy "{proxy}"', hint=hint)


def calls_of(verdict: Verdict, match: str | None = None, proxy: str | None = None) -> list[Call]:
    """The calls of a pattern; requests that set connections up only where no other fits one."""
    clients = clients_of(verdict, proxy)
    found = matched((call for client in clients for call in client.calls), match)
    if found or match is None:
        return found
    return matched((call for client in clients for call in client.setup), match)


def fired(verdict: Verdict, fault: str, number: int | None) -> Complaint | None:
    """A fault came to pass, exactly so often where that is said."""
    seen = sum(each.times for each in verdict.fired if fault in (each.fault, each.type, f"{each.at}/{each.fault}"))
    if seen == number or (number is None and seen):
        return None
    wanted = "" if number is None else f", not {count(number, 'time')}"
    said = f"was applied {count(seen, 'time')}{wanted}" if seen else "was never applied"
    kind = "fired.number" if seen else "fired.never"
    return Complaint(kind, f'the fault "{fault}" {said}{listed(_fired_said(verdict))}')


def _fired_said(verdict: Verdict) -> list[str]:
    return [f"{each.at}/{each.fault}: {count(each.times, 'time')}" for each in verdict.fired] or [
        "no fault was applied at all"
    ]


def attempts(verdict: Verdict, number: int, match: str | None, proxy: str | None) -> Complaint | None:
    """So many calls came."""
    calls = calls_of(verdict, match, proxy)
    if len(calls) == number:
        return None
    what = "calls" if match is None else f"calls of {match!r}"
    return Complaint("attempts.number", f"there were {len(calls)} {what}, not {number}{calls_listed(calls)}")


def no_calls_while_open(verdict: Verdict, breaker: str | None, proxy: str | None) -> Complaint | None:
    """While a breaker was open nothing went out."""
    clients_of(verdict, proxy)
    opened = [each for each in verdict.breakers if each.state == "open" and breaker in (None, each.breaker)]
    if not opened:
        name = "no breaker" if breaker is None else f'the breaker "{breaker}"'
        hint = "; is it watched? chaos.breaker(NAME) listens to it" if not verdict.breakers else ""
        return Complaint(
            "no_calls_while_open.never_open", f"{name} was {'ever' if breaker is None else 'never'} open{hint}"
        )
    for change in opened:
        clients_of(verdict, change.at or None)
        calls = [call for call in change.calls if proxy in (None, call.at)]
        if calls:
            what = f"{count(len(calls), 'call')} went out while the breaker {change.breaker} was open"
            return Complaint("no_calls_while_open.call", f"{what} ({change_said(change)}){calls_listed(calls)}")
    return None


def backoff(
    verdict: Verdict, expected_ns: Sequence[int], within_ns: tuple[int, int], match: str | None, proxy: str | None
) -> Complaint | None:
    """Pauses between attempts are the expected ones, as far off as said: shorter by the first, longer by the second."""
    tried = _tried_again(verdict, match, proxy)
    if not tried:
        what = "nothing was tried again, so there is no pause to look at"
        return Complaint("backoff.no_pause", f"{what}{calls_listed(calls_of(verdict, match, proxy))}")
    for operation in tried:
        for index, pause in enumerate(operation.pauses_ns):
            wanted = expected_ns[min(index, len(expected_ns) - 1)]
            if not wanted - within_ns[0] <= pause <= wanted + within_ns[1]:
                what = f"the pause before attempt {index + 2} of {operation.about} was {seconds(pause)}"
                kind = "backoff.too_short" if pause < wanted else "backoff.too_long"
                return Complaint(kind, f"{what}, not {_around(wanted, within_ns)}{_attempts_listed(operation)}")
    return None


def _around(wanted: int, within_ns: tuple[int, int]) -> str:
    low, high = max(0, wanted - within_ns[0]), wanted + within_ns[1]
    return seconds(wanted) if high - low < 10**7 else f"from {seconds(low)} to {seconds(high)}"


def _tried_again(verdict: Verdict, match: str | None, proxy: str | None) -> list[Operation]:
    every = [each for client in clients_of(verdict, proxy) for each in client.operations if each.pauses_ns]
    return [each for each in every if matched(each.attempts, match)]


def _attempts_listed(operation: Operation) -> str:
    pauses = [None, *operation.pauses_ns]
    return listed(
        (f"after {seconds(pause)}: " if pause is not None else "") + call_said(call)
        for call, pause in zip(operation.attempts, pauses, strict=True)
    )


def honours_retry_after(verdict: Verdict, match: str | None, proxy: str | None) -> Complaint | None:
    """After a reply that asks for patience nothing comes too early."""
    waits = [each for client in clients_of(verdict, proxy) for each in client.waits if matched([each.call], match)]
    if not waits:
        return Complaint("honours_retry_after.none", "no reply had a Retry-After that its client heard")
    for wait in waits:
        if not wait.is_honoured and wait.next is not None:
            said = f"Retry-After asked for {seconds(wait.asked_ns)}, and the next call came after {seconds(wait.waited_ns)}"
            return Complaint("honours_retry_after.too_early", f"{said}{calls_listed([wait.call, wait.next])}")
    return None


def recovers(verdict: Verdict, within_ns: int | None, proxy: str | None) -> Complaint | None:
    """After every fault a call is answered, soon enough, and no breaker stays open."""
    recoveries = [each for client in clients_of(verdict, proxy) for each in client.recoveries]
    if not recoveries:
        return Complaint(
            "recovers.no_fault",
            f"no fault came to pass, so there was nothing to recover from{listed(_fired_said(verdict))}",
        )
    for each in recoveries:
        if each.call is None:
            kind = "recovers.unanswered" if each.failed else "recovers.no_call"
            return Complaint(kind, f"it does not recover: {_unanswered(each)}")
        if within_ns is not None and each.took_ns > within_ns:
            said = f"after {each.fault} was over at {seconds(each.over_ns)} it took {seconds(each.took_ns)} to recover"
            return Complaint("recovers.too_late", f"{said}, not {seconds(within_ns)}{calls_listed([each.call])}")
    return _still_open(verdict.breakers)


def _unanswered(recovery: Recovery) -> str:
    came = f"{count(recovery.failed, 'call')} failed" if recovery.failed else "no call was made"
    return f"after {recovery.fault} was over at {seconds(recovery.over_ns)} {came}, and none was answered"


def _still_open(changes: Iterable[Change]) -> Complaint | None:
    latest = {change.breaker: change for change in changes}
    for change in latest.values():
        if change.state != "closed":
            what = f"it does not recover: the breaker {change.breaker} did not close again"
            return Complaint("recovers.open", f"{what}{listed([change_said(change)])}")
    return None


def no_leaked_connections(verdict: Verdict, allowed: int, proxy: str | None) -> Complaint | None:
    """No connection is left open, but so many."""
    clients = clients_of(verdict, proxy)
    if not any(client.connections for client in clients):
        return Complaint("no_leaked_connections.none", "there was no connection")
    leaks = [each for client in clients for each in client.leaks]
    if len(leaks) <= allowed:
        return None
    what = f"{count(len(leaks), 'connection')} {'was' if len(leaks) == 1 else 'were'} left open"
    lines = [
        f"{each.at} connection {each.connection}: since {seconds(each.opened_ns)}, {count(each.requests, 'request')},"
        f" idle since {seconds(each.idle_since_ns)}"
        for each in leaks
    ]
    return Complaint(
        "no_leaked_connections.left_open", f"{what}{f', not {allowed} at most' if allowed else ''}{listed(lines)}"
    )


def at_most_once(verdict: Verdict, match: str | None, proxy: str | None) -> Complaint | None:
    """Nothing that the server may have carried out is sent again."""
    calls = calls_of(verdict, match, proxy)
    if not calls:
        return Complaint("at_most_once.no_call", f"there was no call of {match!r}" if match else "there was no call")
    for doubt in doubts_of(calls):
        first, again = doubt.first, doubt.again
        said = (
            f"{first.about} may be carried out twice: it reached the server on {where(first)}, its reply never came back,"
            f" and it was sent again on {where(again)}"
        )
        return Complaint("at_most_once.again", f"{said}{calls_listed([first, again])}")
    return None


def no_truncated_stream_accepted(verdict: Verdict, noticed: int, resumed: bool, proxy: str | None) -> Complaint | None:
    """No client takes the first part of a reply for the whole of it."""
    cuts = [each for client in clients_of(verdict, proxy) for each in client.cuts]
    if not cuts:
        return Complaint("no_truncated_stream_accepted.none", "no reply was cut short, so none could be accepted")
    bad = [each.call for each in cuts if each.accepted or (resumed and each.resumed is None)][noticed:]
    if not bad:
        return None
    what = f"{count(len(bad), 'reply', 'replies')} cut short"
    return Complaint(
        "no_truncated_stream_accepted.whole",
        f"{what} looked whole to the client, and it never asked again{calls_listed(bad)}",
    )


def no_hang(verdict: Verdict, limit_ns: int, match: str | None, proxy: str | None) -> Complaint | None:
    """No call takes longer."""
    calls = calls_of(verdict, match, proxy)
    if not calls:
        return Complaint("no_hang.no_call", "there was no call")
    slow = [call for call in calls if call.ended_ns - call.began_ns > limit_ns]
    if not slow:
        return None
    worst = max(call.ended_ns - call.began_ns for call in slow)
    what = f"{count(len(slow), 'call')} took longer than {seconds(limit_ns)}, up to {seconds(worst)}"
    return Complaint("no_hang.too_long", f"{what}{calls_listed(slow)}")
