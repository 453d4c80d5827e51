"""Calls from the records of TCP."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from fozzy.core.wires import Spoken
from fozzy.faults.tcp.kinds import KINDS
from fozzy.insight.verdict.connections import Connection
from fozzy.insight.verdict.model import CONNECT, Call, Fate
from fozzy.insight.verdict.statements import IDEMPOTENCY, edge, is_harmless, is_setup

_STATUS = re.compile(r"([1-5][0-9][0-9])(?: retry_after=([0-9]{1,10}))?\Z")
UNHEARD: tuple[Fate, ...] = ("lost", "silent", "truncated")


class Ending(NamedTuple):
    """What became of a request."""

    fate: Fate
    at_ns: int


def calls_of(connection: Connection, protocol: str, now_ns: int) -> list[Call]:
    """All requests of a connection, those that set it up too; one `connect` where there is no other."""
    missing = connection.missing()
    withheld = {each.message for each in connection.requests if _is_withheld(each)}
    reached = connection.sent_on(withheld)
    calls = [
        _call(connection, protocol, request, _ending(connection, request, missing, now_ns), request.message in reached)
        for request in sorted(connection.requests, key=lambda each: each.message)
    ]
    first = next((index for index, call in enumerate(calls) if not call.setup), None)
    if first is None:
        return [*calls, *_attempt(connection, protocol, calls)]
    calls[first] = replace(calls[first], connected_ns=connection.arrived_ns)
    return _in_transactions(calls)


def _is_withheld(request: Spoken) -> bool:
    """Whether a toxic answered it, or gave the server something else."""
    return any(each.applied and KINDS[each.type].is_of_requests for each in request.struck if each.type in KINDS)


def _ending(connection: Connection, request: Spoken, missing: dict[int, int], now_ns: int) -> Ending:
    reply = connection.replies.get(request.message)
    lost = missing.get(request.message, 0)
    size = connection.size_of(request)
    if reply is not None and lost < size:
        is_turn = reply.of == "turn"  # nobody knows where one ends but by what comes next
        due_ns = max(0 if is_turn else reply.t, reply.arrived + reply.delay_ns)
        if connection.has_left(due_ns):
            return Ending("silent", connection.end_ns)
        if (reply.whole or is_turn) and not lost:
            return Ending("error" if is_error(reply.said) else "answered", due_ns)
        return _unanswered(connection, "truncated", now_ns)
    return _unanswered(connection, "lost", now_ns)


def _unanswered(connection: Connection, fate: Fate, now_ns: int) -> Ending:
    if not connection.is_over:
        return Ending("open", now_ns)
    return Ending("silent" if connection.left_by_client else fate, connection.end_ns)


def is_error(said: str) -> bool:
    """Whether a reply that says this of itself is an error."""
    return bool(said) and not said.startswith(("1", "2", "3")) if _STATUS.match(said) else bool(said)


def retry_after_ns(said: str) -> int | None:
    """How long a reply asks its client to wait."""
    found = _STATUS.match(said)
    return None if found is None or found[2] is None else int(found[2]) * 10**9


def _call(connection: Connection, protocol: str, request: Spoken, ending: Ending, reached: bool) -> Call:
    reply = connection.replies.get(request.message)
    said = "" if reply is None else reply.said
    body = None if reply is None else reply.body
    is_kept = reached and not (is_error(said) and said[:1] != "5")
    return Call(
        at=connection.at,
        protocol=protocol,
        connection=connection.ordinal,
        number=request.number,
        about=request.about,
        key=_key(protocol, request),
        began_ns=request.arrived,
        ended_ns=ending.at_ns,
        fate=ending.fate,
        said=said if ending.fate in ("answered", "error") else "",
        retry_after_ns=retry_after_ns(said) if ending.fate == "error" else None,
        reached=reached,
        kept=is_kept,
        in_doubt=is_kept and ending.fate in UNHEARD,
        harmless=is_harmless(protocol, request.about) or request.said == IDEMPOTENCY,
        ended="" if ending.fate in ("answered", "error", "open") else connection.heard,
        framing="" if body is None else body.how,
        events=body is not None and body.events,
        faults=_faults(connection, request, ending),
        setup=is_setup(protocol, request.about, request.state),
    )


def _key(protocol: str, request: Spoken) -> str:
    """Requests over HTTP differ in headers when they are sent again, so their line and the length of the body tell."""
    if protocol != "http" or request.body is None:
        return f"{request.about} {request.digest}"
    return f"{request.about} {request.body.how} {request.body.length}"


def _faults(connection: Connection, request: Spoken, ending: Ending) -> list[str]:
    messages: Iterable[Spoken | None] = (request, connection.replies.get(request.message))
    found = [f"{connection.at}/{each.toxic}" for one in messages if one for each in one.struck if each.applied]
    if ending.fate in UNHEARD:
        found += connection.faults()
    return list(dict.fromkeys(found))


def _attempt(connection: Connection, protocol: str, setup: Sequence[Call]) -> list[Call]:
    """A connection that came to nothing. One that its client ended in order, with all it asked answered, is none."""
    record = connection.record
    failed = [call for call in setup if call.fate != "answered"]
    if record is None or not connection.is_over or (connection.left_by_client and not failed):
        return []
    faults = list(dict.fromkeys([*connection.faults(), *(fault for call in failed for fault in call.faults)]))
    fate: Fate = "silent" if connection.left_by_client else "lost"
    return [
        Call(
            at=connection.at,
            protocol=protocol,
            connection=connection.ordinal,
            number=record.number,
            about=CONNECT,
            began_ns=record.arrived,
            ended_ns=connection.end_ns,
            fate=fate,
            ended=connection.heard,
            faults=faults,
            connected_ns=record.arrived,
        )
    ]


def _in_transactions(calls: list[Call]) -> list[Call]:
    """What stands in a transaction is carried out when that is: what was not committed is not there."""
    found: list[Call] = []
    members: list[int] | None = None
    for call in calls:
        turn = edge(call.protocol, call.about)
        found.append(replace(call, kept=False, in_doubt=False) if turn in ("begin", "rollback") else call)
        if turn == "begin":
            members = []
        elif turn and members is not None:
            is_kept = turn == "commit" and call.kept
            for index in members:
                one = found[index]
                kept = is_kept and one.kept
                found[index] = replace(one, kept=kept, in_doubt=kept and call.in_doubt)
            members = None
        elif members is not None:
            members.append(len(found) - 1)
    for index in members or ():
        found[index] = replace(found[index], kept=False, in_doubt=False)
    return found
