"""Clients that are scripted byte by byte against a real engine, on a clock that is set: right ones, and broken ones."""

from __future__ import annotations

from typing import Any

import trio

from fozzy.core.wires import Connected
from fozzy.faults.tcp import control
from fozzy.faults.tcp.link import Link
from fozzy.faults.tcp.plan import Protocol, Toxic
from fozzy.insight.verdict.model import Verdict
from fozzy.insight.verdict.oracles import Oracles
from fozzy.pytest_plugin.oracles import seen_of
from tests.chaos.tcp.driven import Driven, plan

S = 10**9
INCR = b"*2\r\n$4\r\nINCR\r\n$6\r\norders\r\n"
GET = b"*2\r\n$3\r\nGET\r\n$6\r\norders\r\n"
ONE = b":1\r\n"
ASK = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def status(code: int, *headers: str) -> bytes:
    """A reply without a body."""
    return "\r\n".join([f"HTTP/1.1 {code} X", *headers, "Content-Length: 0", "", ""]).encode()


class Scripted:
    """A client of one proxy `kv`, and the server behind it."""

    def __init__(self, *toxics: Toxic, protocol: Protocol = "redis") -> None:
        self.driven = Driven(plan(*toxics, protocol=protocol))
        self.driven.engine.keyed = True
        self.oracles = Oracles(lambda: seen_of(self.driven, list(self.driven.records)), patience_ns=0)  # type: ignore[arg-type]

    def connect(self) -> Link:
        """A new connection."""
        return self.driven.connect()

    def ask(self, link: Link, request: bytes = INCR, reply: bytes = ONE) -> bytes:
        """Ask, and what the client gets where the server got it."""
        out = self.driven.say(link, "upstream", request)
        if link.cut is None and out:
            return self.driven.say(link, "downstream", reply)
        return b""

    def once(self, request: bytes = INCR, reply: bytes = ONE) -> bytes:
        """Ask on a connection of its own, which ends in order."""
        link = self.connect()
        got = self.ask(link, request, reply)
        self.leave(link)
        return got

    def leave(self, link: Link) -> None:
        """The client ends the connection."""
        if link in link.point.links:
            link.ended("upstream", "fin", self.driven.now)
            self.driven.close(link)

    def serve_end(self, link: Link) -> None:
        """The server ends it."""
        link.ended("downstream", "fin", self.driven.now)
        self.driven.out(link, "downstream")
        self.driven.close(link, "server")

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.driven.now += round(seconds * S)

    def at(self, seconds: float) -> None:
        """It is so late."""
        self.driven.now = round(seconds * S)

    def add(self, kind: str, **said: Any) -> str:
        """Put a toxic in force; returns its name."""
        toxic = Toxic(type=kind, **said)
        from fozzy.faults.tcp.plan import plain

        document = plain(toxic)
        self._alter(lambda plan: control.add_toxic(plan, "kv", document), "toxic added", toxic.called)
        return toxic.called

    def remove(self, name: str) -> None:
        """Take it away."""
        self._alter(lambda plan: control.delete_toxic(plan, "kv", name), "toxic removed", name)

    def verdict(self) -> Verdict:
        """What was seen."""
        return self.oracles.verdict()

    @property
    def ended(self) -> list[Connected]:
        """Connections that are over."""
        return [record for record in self.driven.records if isinstance(record, Connected)]

    def _alter(self, make: Any, what: str, toxic: str) -> None:
        async def altered() -> None:
            await self.driven.session.alter(make, what, proxy="kv", toxic=toxic)

        trio.run(altered)
