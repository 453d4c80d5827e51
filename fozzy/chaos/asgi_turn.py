"""One request on its way through the ASGI middleware: between the server's messages and the application's.

Rule 1: the server gets what the flow makes of the application's messages, in order, and one end.
Rule 2: after a cut, or when the client has left, the application is cancelled; what it still sends is an `OSError`.
"""

from __future__ import annotations

import math
from collections import deque

import anyio

from fozzy.chaos.asgi_scope import App, Message, Receive, Scope, Send, inner_of, is_beyond_us, pairs_of, raw_of, seen_of
from fozzy.chaos.flow import End, Flow, Head, Step, Wait
from fozzy.chaos.passage import DOOR_CANNOT, Passage
from fozzy.chaos.session import Session
from fozzy.core.clock import Clock
from fozzy.core.exchange import Ending
from fozzy.faults.http.decision import Give, Hold
from fozzy.faults.http.fixtures import Fixture
from fozzy.faults.http.headers import is_control


class Gone(OSError):
    """Nobody is there to send to: what servers raise too."""


class AsgiTurn:
    """A request. `run` does all of it."""

    def __init__(self, session: Session, clock: Clock | None, receive: Receive, send: Send) -> None:
        self._session = session
        self._clock = clock
        self._receive = receive
        self._send = send
        self._held: deque[Message] = deque()  # received, and not yet given to the application
        self._is_body_whole = False
        self._is_over = False  # nothing more goes to the server
        self._has_begun = False  # the application has begun an answer
        self._scope = anyio.CancelScope()
        self._passage: Passage
        self._flow: Flow

    async def run(self, app: App, scope: Scope) -> None:
        """Answer it. *Errors*: what the application raises."""
        if not await self._gather(scope):
            return await app(scope, self._given_again, self._send)
        most = self._session.engine.state.plan.key_bytes
        seen = seen_of(scope, self._held, self._is_body_whole, most)
        self._passage = passage = Passage(self._session, seen, scope["http_version"])
        if is_beyond_us(passage):
            passage.bypass(DOOR_CANNOT)
        try:
            with self._scope:
                if not await self._instead():
                    await self._called(app, self._inner(scope))
            if not self._is_over:
                await self._carry_out(self._flow.expire())
        except Gone:
            passage.finish("client_gone")
        finally:
            passage.finish("client_gone")  # it was cancelled; otherwise the record is there
        return None

    async def _gather(self, scope: Scope) -> bool:
        """Take in as much of the body as a decision needs. Whether the client is still there."""
        engine, size = self._session.engine, 0
        says = any(is_control(name.decode("latin-1")) for name, _ in scope["headers"])
        most = engine.state.plan.key_bytes if not engine.is_idle or engine.keyed or says else 0
        while size < most and not self._is_body_whole:
            message = await self._received()
            self._held.append(message)
            size += len(message.get("body", b""))
            if message["type"] == "http.disconnect":
                return False
        return True

    async def _received(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._is_body_whole = True
        return message

    async def _given_again(self) -> Message:
        return self._held.popleft() if self._held else await self._receive()

    async def _instead(self) -> bool:
        """Answer in the application's place, where that is what happens. *Errors*: `Gone`."""
        passage = self._passage
        own = passage.own_answer()
        if own is not None:
            return await self._give(own)
        await self._pause(passage.decision.delay_ns)
        action = passage.before()
        if isinstance(action, Give):
            passage.apply()
            return await self._give(action)
        if isinstance(action, Hold):
            passage.apply()
            await self._pause(action.wait_ns)
            assert action.then is not None, "who is held for ever has left"
            return await self._give(action.then)
        fixture = passage.fixture()
        return fixture is not None and await self._fixed(fixture)

    async def _give(self, give: Give) -> bool:
        """An answer of ours."""
        self._flow = Flow(self._session.now_ns)
        head = Head.of(give.status, give.headers, self._passage.method).with_length(len(give.body))
        await self._carry_out([head, *([give.body] if head.has_body else [])], is_last=True)
        return True

    async def _fixed(self, fixture: Fixture) -> bool:
        """The answer of the route."""
        await self._pause(fixture.delay_ns)
        head = Head.of(fixture.status, fixture.headers, self._passage.method)
        if not fixture.is_stream:
            head = head.with_length(sum(len(piece) for _, piece in fixture.pieces))
        await self._begin(head)
        for wait_ns, piece in fixture.pieces if head.has_body else []:
            await self._pause(wait_ns)
            await self._pass(piece)
        await self._complete()
        return True

    async def _called(self, app: App, scope: Scope) -> None:
        """Call the application. *Errors*: what it raises, unless it was told that nobody is there."""
        self._passage.asks()
        try:
            await app(scope, self._to_app, self._from_app)
        except Exception:
            if not self._is_over:
                self._failed("upstream_failed")
                raise
        if not self._is_over:
            self._failed("upstream_short" if self._has_begun else "upstream_closed")

    def _failed(self, reason: str) -> None:
        """The application did not answer, so the server does, or ends the connection."""
        self._is_over = True
        self._passage.fail(reason)
        self._passage.status = self._passage.status or 500
        self._passage.finish("fin" if self._has_begun else "whole")

    def _inner(self, scope: Scope) -> Scope:
        """The scope as the application sees it."""
        hook = self._session.outgoing
        return inner_of(scope, None if hook is None else lambda headers: hook(headers, self._passage.decision))

    async def _to_app(self) -> Message:
        """What the application receives."""
        if self._is_over:
            return {"type": "http.disconnect"}
        message = self._held.popleft() if self._held else await self._received()
        if message["type"] == "http.request":
            body = message.get("body", b"")
            self._passage.asked.add(body)
            for wait_ns, _ in self._passage.slices(body, self._passage.decision.up):
                await self._sleep(wait_ns)
        elif not self._is_over:
            self._passage.fail("client_gone")
            self._is_over = True
            self._passage.finish("client_gone")
        return message

    async def _from_app(self, message: Message) -> None:
        """What the application sends. *Errors*: `Gone` when nobody is there any more."""
        if self._is_over:
            raise Gone("the client is gone")
        if message["type"] == "http.response.start":
            pairs = pairs_of(message.get("headers", ()))
            self._has_begun = True
            await self._begin(Head.of(message["status"], pairs, self._passage.method))
        elif message["type"] == "http.response.body":
            await self._pass(message.get("body", b""), not message.get("more_body", False))
        else:
            await self._send(message)

    async def _begin(self, head: Head) -> None:
        self._flow = self._passage.hear(head)
        if self._flow.after_ns is not None and self._clock is None:
            self._scope.deadline = anyio.current_time() + self._flow.after_ns / 1e9
        await self._carry_out(self._flow.start(head))

    async def _pass(self, data: bytes, is_last: bool = False) -> None:
        steps: list[Step] = []
        if data:
            self._passage.heard(data)
            steps = self._flow.feed(data)
        if is_last:
            self._passage.heard_all()
            steps = [*steps, *([] if any(isinstance(step, End) for step in steps) else self._flow.end())]
        await self._carry_out(steps, is_last)

    async def _complete(self) -> None:
        if not self._is_over:
            await self._pass(b"", is_last=True)

    async def _carry_out(self, steps: list[Step], is_last: bool = False) -> None:
        """Do what the flow says; at the end of an answer complete it."""
        for at, step in enumerate(steps):
            if isinstance(step, bytes):
                await self._body(step, is_last and at == len(steps) - 1)
            elif isinstance(step, Head):
                await self._head(step)
            elif isinstance(step, Wait):
                self._passage.settle(self._flow)
                await self._stalled(step)
            else:
                self._passage.settle(self._flow)
                return await self._cut(step.how)
        if is_last and not (steps and isinstance(steps[-1], bytes)):
            await self._body(b"", True)
        return None

    async def _head(self, head: Head) -> None:
        self._passage.status = head.status
        headers = raw_of([*head.headers, *self._passage.evidence()])
        await self._send({"type": "http.response.start", "status": head.status, "headers": headers})

    async def _body(self, data: bytes, is_last: bool) -> None:
        """A piece of the body, at the pace that bandwidth allows; the last one completes the answer."""
        passage = self._passage
        passage.sent += len(data)
        if passage.decision.down is not None:
            for wait_ns, part in passage.slices(data, passage.decision.down):
                await self._pause(wait_ns)
                await self._send({"type": "http.response.body", "body": part, "more_body": True})
            data = b""
        if is_last:
            self._scope.deadline = math.inf
            self._is_over = True
            passage.settle(self._flow)
        if data or is_last:
            await self._send({"type": "http.response.body", "body": data, "more_body": not is_last})
        if is_last:
            passage.finish("whole")

    async def _stalled(self, wait: Wait) -> None:
        """Pause the answer. A client that leaves meanwhile ends it."""
        try:
            await self._pause(wait.ns)
        except Gone:
            await self._cut("client_gone")

    async def _cut(self, ended: Ending) -> None:
        """End the answer where it is: the application is cancelled, and the server ends the connection when it returns."""
        self._is_over = True
        self._passage.finish(ended)
        self._scope.cancel()
        await anyio.lowlevel.checkpoint()

    async def _sleep(self, ns: int) -> None:
        if self._clock is None:
            await anyio.sleep(ns / 1e9)
        else:
            self._clock.sleep(ns)

    async def _pause(self, ns: int | None) -> None:
        """Wait, without a time until the client leaves. *Errors*: `Gone` when it leaves meanwhile."""
        if ns == 0:
            return
        began = self._session.now_ns()
        if ns is not None and self._clock is not None:
            self._clock.sleep(ns)
            has_left = False
        else:
            has_left = await self._has_left(math.inf if ns is None else ns / 1e9)
        self._passage.waited_ns += self._session.now_ns() - began
        if has_left:
            raise Gone("the client left")

    async def _has_left(self, seconds: float) -> bool:
        """Whether the client leaves within a time. It is looked for only once its request is here whole."""
        left = False

        async def watch(scope: anyio.CancelScope) -> None:
            nonlocal left
            while self._is_body_whole or seconds == math.inf:
                message = await self._received()
                if message["type"] == "http.disconnect":
                    left = True
                    scope.cancel()
                    return

        async with anyio.create_task_group() as group:
            group.start_soon(watch, group.cancel_scope)
            await anyio.sleep(seconds)
            group.cancel_scope.cancel()
        return left
