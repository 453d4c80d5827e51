"""httpx transports that put faults between a client and another transport: the same rolls and records as the proxy.

    client = httpx.Client(transport=ChaosTransport(plan={"faults": {"drop": 0.5}}, seed=7))

What a fault of the plan is here:

| fault | what the client sees |
|---|---|
| drop, rate_limit, status, loss as 408, limits | the same answer as from the proxy; the wrapped transport is not asked |
| connection_error | `ConnectError` |
| disconnect accept or before-response, loss as reset | `RemoteProtocolError` for fin, `ReadError` for rst |
| disconnect after-headers or in-body, partial, cut_stream | the same, while the body is read |
| timeout | the 504 after its time, or `ReadTimeout` when the client's own is shorter |
| timeout with hang, loss as hang, stall without a time | `ReadTimeout` at the client's read timeout, else after `HANG_NS` |
| latency | a delay; `ReadTimeout` when the client's read timeout is shorter |
| malformed, status_override, events | a changed answer; events while they are read |
| bandwidth | pauses between the parts of a body |

Rule 1: with a `clock` time is its nanoseconds and nothing waits, so delays and limits are exact and take no time.
Rule 2: a request is recorded when its answer was read or closed.
"""

from __future__ import annotations

from typing import NamedTuple

import httpx

from fozzy.chaos.door import AnyPlan, session_of
from fozzy.chaos.passage import Passage
from fozzy.chaos.session import Session
from fozzy.core.clock import Clock
from fozzy.core.exchange import Ending, Headers
from fozzy.faults.http.decision import Close, Give, Hold, Seen
from fozzy.faults.http.headers import is_control

HANG_NS = 3600 * 10**9  # what "until the client leaves" is for a client that never does
CLIENT = "127.0.0.1"  # who asks, for limits and targets by client; a proxy on this machine sees the same

FIN = "peer closed connection without sending complete message body (a fault ended it)"
NO_ANSWER = "Server disconnected without sending a response. (a fault ended it)"
RST = "connection reset by peer (a fault ended it)"
SLOW = "the read operation timed out (a fault held it)"


class Answering(NamedTuple):
    """What is known before anybody is asked: how long to wait, then an answer, an error, or none to ask."""

    wait_ns: int
    give: Give | None = None
    error: httpx.TransportError | None = None
    ended: Ending = "whole"


class _Door:
    """What both transports share: all but waiting and asking."""

    def __init__(self, plan: AnyPlan | None, seed: int | None, session: Session | None, clock: Clock | None) -> None:
        self.session = session_of(plan, seed, session, clock)
        self.clock = clock

    def wants(self) -> int:
        """How many bytes of a request's body a decision needs."""
        engine = self.session.engine
        return 0 if engine.is_idle and not engine.keyed else engine.state.plan.key_bytes

    def begin(self, request: httpx.Request, body: bytes, is_whole: bool) -> Passage:
        """Decide. `body` is its beginning, or all of it."""
        headers = _pairs(request.headers)
        length = request.headers.get("content-length", "")
        size = len(body) if is_whole else int(length) if length.isdecimal() else None
        most = self.session.engine.state.plan.key_bytes
        chunked = "chunked" in request.headers.get("transfer-encoding", "")
        target = request.url.raw_path.decode("latin-1")
        seen = Seen(request.method, target, headers, body[:most], size, chunked, CLIENT)
        passage = Passage(self.session, seen)
        passage.asked.add(body)
        return passage

    def outgoing(self, passage: Passage, headers: httpx.Headers) -> Headers:
        """The headers that the wrapped transport gets: none that are for us."""
        kept = [pair for pair in _pairs(headers) if not is_control(pair[0])]
        hook = self.session.outgoing
        return kept if hook is None else hook(kept, passage.decision)

    def answering(self, passage: Passage, read_ns: int | None) -> Answering:
        """What happens before anybody is asked."""
        own = passage.own_answer()
        if own is not None:
            return Answering(0, own)
        delay_ns, action = passage.decision.delay_ns, passage.before()
        if isinstance(action, Hold):
            held_ns = HANG_NS if action.wait_ns is None else action.wait_ns
            if action.then is None:
                timeout = httpx.ReadTimeout(SLOW)
                return Answering(delay_ns + (held_ns if read_ns is None else read_ns), None, timeout, "client_gone")
            return Answering(delay_ns + held_ns, action.then)
        if isinstance(action, Close):
            ended: Ending = action.how
            if passage.decision.planned == "connection_error":
                return Answering(delay_ns, None, httpx.ConnectError(RST), ended)
            return Answering(delay_ns, None, _broken(action.how, NO_ANSWER), ended)
        return Answering(delay_ns, action)


def _pairs(headers: httpx.Headers) -> Headers:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw]
