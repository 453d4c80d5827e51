"""What must hold of a client, each as a function from a verdict to what is wrong: a text, empty where nothing is.

Rule 1: nothing holds vacuously. Where what is judged never happened, that is what is wrong; a proxy that there is not is an
error.
Rule 2: what is wrong names connections and times.
To add one: a function here, its `assert_` in `oracles`, and in its test one client that breaks it and one that is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fozzy.core.words import count
from fozzy.errors import UsageError, suggestion
from fozzy.insight.verdict.matched import matched
from fozzy.insight.verdict.model import Call, Change, Client, Operation, Recovery, Verdict
from fozzy.insight.verdict.said import call_said, calls_listed, change_said, listed, seconds, where
from fozzy.insight.verdict.sequels import doubts_of


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


def fired(verdict: Verdict, fault: str, number: int | None) -> str:
    """A fault came to pass, exactly so often where that is said."""
    seen = sum(each.times for each in verdict.fired if fault in (each.fault, each.type, f"{each.at}/{each.fault}"))
    if seen == number or (number is None and seen):
        return ""
    wanted = "" if number is None else f", not {count(number, 'time')}"
    said = f"was applied {count(seen, 'time')}{wanted}" if seen else "was never applied"
    return f'the fault "{fault}" {said}{listed(_fired_said(verdict))}'


def _fired_said(verdict: Verdict) -> list[str]:
    return [f"{each.at}/{each.fault}: {count(each.times, 'time')}" for each in verdict.fired] or [
        "no fault was applied at all"
    ]


def attempts(verdict: Verdict, number: int, match: str | None, proxy: str | None) -> str:
    """So many calls came."""
    calls = calls_of(verdict, match, proxy)
    if len(calls) == number:
        return ""
    what = "calls" if match is None else f"calls of {match!r}"
    return f"there were {len(calls)} {what}, not {number}{calls_listed(calls)}"


def no_calls_while_open(verdict: Verdict, breaker: str | None, proxy: str | None) -> str:
    """While a breaker was open nothing went out."""
    clients_of(verdict, proxy)
    opened = [each for each in verdict.breakers if each.state == "open" and breaker in (None, each.breaker)]
    if not opened:
        name = "no breaker" if breaker is None else f'the breaker "{breaker}"'
        hint = "; is it watched? chaos.breaker(NAME) listens to it" if not verdict.breakers else ""
        return f"{name} was {'ever' if breaker is None else 'never'} open{hint}"
    for change in opened:
        clients_of(verdict, change.at or None)
        calls = [call for call in change.calls if proxy in (None, call.at)]
        if calls:
            what = f"{count(len(calls), 'call')} went out while the breaker {change.breaker} was open"
            return f"{what} ({change_said(change)}){calls_listed(calls)}"
    return ""


def backoff(
    verdict: Verdict, expected_ns: Sequence[int], within_ns: tuple[int, int], match: str | None, proxy: str | None
) -> str:
    """Pauses between attempts are the expected ones, as far off as said: shorter by the first, longer by the second."""
    tried = _tried_again(verdict, match, proxy)
    if not tried:
        return (
            f"nothing was tried again, so there is no pause to look at{calls_listed(calls_of(verdict, match, proxy))}"
        )
    for operation in tried:
        for index, pause in enumerate(operation.pauses_ns):
            wanted = expected_ns[min(index, len(expected_ns) - 1)]
            if not wanted - within_ns[0] <= pause <= wanted + within_ns[1]:
                what = f"the pause before attempt {index + 2} of {operation.about} was {seconds(pause)}"
                return f"{what}, not {_around(wanted, within_ns)}{_attempts_listed(operation)}"
    return ""


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


def honours_retry_after(verdict: Verdict, match: str | None, proxy: str | None) -> str:
    """After a reply that asks for patience nothing comes too early."""
    waits = [each for client in clients_of(verdict, proxy) for each in client.waits if matched([each.call], match)]
    if not waits:
        return "no reply had a Retry-After that its client heard"
    for wait in waits:
        if not wait.is_honoured and wait.next is not None:
            said = f"Retry-After asked for {seconds(wait.asked_ns)}, and the next call came after {seconds(wait.waited_ns)}"
            return f"{said}{calls_listed([wait.call, wait.next])}"
    return ""


def recovers(verdict: Verdict, within_ns: int | None, proxy: str | None) -> str:
    """After every fault a call is answered, soon enough, and no breaker stays open."""
    recoveries = [each for client in clients_of(verdict, proxy) for each in client.recoveries]
    if not recoveries:
        return f"no fault came to pass, so there was nothing to recover from{listed(_fired_said(verdict))}"
    for each in recoveries:
        if each.call is None:
            return f"it does not recover: {_unanswered(each)}"
        if within_ns is not None and each.took_ns > within_ns:
            said = f"after {each.fault} was over at {seconds(each.over_ns)} it took {seconds(each.took_ns)} to recover"
            return f"{said}, not {seconds(within_ns)}{calls_listed([each.call])}"
    return _still_open(verdict.breakers)


def _unanswered(recovery: Recovery) -> str:
    came = f"{count(recovery.failed, 'call')} failed" if recovery.failed else "no call was made"
    return f"after {recovery.fault} was over at {seconds(recovery.over_ns)} {came}, and none was answered"


def _still_open(changes: Iterable[Change]) -> str:
    latest = {change.breaker: change for change in changes}
    for change in latest.values():
        if change.state != "closed":
            return (
                f"it does not recover: the breaker {change.breaker} did not close again{listed([change_said(change)])}"
            )
    return ""


def no_leaked_connections(verdict: Verdict, allowed: int, proxy: str | None) -> str:
    """No connection is left open, but so many."""
    clients = clients_of(verdict, proxy)
    if not any(client.connections for client in clients):
        return "there was no connection"
    leaks = [each for client in clients for each in client.leaks]
    if len(leaks) <= allowed:
        return ""
    what = f"{count(len(leaks), 'connection')} {'was' if len(leaks) == 1 else 'were'} left open"
    lines = [
        f"{each.at} connection {each.connection}: since {seconds(each.opened_ns)}, {count(each.requests, 'request')},"
        f" idle since {seconds(each.idle_since_ns)}"
        for each in leaks
    ]
    return f"{what}{f', not {allowed} at most' if allowed else ''}{listed(lines)}"


def at_most_once(verdict: Verdict, match: str | None, proxy: str | None) -> str:
    """Nothing that the server may have carried out is sent again."""
    calls = calls_of(verdict, match, proxy)
    if not calls:
        return f"there was no call of {match!r}" if match else "there was no call"
    for doubt in doubts_of(calls):
        first, again = doubt.first, doubt.again
        said = (
            f"{first.about} may be carried out twice: it reached the server on {where(first)}, its reply never came back,"
            f" and it was sent again on {where(again)}"
        )
        return f"{said}{calls_listed([first, again])}"
    return ""


def no_truncated_stream_accepted(verdict: Verdict, noticed: int, resumed: bool, proxy: str | None) -> str:
    """No client takes the first part of a reply for the whole of it."""
    cuts = [each for client in clients_of(verdict, proxy) for each in client.cuts]
    if not cuts:
        return "no reply was cut short, so none could be accepted"
    bad = [each.call for each in cuts if each.accepted or (resumed and each.resumed is None)][noticed:]
    if not bad:
        return ""
    what = f"{count(len(bad), 'reply', 'replies')} cut short"
    return f"{what} looked whole to the client, and it never asked again{calls_listed(bad)}"


def no_hang(verdict: Verdict, limit_ns: int, match: str | None, proxy: str | None) -> str:
    """No call takes longer."""
    calls = calls_of(verdict, match, proxy)
    if not calls:
        return "there was no call"
    slow = [call for call in calls if call.ended_ns - call.began_ns > limit_ns]
    if not slow:
        return ""
    worst = max(call.ended_ns - call.began_ns for call in slow)
    what = f"{count(len(slow), 'call')} took longer than {seconds(limit_ns)}, up to {seconds(worst)}"
    return f"{what}{calls_listed(slow)}"
