"""Sends one span per exchange to an OpenTelemetry collector: OTLP over HTTP, encoded as JSON. A listener of the session.

Rule 1: traffic never waits. Exchanges go into a queue that takes so many; what does not fit is dropped and counted.
Rule 2: a collector that is down is tried again with growing pauses, so many times; then the batch is dropped and counted.
Rule 3: at the end what is left is sent, for so long; `told` says how many arrived and how many did not, and why.
Rule 4: a collector that never answered is not waited for at the end: each batch is tried once, for a moment.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import msgspec
import trio

from fozzy import wall
from fozzy.chaos.labels import NO_ROUTE, RouteLabels
from fozzy.chaos.spans import Kept, keep, request_of, span_of
from fozzy.chaos.traceparent import SAMPLED, context_of, passed_on
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange, Headers
from fozzy.errors import UsageError
from fozzy.faults.http.decision import Decision

if TYPE_CHECKING:
    from fozzy.chaos.session import Session

PATH = "/v1/traces"
QUEUE_MAX = 8192  # exchanges; about 8 MB
BATCH_MAX = 512
PIECE = 32  # spans that are encoded between two looks at the traffic
DELAY_S = 1.0  # a batch that is not full goes after this long
TRIES_MAX = 5
PAUSE_S = 0.5  # after the first try that failed; doubles
PAUSE_S_MAX = 8.0  # also of what a collector asks for
ANSWER_S = 10.0
FINISH_S = 5.0  # for what is left at the end
UNKNOWN_S = 1.0  # the same, of a collector that was tried and never answered
UNREACHABLE = "collector unreachable"
AGAIN = frozenset((429, 502, 503, 504))  # what the specification of OTLP says to try again

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


def address_of(endpoint: str) -> str:
    """Where spans are posted: `http://127.0.0.1:4318` means its `/v1/traces`. *Errors*: `UsageError`."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        hint = "give the address of a collector that takes OTLP over HTTP, as http://127.0.0.1:4318"
        raise UsageError("chaos.otlp_endpoint", f"--otlp {endpoint} is not the URL of a collector", hint=hint)
    return endpoint if parts.path.endswith(PATH) else endpoint.rstrip("/") + PATH


