"""ASGI middleware that puts faults between a server and an application: the same rolls and records as the proxy.

    app = ChaosMiddleware(app, plan={"faults": {"drop": 0.5}}, seed=7)

It runs on the server's own loop, whichever that is. Scopes other than `http` pass. What a fault of the plan is here,
as seen on the wire behind uvicorn:

| fault | on the wire |
|---|---|
| drop, rate_limit, status, loss as 408, limits | the same answer as from the proxy; the application is not called |
| timeout | 504 after its time; with hang, and loss as hang, no byte until the client leaves |
| latency | a delay before the application is called |
| malformed, status_override, events | the answer of the application, changed; events while they flow |
| partial, cut_stream, disconnect after-headers or in-body, with fin | what came before the cut, then FIN: a short read |
| stall | a pause of the body |
| bandwidth | both bodies, paced |
| the same with rst, disconnect before an answer, connection_error, loss as reset | `door_cannot`: nothing happens |

A server gives its applications no way to reset a connection, or to end one before an answer. Such a fault is bypassed,
with the reason `door_cannot`, and never counted as triggered: use the proxy for it.
Rule 1: the application sees no chaos headers, and after a cut it is cancelled as if its client had left.
Rule 2: a decision needs the beginning of the body (`key_bytes`), so that is read before the application is called.
"""

from __future__ import annotations

from fozzy.chaos.asgi_scope import App, Receive, Scope, Send
from fozzy.chaos.asgi_turn import AsgiTurn
from fozzy.chaos.door import AnyPlan, session_of
from fozzy.chaos.session import Session
from fozzy.core.clock import Clock


class ChaosMiddleware:
    """Wraps an ASGI application. `plan` is a dict, a `Plan` or the path of a chaos file; or give a `session`.

    With a `clock` delays and limits are its nanoseconds and take no time. *Errors*: `InputError` for the plan.
    """

    def __init__(
        self,
        app: App,
        *,
        plan: AnyPlan | None = None,
        seed: int | None = None,
        session: Session | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.app = app
        self.session = session_of(plan, seed, session, clock)  # decides, and has the listeners
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, as ASGI says it. *Errors*: what the application raises."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        return await AsgiTurn(self.session, self._clock, receive, send).run(self.app, scope)
