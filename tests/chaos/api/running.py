"""A proxy and its controls that really run, in one loop on a thread of its own, for tests that speak to both."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import trio

from fozzy.chaos.api.client import Control
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.guard import Guard
from fozzy.chaos.api.server import ControlServer
from fozzy.chaos.http.proxy import HttpProxy
from fozzy.chaos.http.wire import Listening, Upstream, Wire
from fozzy.chaos.session import Session
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan


class Both:
    """Where the two listen, and what they share."""

    def __init__(self, plan: Any, upstream: str | None, guard: Guard, wire: Wire) -> None:
        self.session = Session(Engine(msgspec.convert(plan, Plan), 7))
        self.proxy = HttpProxy(self.session, wire, Upstream(url=upstream))
        self.controls = Controls(self.session)
        self.controls.listen()
        self.server = ControlServer(self.controls, guard)
        self.traffic = self.control_port = 0
        self.failure: BaseException | None = None
        self.scope = trio.CancelScope()
        self.token: trio.lowlevel.TrioToken | None = None

    @property
    def url(self) -> str:
        """Of the traffic."""
        return f"http://127.0.0.1:{self.traffic}"

    def control(self, token: str = "") -> Control:
        """A client of the controls."""
        return Control("127.0.0.1", self.control_port, token)

    async def run(self, begun: threading.Event) -> None:
        """Both, until they are stopped."""
        self.token = trio.lowlevel.current_trio_token()
        with self.scope:
            async with trio.open_nursery() as nursery:
                self.traffic = (await nursery.start(self.proxy.serve, Listening()))[1]
                self.control_port = (await nursery.start(self.server.serve, "127.0.0.1", 0))[1]
                begun.set()

    def on_loop(self, call: Any) -> Any:
        """Do something where they run."""
        assert self.token is not None
        return trio.from_thread.run_sync(call, trio_token=self.token)


@contextlib.contextmanager
def both(
    plan: Any = None, upstream: str | None = None, guard: Guard | None = None, wire: Wire | None = None
) -> Iterator[Both]:
    """A proxy and its controls; at the end no task is left and nothing has failed."""
    made = Both(plan or {}, upstream, guard or Guard(), wire or Wire(drain_s=0.1))
    begun = threading.Event()

    def run() -> None:
        try:
            trio.run(made.run, begun)
        except BaseException as error:
            made.failure = error
            begun.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(10)
    try:
        if made.failure is None:
            yield made
    finally:
        if thread.is_alive():
            with contextlib.suppress(trio.RunFinishedError):
                made.on_loop(made.scope.cancel)
        thread.join(10)
    assert not thread.is_alive()
    if made.failure is not None:
        raise made.failure
    assert made.proxy.bugs == made.server.bugs == []
