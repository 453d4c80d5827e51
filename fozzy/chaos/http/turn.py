"""One request's turn: what is known of it while it goes through, and the record it ends as.

Rule 1: `finish` is called once, whatever happened, and gives the session its one record.
Rule 2: `apply` or `bypass` is called once for a fault that was planned; what nobody said by the end is bypassed.
Rule 3: bodies are kept where somebody records, up to a bound; beyond it they are counted and relayed, not kept. Where
somebody only shows them, their beginning is kept.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import trio
from blake3 import blake3

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
from fozzy.faults.http.canonical import DIGEST_BYTES
from fozzy.faults.http.decision import Decision, Seen, patience_s

SWALLOWED_BYTES_MAX = 64 << 20  # more than a client sends that will hear an answer
TOO_LONG = "the body is longer than what is recorded"
NOTES: list[str] = []  # none; replaced, never changed


class Place(NamedTuple):
    """The connection that a request came over, as its turn needs it."""

    session: Session
    wire: Wire
    reader: RequestReader
    watch: Watch
    client: str


class Turn:
    """A request on its way. What it holds is for the modules of this folder."""

    decision: Decision | None = None
    seen: Seen | None = None
    found: Found | Miss | None = None  # what a cassette said
    answer: Answer | None = None  # the true one
    load = 0
    asked_ns = 0  # when the request's last byte was sent on
    head_ns = 0  # when the answer's head came
    asked_bytes = 0
    answer_bytes = 0
    asked_pieces: list[bytes] | None = None  # where they are kept
    answer_pieces: list[bytes] | None = None
    shown_bytes = 0  # of both bodies, where only their beginning is kept
    sent_status = 0
    sent_bytes = 0
    sent_hash: Any = None  # of the body as sent, where a fault is planned and somebody records
    sent_ended: Ending = "whole"
    waited_ns = 0
    applied = ""
    reason = ""
    notes = NOTES
    is_uploading = False  # another task reads from the client
    is_settled = False
    is_finished = False

    def __init__(self, place: Place, head: Head) -> None:
        self.session, self.wire, self.reader, self.watch, self.client = place
        self.head = head
        self.waiting: list[bytes] = []  # of the request's body: what has come and is not sent on
        self.chunks: list[tuple[int, int]] = []
        if self.session.records_bodies:
            self.asked_pieces, self.answer_pieces = [], []
        elif self.session.shown_bytes:
            self.shown_bytes = self.session.shown_bytes
            self.asked_pieces, self.answer_pieces = [], []
        self.is_body_whole = False
        self._take_ready()

    async def take(self) -> bytes:
        """More of the request's body, nothing at its end. *Errors*: `Refusal`, `ClientGone`."""
        if self.is_body_whole:
            return b""
        self.watch.expect(Phase.BODY, self.wire.body_idle_timeout_s)
        piece = await self.reader.piece()
        if piece:
            self._count(piece)
        else:
            self.is_body_whole = True
        return piece

    async def gather(self, size: int) -> None:
        """Take in the body until so many bytes wait or it is whole. *Errors*: `Refusal`, `ClientGone`."""
        while not self.is_body_whole and self.asked_bytes < size:
            piece = await self.take()
            if piece:
                self.waiting.append(piece)

    async def swallow(self) -> None:
        """Read the body to its end; it goes nowhere. *Limits*: of chunks, which may never end, `SWALLOWED_BYTES_MAX`.

        *Errors*: `Refusal`, `ClientGone`.
        """
        self.waiting.clear()
        most = self.asked_bytes + SWALLOWED_BYTES_MAX if self.head.facts.chunked else math.inf
        while not self.is_body_whole and self.asked_bytes < most:
            await self.take()

    def check_size(self) -> None:
        """Hold the body against what it may be. *Errors*: `Refusal`."""
        most = self.wire.request_bytes_max
        size = max(self.asked_bytes, self.head.facts.length or 0)
        if most is not None and size > most:
            raise Refusal(413, "body_too_large", f"the request's body may have {most} bytes and has {size} or more")

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
        head, facts, waiting = self.head, self.head.facts, self.waiting
        body = waiting[0] if len(waiting) == 1 else b"".join(waiting)
        most = self.session.engine.state.plan.key_bytes
        if len(body) > most:
            body = body[:most]
        size = self._known_bytes(most) if facts.chunked else facts.length or 0
        self.seen = seen = Seen(
            head.method, head.target, facts.headers, body, size, facts.chunked, self.client, facts.test
        )
        self.load = self.session.load
        return self.follow(self.session.decide(seen))

    def follow(self, decision: Decision) -> Decision:
        """This is what happens from now on."""
        self.decision = decision
        if decision.planned and self.session.records_bodies:
            self.sent_hash = blake3()
        return decision

    def _known_bytes(self, most: int) -> int | None:
        """How long a chunked body is, if the bytes that count tell. What else has come by chance does not count."""
        return self.asked_bytes if self.is_body_whole and 0 < most >= self.asked_bytes else None

    def hear(self, answer: Answer) -> None:
        """The head of the true answer has come."""
        self.answer = answer
        self.head_ns = self.session.now_ns()

    def heard(self, piece: bytes) -> None:
        """A piece of the true answer's body has come."""
        self.answer_bytes += len(piece)
        if self.answer_pieces is not None:
            if self.shown_bytes:
                if self.answer_bytes - len(piece) < self.shown_bytes:
                    self.answer_pieces.append(piece)
            elif self.answer_bytes > self.wire.record_bytes_max:
                self.answer_pieces, self.chunks = None, []
            else:
                self.answer_pieces.append(piece)
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

    def limited(self, limit: str) -> None:
        """A limit of the plan ends it, unless a fault has happened, which stays what was applied."""
        self.applied = self.applied or limit

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
            self.note(reason)

    def note(self, text: str) -> None:
        """Something the record should say."""
        self.notes = [*self.notes, text]

    def finish(self) -> None:
        """The record."""
        if self.is_finished:
            return
        self.is_finished = True
        decision = self.decision
        if decision is None:
            sent = Sent(self.sent_status, self.sent_bytes, self.sent_ended)
            why = self.client, self.reason, self.applied
            self.session.refused(undecided(self.session, self._asked(""), sent, why))
            return
        if decision.planned and not self.is_settled:
            self.bypass(self.reason or "not_reached")
        self.session.done(self._exchange(decision))

    def _take_ready(self) -> None:
        """What has come of the body already, where that is all of it."""
        body = self.reader.body()
        if body is not None:
            self.is_body_whole = True
            if body:
                self.waiting.append(body)
                self._count(body)

    def _count(self, piece: bytes) -> None:
        self.asked_bytes += len(piece)
        if self.wire.request_bytes_max is not None and not self.is_body_whole:
            self.check_size()
        if self.asked_pieces is not None:
            if self.shown_bytes:
                if self.asked_bytes - len(piece) < self.shown_bytes:
                    self.asked_pieces.append(piece)
            elif self.asked_bytes > self.wire.record_bytes_max:
                self.asked_pieces = None
            else:
                self.asked_pieces.append(piece)

    def _exchange(self, decision: Decision) -> Exchange:
        most = self.wire.record_bytes_max
        is_long = self.session.records_bodies and (self.asked_bytes > most or self.answer_bytes > most)
        return Exchange(
            self.session.now_ns(),
            decision.place,
            decision.number,
            decision.arrived_ns,
            decision.key,
            decision.occurrence,
            decision.source,
            self._asked(decision.digest),
            self._answered(),
            self._sent(),
            list(decision.rolls),
            decision.planned,
            self.applied,
            self.reason,
            decision.delay_ns,
            self.waited_ns,
            decision.test,
            self.client,
            self.load,
            decision.slot,
            TOO_LONG if is_long else "",
            [*decision.notes, *self.notes],
            decision.route.name if decision.route is not None else "",
        )

    def _sent(self) -> Sent:
        hashed = self.sent_hash if self.applied else None
        digest = "" if hashed is None else hashed.hexdigest(length=DIGEST_BYTES)
        asked_s = patience_s(self.decision.action) if self.applied and self.decision is not None else None
        return Sent(self.sent_status, self.sent_bytes, self.sent_ended, digest, asked_s)

    def _asked(self, digest: str) -> Asked:
        head, facts, pieces = self.head, self.head.facts, self.asked_pieces
        return Asked(
            head.method,
            head.target,
            facts.headers,
            Blob.of(b"".join(pieces)) if pieces else EMPTY,
            self.asked_bytes,
            digest,
            head.version,
            facts.chunked,
            self.reader.trailers if facts.chunked and self.is_body_whole else [],
        )

    def _answered(self) -> Answered | None:
        answer, pieces = self.answer, self.answer_pieces
        if answer is None:
            return None
        return Answered(
            answer.status,
            answer.reason,
            answer.headers,
            Blob.of(b"".join(pieces)) if pieces else EMPTY,
            self.answer_bytes,
            self.chunks,
            answer.chunked,
            answer.trailers if answer.chunked else [],
            answer.version,
            max(0, self.head_ns - self.asked_ns),
            answer.ended or "short",
        )


def undecided(session: Session, asked: Asked, sent: Sent, why: tuple[str, str, str]) -> Exchange:
    """The record of a request that was refused before anything was decided: whose, why, and by which limit of a plan."""
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
        client=why[0],
        reason=why[1],
        applied=why[2],
        load=session.load,
    )
