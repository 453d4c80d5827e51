"""One request through an in-process door: what is decided, what becomes of it, and the record it ends as.

It does no I/O and never waits: the ASGI middleware and the httpx transports share it, and differ in how they wait,
ask and send.
Rule 1: `finish` gives the session its one record; calls after the first do nothing.
Rule 2: a planned fault is settled once, applied or bypassed; what nobody said by the end is bypassed.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from fozzy.chaos.flow import Flow, Head, flow_of
from fozzy.chaos.session import Session
from fozzy.core.blob import EMPTY, Blob
from fozzy.core.duration import show_ns
from fozzy.core.exchange import Answered, Asked, Ending, Exchange, Headers, Sent
from fozzy.faults.http.decision import Close, Give, Hold, Pace, Seen, patience_s
from fozzy.faults.http.fixtures import Fixture, fixture_of
from fozzy.faults.http.limits import slice_bytes
from fozzy.faults.http.plan import Answer

RECORD_BYTES_MAX = 8 << 20  # of one body that is kept
TOO_LONG = "the body is longer than what is recorded"
DOOR_CANNOT = "door_cannot"
EVIDENCE = "x-fozzy-chaos"


class Body:
    """A body that passes by: its size, and its bytes where they are kept."""

    def __init__(self, is_kept: bool, shown_bytes: int = 0) -> None:
        """Whole, up to `RECORD_BYTES_MAX`, or else so much of its beginning."""
        self.size = 0
        self.is_long = False
        self._is_kept = is_kept
        self._shown_bytes = shown_bytes
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        """One more piece."""
        self.size += len(piece)
        if not self._is_kept:
            if self.size - len(piece) < self._shown_bytes:
                self._pieces.append(piece)
        elif self.size > RECORD_BYTES_MAX:
            self.is_long = True
            self._pieces.clear()
        else:
            self._pieces.append(piece)

    def blob(self) -> Blob:
        """What was kept."""
        return Blob.of(b"".join(self._pieces)) if self._pieces else EMPTY


class Passage:
    """A request on its way through a door."""

    def __init__(self, session: Session, seen: Seen, version: str = "1.1") -> None:
        self.session = session
        self.waited_ns = 0
        self.is_finished = False
        self.status = 0  # what the client got
        self.sent = 0  # bytes of a body the client got
        self._seen = seen
        self.method = seen.method
        self._version = version
        self._load = session.load
        self.decision = session.decide(seen)
        self.action = self.decision.action  # none once it is known that it cannot be done
        self.asked = Body(session.records_bodies, session.shown_bytes)
        self._answered = Body(session.records_bodies, session.shown_bytes)
        self._head: Head | None = None
        self._asked_ns = self._head_ns = self.decision.arrived_ns
        self._chunks: list[tuple[int, int]] = []
        self._applied = self._reason = ""
        self._is_settled = not self.decision.planned
        self._has_ended = False
        self._failure = ""

    def own_answer(self) -> Give | None:
        """What we answer instead of anybody: the request's own chaos is wrong, or nobody is there to ask."""
        if self.decision.refused:
            return _refusal(400, "chaos_header", self.decision.refused)
        if self.decision.source == "internal":
            return _refusal(404, "no_route", "no route matches, and there is no upstream")
        return None

    def fixture(self) -> Fixture | None:
        """The answer of the request's route, where it has one of its own."""
        route = self.decision.route
        if self.decision.source != "fixture" or route is None:
            return None
        return fixture_of(route.answers[self.decision.slot] if route.answers else route.answer or Answer())

    def evidence(self) -> Headers:
        """What an answer says of its own chaos, where the plan wants that: fault or latency, number and key, the delay."""
        if not self.session.engine.state.plan.evidence_headers:
            return []
        decision = self.decision
        said = [decision.planned or ("latency" if decision.delay_ns else "none"), f"number={decision.number}"]
        if decision.key:
            said.append(f"key={decision.key}.{decision.occurrence}")
        if decision.delay_ns:
            said.append(f"delay={show_ns(decision.delay_ns)}")
        return [(EVIDENCE, "; ".join(said))]

    def before(self) -> Give | Hold | Close | None:
        """What happens in upstream's place."""
        action = self.action
        if isinstance(action, Give | Hold):
            return action
        return action if isinstance(action, Close) and action.at in ("accept", "before-response") else None

    def asks(self) -> None:
        """Upstream is asked now."""
        self._asked_ns = self.session.now_ns()

    def hear(self, head: Head) -> Flow:
        """The true answer's head has come; the flow of what the client gets."""
        self._head = head
        self._head_ns = self.session.now_ns()
        return flow_of(self.action, head, self.session.now_ns)

    def heard(self, piece: bytes) -> None:
        """A piece of the true answer's body has come."""
        self._answered.add(piece)
        if self.session.records_bodies:
            self._chunks.append((self.session.now_ns() - self._head_ns, len(piece)))

    def heard_all(self) -> None:
        """The true answer has ended as it should."""
        self._has_ended = True

    def settle(self, flow: Flow) -> None:
        """What became of the plan, once the flow's last step was carried out."""
        if flow.applied:
            self.apply(flow.reason)
        elif flow.reason:
            self.bypass(flow.reason)

    def apply(self, reason: str = "") -> None:
        """The planned fault has happened; `reason` says which of several limits was reached."""
        if not self._is_settled:
            self._is_settled = True
            self._applied, self._reason = self.decision.planned, reason
            self.session.engine.applied(self.decision)

    def bypass(self, reason: str) -> None:
        """The planned fault cannot happen."""
        self.action = None
        if not self._is_settled:
            self._is_settled = True
            self._reason = reason
            self.session.engine.bypassed(self.decision, reason)

    def fail(self, reason: str) -> None:
        """Something went wrong by itself; it is the reason why a planned fault did not happen, too."""
        self.bypass(reason)
        self._failure = self._failure or reason

    def slices(self, data: bytes, pace: Pace | None) -> Iterator[tuple[int, bytes]]:
        """A piece in parts that each wait so many nanoseconds, so that bandwidth is kept."""
        if pace is None or not data:
            yield 0, data
            return
        size = slice_bytes(pace)
        for at in range(0, len(data), size):
            part = data[at : at + size]
            yield self.session.engine.pace(pace, len(part), self.session.now_ns()), part

    def finish(self, ended: Ending = "whole") -> None:
        """The record. How the client's answer ended."""
        if self.is_finished:
            return
        self.is_finished = True
        if ended == "client_gone":
            self.fail("client_gone")
        self.bypass(self._failure or "not_reached")
        self.session.done(self._exchange(ended))

    def _exchange(self, ended: Ending) -> Exchange:
        decision, seen = self.decision, self._seen
        notes = list(decision.notes)
        if self._failure and self._reason and self._failure != self._reason:
            notes.append(self._failure)
        return Exchange(
            t=self.session.now_ns(),
            at=decision.place,
            number=decision.number,
            arrived=decision.arrived_ns,
            key=decision.key,
            occurrence=decision.occurrence,
            source=decision.source,
            request=Asked(
                seen.method, seen.target, seen.headers, self.asked.blob(), self.asked.size, decision.digest,
                self._version, seen.chunked,
            ),
            answer=self._true(),
            sent=Sent(
                self.status, self.sent, ended, retry_after_s=patience_s(decision.action) if self._applied else None
            ),
            rolls=list(decision.rolls),
            planned=decision.planned,
            applied=self._applied,
            reason=self._reason or self._failure,
            delay_ns=decision.delay_ns,
            waited_ns=self.waited_ns,
            test=decision.test,
            client=seen.client,
            load=self._load,
            slot=decision.slot,
            not_recorded=TOO_LONG if self.asked.is_long or self._answered.is_long else "",
            notes=notes,
            route=decision.route.name if decision.route is not None else "",
        )  # fmt: skip

    def _true(self) -> Answered | None:
        head = self._head
        if head is None:
            return None
        return Answered(
            head.status, "", head.headers, self._answered.blob(), self._answered.size, self._chunks,
            head.value("transfer-encoding") == "chunked", [], self._version,
            max(0, self._head_ns - self._asked_ns), "whole" if self._has_ended else "short",
        )  # fmt: skip


def _refusal(status: int, code: str, message: str) -> Give:
    body = msgspec.json.encode({"error": {"code": code, "message": message, "type": "proxy"}})
    return Give(status, [("content-type", "application/json")], body)
