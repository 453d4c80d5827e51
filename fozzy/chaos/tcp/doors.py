"""The doors of a session: a listener for each proxy of the plan in force, opened before a change and closed after it.

Rule 1: a change opens all that it needs before it is in force, or nothing; a port that stays is not touched.
Rule 2: a proxy that is gone, or stands elsewhere, or before another server, ends its connections, as a server does that
is stopped. Only its toxics change under open connections.
"""

from __future__ import annotations

import contextlib

import trio
from msgspec.structs import replace

from fozzy.chaos.http.descriptors import make_room
from fozzy.chaos.tcp.listener import Listener
from fozzy.chaos.tcp.loop import Loop
from fozzy.chaos.tcp.port import Port, place
from fozzy.chaos.tcp.session import TcpSession
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import Proxy, TcpPlan, proxy_of

CONNECTIONS_MAX = 8192  # the system is asked for room for so many


class TcpDoors:
    """All listeners of a session. *Closes*: `run`, at its end."""

    def __init__(self, session: TcpSession, loop: Loop | None = None) -> None:
        self.session = session
        self.loop = loop or Loop(session)
        self.listeners: dict[str, Listener] = {}
        self._ports: dict[str, Port] = {}  # by proxy, of the plan that was prepared last

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen until cancelled. Then no socket and no task is left. *Errors*: `UsageError` before it has begun."""
        make_room(CONNECTIONS_MAX)
        engine = self.session.engine
        try:
            engine.readdress(await self.prepare(engine.plan))
            async with trio.open_nursery() as nursery:
                await nursery.start(self.loop.run)
                self.session.begin()
                self.session.doors = self
                self.follow()
                task_status.started()
        finally:  # the loop has ended, so sockets are closed at once
            self.session.doors = None
            self._close()
            for port in self._ports.values():
                port.close()

    async def prepare(self, plan: TcpPlan) -> TcpPlan:
        """Open what the plan needs and is not open yet; returns the plan with the addresses that came of it.

        *Errors*: `UsageError` `chaos.listen` where one cannot be opened; then nothing is open that was not before.
        """
        self._drop_unused()
        with contextlib.ExitStack() as undone:
            ports = self._known(plan)
            for proxy in plan.proxies:
                port = ports.get(proxy.name)
                if port is None:
                    port = ports[proxy.name] = Port(place(proxy.listen), is_wanted=proxy.enabled)
                    undone.callback(port.close)
                    if proxy.enabled:
                        port.open()
                elif self._begins(proxy):
                    port.open()
                    undone.callback(port.shut)
            undone.pop_all()
        self._ports = ports
        return replace(plan, proxies=[replace(each, listen=str(ports[each.name].address)) for each in plan.proxies])

    def follow(self) -> None:
        """The plan that was prepared is in force: close what it no longer has."""
        plan = self.session.engine.plan
        for name, listener in list(self.listeners.items()):
            if self._ports.get(name) is not listener.port:
                del self.listeners[name]
                listener.close("down")
                if listener.port not in self._ports.values():
                    listener.port.close()
        for proxy in plan.proxies:
            self._follow(proxy)

    def _follow(self, proxy: Proxy) -> None:
        listener = self.listeners.get(proxy.name)
        if listener is None:
            port = self._ports[proxy.name]
            listener = self.listeners[proxy.name] = Listener(self.loop, proxy.name, port, place(proxy.upstream))
        listener.lead(place(proxy.upstream))
        listener.is_gated = any(KINDS[toxic.type].is_of_listener for toxic in proxy.toxics)
        if listener.port.is_open and listener.mode == "down":
            listener.mode = ""  # it was opened, so the gate decides anew
        listener.ask()

    def _known(self, plan: TcpPlan) -> dict[str, Port]:
        """The ports that proxies have already, by address: their own, or one that another one leaves."""
        kept: dict[str, Port] = {}
        asked = {proxy.name: place(proxy.listen) for proxy in plan.proxies}
        for name, address in asked.items():
            listener = self.listeners.get(name)
            if listener is not None and address in (listener.port.asked, listener.port.address):
                kept[name] = listener.port
        left = [each.port for each in self.listeners.values() if each.port not in kept.values()]
        for name, address in asked.items():
            if name not in kept:
                found = next((port for port in left if port.address == address), None)
                if found is not None:
                    left.remove(found)
                    kept[name] = found
        return kept

    def _begins(self, proxy: Proxy) -> bool:
        """Whether a proxy did not listen and shall."""
        before = proxy_of(self.session.engine.plan, proxy.name)
        return proxy.enabled and (before is None or not before.enabled)

    def _drop_unused(self) -> None:
        """Ports of a change that was never in force."""
        used = [each.port for each in self.listeners.values()]
        for port in self._ports.values():
            if port not in used:
                port.close()

    def _close(self) -> None:
        for listener in self.listeners.values():
            listener.close("stopped")
        self.listeners.clear()