class Otlp:
    """The exporter of one session. `run` sends; `listen` and `outgoing` are for the session.

    *Limits*: `QUEUE_MAX` exchanges wait. *Errors*: `UsageError` for an endpoint that is none; later it only counts.
    """

    def __init__(self, endpoint: str, session: Session, service: str = "fozzy-proxy") -> None:
        self.address = address_of(endpoint)
        self.sent = 0
        self.dropped: dict[str, int] = {}  # by reason
        self._session = session
        self._service = service
        self._routes = RouteLabels(session)
        self._queue: deque[tuple[Kept, str]] = deque()
        self._filled = trio.Event()
        self._failure = ""  # why a collector that never answered did not
        self._has_answered = False
        self.is_finishing = False  # what is left is sent
        self.finishing = trio.CancelScope(shield=True)  # cancelled, what is left gets no more time
        session.engine.keyed = True  # ids are made of keys
        self._epoch_ns = int(wall.now_s() * 1e9) - session.now_ns()

    def listen(self, record: Record) -> None:
        """Put an exchange into the queue."""
        if type(record) is Exchange:
            if len(self._queue) >= QUEUE_MAX:
                self._drop(1, "queue full")
                return
            self._queue.append((keep(record), self._routes.of(record.at, record.number)))
            if len(self._queue) >= BATCH_MAX:
                self._filled.set()
        elif type(record) is Event and record.name == "chaos.change":
            self._routes.changed(record)

    def outgoing(self, headers: Headers, decision: Decision) -> Headers:
        """What upstream gets: `traceparent` with the span of this exchange as the parent."""
        engine = self._session.engine
        return passed_on(headers, context_of(headers, engine.seed, decision.key, decision.occurrence))

    async def run(self) -> None:
        """Send until cancelled, then what is left, at most `FINISH_S` long. Once. *Closes*: its connections."""
        async with httpx.AsyncClient(timeout=ANSWER_S, trust_env=False) as client:
            try:
                while True:
                    with trio.move_on_after(DELAY_S):
                        await self._filled.wait()
                    self._filled = trio.Event()
                    await self._send_all(client)
            finally:
                self.is_finishing = True
                self.finishing.deadline = trio.current_time() + (UNKNOWN_S if self._failure else FINISH_S)
                with self.finishing:
                    await self._send_all(client)
                self._drop(len(self._queue), self._failure or "no time left at the end")
                self._queue.clear()

    def told(self) -> str:
        """One sentence: how many spans arrived, how many did not, and why."""
        text = f"{self.sent:,} spans sent to {self.address}"
        if not self.dropped:
            return text
        why = ", ".join(f"{count:,} {reason}" for reason, count in sorted(self.dropped.items()))
        return f"{text}, {sum(self.dropped.values()):,} dropped: {why}"

    def _drop(self, count: int, reason: str) -> None:
        if count:
            self.dropped[reason] = self.dropped.get(reason, 0) + count

    async def _send_all(self, client: httpx.AsyncClient) -> None:
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(BATCH_MAX, len(self._queue)))]
            try:
                await self._send(client, batch)
            except BaseException:  # a cancellation, which may come in a group
                self._queue.extendleft(reversed(batch))
                raise

    async def _send(self, client: httpx.AsyncClient, batch: list[tuple[Kept, str]]) -> None:
        body, count = await self._encoded(batch)
        reason, pause_s = "", PAUSE_S
        for tried in range(TRIES_MAX if count else 0):
            reason, asked_s = await self._post(client, body, count)
            if not reason:
                return
            if asked_s is None or (self.is_finishing and not self._has_answered):
                break
            if tried < TRIES_MAX - 1:
                await trio.sleep(min(max(pause_s, asked_s), PAUSE_S_MAX))
                pause_s *= 2
        if count:
            self._drop(count, reason)

    async def _encoded(self, batch: list[tuple[Kept, str]]) -> tuple[bytes, int]:
        """The body of a batch and how many spans it has. What its own trace does not sample is left out."""
        seed, spans = self._session.engine.seed, []
        for at, (kept, label) in enumerate(batch):
            if at % PIECE == PIECE - 1:
                await trio.lowlevel.checkpoint()
            key = kept.key or f"{kept.number} {kept.arrived}"  # one that was refused has none
            context = context_of(kept.trace, seed, key, kept.occurrence)
            if context.flags & SAMPLED:
                spans.append(span_of(kept, context, "" if label == NO_ROUTE else label, self._epoch_ns))
        return _encode(request_of(spans, seed, self._service)), len(spans)

    async def _post(self, client: httpx.AsyncClient, body: bytes, count: int) -> tuple[str, float | None]:
        """Why it failed, empty for not at all, and after how long to try again; none for never."""
        try:
            answer = await client.post(self.address, content=body, headers={"content-type": "application/json"})
        except httpx.TransportError:
            self._failure = "" if self._has_answered else UNREACHABLE
            return UNREACHABLE, 0.0
        self._has_answered, self._failure = True, ""
        if answer.status_code in AGAIN:
            after = answer.headers.get("retry-after", "")
            return f"collector answered {answer.status_code}", float(after) if after.isdigit() else 0.0
        if not answer.is_success:
            return f"collector answered {answer.status_code}", None
        refused = min(_rejected(answer.content), count)
        self._drop(refused, "refused by the collector")
        self.sent += count - refused
        return "", None


def _rejected(body: bytes) -> int:
    """How many spans a collector that took a batch says it did not take."""
    try:
        said = _decode(body).get("partialSuccess", {})
        return int(said.get("rejectedSpans", 0))
    except (msgspec.MsgspecError, AttributeError, ValueError, TypeError):
        return 0
