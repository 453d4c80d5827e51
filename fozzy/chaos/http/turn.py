"""One request's turn: what is known of it while it goes through, and the record it ends as.

Rule 1: `finish` is called once, whatever happened, and gives the session its one record.
Rule 2: `apply` or `bypass` is called once for a fault that was planned; what nobody said by the end is bypassed.
Rule 3: bodies are kept where somebody records, up to a bound; beyond it they are counted and relayed, not kept.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import trio

from fozzy.chaos.cassette.serving import Found, Miss
from fozzy.chaos.http.answers import Answer
from fozzy.chaos.http.heads import Head
from fozzy.chaos.http.refusals import ClientGone, Refusal
from fozzy.chaos.http.requests import RequestReader
from fozzy.chaos.http.watch import Phase, Watch
from fozzy.chaos.http.wire import Wire
from fozzy.chaos.session import Session
from fozzy.core.blob import EMPTY, Blob
from fozzy.core.exchange import Answered, Asked, Ending, Exchange, Sent
from fozzy.faults.http.decision import Decision, Seen

TOO_LONG = "the body is longer than what is recorded"


class Body:
    """A body that passes by: its size, and its bytes where they are kept."""

    __slots__ = ("bytes_max", "is_kept", "pieces", "size")

    def __init__(self, is_kept: bool, bytes_max: int) -> None:
        self.is_kept = is_kept
        self.bytes_max = bytes_max
        self.pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        """One more piece."""
        self.size += len(piece)
        if self.is_kept:
            if self.size <= self.bytes_max:
                self.pieces.append(piece)
            else:
                self.is_kept = False
                self.pieces.clear()

    def blob(self) -> Blob:
        """What was kept."""
        return Blob.of(b"".join(self.pieces)) if self.is_kept and self.pieces else EMPTY


class Place(NamedTuple):
    """The connection that a request came over, as its turn needs it."""

    session: Session
    wire: Wire
    reader: RequestReader
    watch: Watch
    client: str


class Turn:
    """A request on its way. What it holds is for the modules of this folder."""

    def __init__(self, place: Place, head: Head) -> None:
        self.session, self.wire, self.reader, self.watch, self.client = place
        self.head = head
        session, wire = self.session, self.wire
        keeps = session.records_bodies
        self.asked = Body(keeps, wire.record_bytes_max)
        self.answer_body = Body(keeps, wire.record_bytes_max)
        self.chunks: list[tuple[int, int]] = []
        self.waiting: list[bytes] = []  # of the request's body: what has come and is not sent on
        self.is_body_whole = not head.has_body()
        self.decision: Decision | None = None
        self.seen: Seen | None = None
        self.load = 0
        self.asked_ns = 0  # when the request's last byte was sent on
        self.head_ns = 0  # when the answer's head came
        self.answer: Answer | None = None  # the true one
        self.found: Found | Miss | None = None  # what a cassette said
        self.sent_status = 0
        self.sent_bytes = 0
        self.sent_ended: Ending = "whole"
        self.waited_ns = 0
        self.applied = ""
        self.reason = ""
        self.notes: list[str] = []
        self.is_uploading = False  # another task reads from the client
        self.is_settled = False
        self.is_finished = False

    async def take(self) -> bytes:
        """More of the request's body, nothing at its end. *Errors*: `Refusal`, `ClientGone`."""
        if self.is_body_whole:
            return b""
        if not self.reader.is_whole:
            self.watch.expect(Phase.BODY, self.wire.body_idle_timeout_s)
        piece = await self.reader.piece()
        if not piece:
            self.is_body_whole = True
            return b""
        self.asked.add(piece)
        most = self.wire.request_bytes_max
        if most is not None and self.asked.size > most:
            raise Refusal(413, "body_too_large", f"the request's body has more than {most} bytes")
        return piece

    async def gather(self, size: int) -> None:
        """Take in the body until so many bytes wait or it is whole. *Errors*: `Refusal`, `ClientGone`."""
        while not self.is_body_whole and self.asked.size < size:
            piece = await self.take()
            if piece:
                self.waiting.append(piece)

    async def gather_ready(self) -> None:
        """Take in the rest of the body where all of it has come already."""
        if not self.is_body_whole and self.reader.is_whole:
            while piece := await self.take():
                self.waiting.append(piece)

    async def swallow(self) -> None:
        """Read the body to its end; it goes nowhere. *Errors*: `Refusal`, `ClientGone`."""
        self.waiting.clear()
        while await self.take():
            pass

    async def hold(self, wait_ns: int | None) -> None:
        """Let time pass; without a time until the client leaves. *Errors*: `ClientGone`, also for its half alone.

        A client that has ended its half and one that has left look the same until something is sent to it.
        """
        began = self.session.now_ns()
        self.watch.hold()
        try:
            with trio.move_on_after(math.inf if wait_ns is None else wait_ns / 1e9):
                if self.is_uploading:
                    await trio.sleep_forever()
                await self.reader.left()
                raise ClientGone
        finally:
            self.waited_ns += self.session.now_ns() - began

    def decide(self) -> Decision:
        """Ask the engine, with as much of the body as has come."""
        head, facts = self.head, self.head.facts
        body = self.waiting[0] if len(self.waiting) == 1 else b"".join(self.waiting)
        most = self.session.engine.state.plan.key_bytes
        self.seen = seen = Seen(
            head.method,
            head.target,
            facts.headers,
            body[:most],
            self._known_bytes(most),
            facts.chunked,
            self.client,
            facts.test,
        )
        self.load = self.session.load
        self.decision = decision = self.session.decide(seen)
        return decision

    def _known_bytes(self, most: int) -> int | None:
        """How large the body is, if its head or the bytes that count tell. What else has come by chance does not count."""
        facts = self.head.facts
        if not facts.chunked:
            return facts.length or 0
        return self.asked.size if self.is_body_whole and 0 < most >= self.asked.size else None

    def hear(self, answer: Answer) -> None:
        """The head of the true answer has come."""
        self.answer = answer
        self.head_ns = self.session.now_ns()

    def heard(self, piece: bytes) -> None:
        """A piece of the true answer's body has come."""
        body = self.answer_body
        body.add(piece)
        if body.is_kept:
            self.chunks.append((self.session.now_ns() - self.head_ns, len(piece)))

    def apply(self, reason: str = "") -> None:
        """The planned fault has happened; `reason` says which of several limits was reached."""
        decision = self.decision
        assert decision is not None
        if not self.is_settled and decision.planned:
            self.is_settled = True
            self.applied = decision.planned
            self.reason = reason
            self.session.engine.applied(decision)

    def bypass(self, reason: str) -> None:
        """The planned fault cannot happen."""
        decision = self.decision
        if decision is not None and not self.is_settled and decision.planned:
            self.is_settled = True
            self.reason = reason
            self.session.engine.bypassed(decision, reason)

    def fail(self, reason: str, *, bypassed: str = "") -> None:
        """Something went wrong by itself. It is the reason why a planned fault did not happen, too."""
        self.bypass(bypassed or reason)
        if not self.reason:
            self.reason = reason
        elif self.reason != reason:
            self.notes.append(reason)

    def finish(self) -> None:
        """The record."""
        if self.is_finished:
            return
        self.is_finished = True
        self.bypass(self.reason or "not_reached")
        decision = self.decision
        if decision is None:
            sent = Sent(self.sent_status, self.sent_bytes, self.sent_ended)
            self.session.refused(undecided(self.session, self._asked(""), sent, (self.client, self.reason)))
        else:
            self.session.done(self._exchange(decision))

    def _exchange(self, decision: Decision) -> Exchange:
        missing = self.asked.size > self.asked.bytes_max or self.answer_body.size > self.answer_body.bytes_max
        return Exchange(
            t=self.session.now_ns(),
            at=decision.place,
            number=decision.number,
            arrived=decision.arrived_ns,
            key=decision.key,
            occurrence=decision.occurrence,
            source=decision.source,
            request=self._asked(decision.digest),
            answer=self._answered(),
            sent=Sent(self.sent_status, self.sent_bytes, self.sent_ended),
            rolls=list(decision.rolls),
            planned=decision.planned,
            applied=self.applied,
            reason=self.reason,
            delay_ns=decision.delay_ns,
            waited_ns=self.waited_ns,
            test=decision.test,
            client=self.client,
            load=self.load,
            slot=decision.slot,
            not_recorded=TOO_LONG if missing and self.session.records_bodies else "",
            notes=[*decision.notes, *self.notes] if decision.notes or self.notes else [],
        )

    def _asked(self, digest: str) -> Asked:
        head, facts = self.head, self.head.facts
        return Asked(
            head.method,
            head.target,
            facts.headers,
            self.asked.blob(),
            self.asked.size,
            digest,
            head.version,
            facts.chunked,
            self.reader.trailers if facts.chunked and self.is_body_whole else [],
        )

    def _answered(self) -> Answered | None:
        answer = self.answer
        if answer is None:
            return None
        return Answered(
            answer.status,
            answer.reason,
            answer.headers,
            self.answer_body.blob(),
            self.answer_body.size,
            self.chunks,
            answer.chunked,
            answer.trailers,
            answer.version,
            max(0, self.head_ns - self.asked_ns),
            answer.ended or "short",
        )


def undecided(session: Session, asked: Asked, sent: Sent, who_why: tuple[str, str]) -> Exchange:
    """The record of a request that was refused before anything was decided."""
    now = session.now_ns()
    return Exchange(
        t=now,
        at="",
        number=0,
        arrived=now,
        key="",
        occurrence=0,
        source="internal",
        request=asked,
        sent=sent,
        client=who_why[0],
        reason=who_why[1],
        load=session.load,
    )
