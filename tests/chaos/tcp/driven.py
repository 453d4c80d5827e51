"""Connections without sockets: a real engine and a real session, bytes as they are given, a clock that is set."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import trio

from fozzy.chaos.cassette.header import wire_redactor
from fozzy.chaos.cassette.recorder import Kept
from fozzy.chaos.cassette.tape import Place
from fozzy.chaos.tcp.recorder import TcpRecorder
from fozzy.chaos.tcp.session import TcpSession
from fozzy.core.events import Record
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.link import Link
from fozzy.faults.tcp.message import NEVER_NS, Cut
from fozzy.faults.tcp.plan import STREAMS, Protocol, Proxy, Stream, TcpPlan, Toxic
from tests.chaos.cassette.door import RUN, summary

MS = 10**6
STEPS_MAX = 100_000


def plan(*toxics: Toxic, protocol: Protocol = "raw") -> TcpPlan:
    """One proxy with these toxics."""
    return TcpPlan(proxies=[Proxy(name="kv", upstream="127.0.0.1:1", protocol=protocol, toxics=list(toxics))])


class Driven:
    """A session that is driven by hand; everything that comes takes a millisecond."""

    def __init__(self, plan: TcpPlan, seed: int = 7) -> None:
        self.now = 0
        self.session = TcpSession(Engine(plan, seed))
        self.session.now_ns = lambda: self.now  # type: ignore[method-assign]
        self.engine = self.session.engine
        self.records: list[Record] = []
        self.session.listeners.append(self.records.append)

    def recorder(self, target: Path, names: tuple[str, ...] = (), **said: Any) -> TcpRecorder:
        """A recorder that listens."""
        place = Place(target, said.pop("policy", "append"), RUN)
        return TcpRecorder(self.session, "flags", place, wire_redactor(list(names)), said.pop("strict", True))

    def connect(self, proxy: str = "kv") -> Link:
        """A client came."""
        self.now += MS
        return self.engine.connect(proxy, "127.0.0.1:5", self.now)

    def say(self, link: Link, stream: Stream, data: bytes, cut: int = 0) -> bytes:
        """Bytes come, in pieces of `cut`; what goes out within a day."""
        self.now += MS
        for at in range(0, len(data), cut or len(data) or 1):
            link.received(stream, data[at : at + (cut or len(data))], self.now)
        return self.out(link, stream)

    waits = True  # whatever is held comes out at once, in a time of its own

    def out(self, link: Link, stream: Stream) -> bytes:
        """All that goes out of a stream, as late as it is due; the other one is looked after too."""
        out = b""
        for _ in range(STEPS_MAX):
            for each in STREAMS:
                for item in link.take(each, self.now):
                    out += item if isinstance(item, bytes) and each == stream else b""
                    if isinstance(item, Cut):
                        self.close(link, item.toxic)
            due_ns = min(link.due_ns(each) for each in STREAMS)
            if due_ns >= NEVER_NS:
                return out
            self.now = max(self.now, due_ns)
        raise AssertionError("it never comes to rest")

    def ask(self, link: Link, request: bytes, reply: bytes, cut: int = 0) -> None:
        """A request, and its reply where something of it reached the server."""
        if link.cut is None and self.say(link, "upstream", request, cut) and link.cut is None:
            self.say(link, "downstream", reply, cut)

    def close(self, link: Link, by: str = "client") -> None:
        """The connection ends."""
        self.now += MS
        if link in link.point.links:
            link.close(by, self.now)

    def change(self, plan: TcpPlan, what: str = "plan replaced") -> None:
        """Another plan."""
        self.now += MS
        trio.run(self.session.change, plan, what)

    def close_all(self) -> None:
        """The proxy is stopped."""
        for point in self.engine.points.values():
            for link in list(point.links):
                self.close(link, "stopped")


def recorded(target: Path, plan: TcpPlan, drive: Callable[[Driven], None], **said: Any) -> Kept:
    """A recording of what `drive` does."""
    driven = Driven(plan, said.pop("seed", 7))
    recorder = driven.recorder(target, **said)
    drive(driven)
    driven.close_all()
    return recorder.finish(partial(summary, command="proxy tcp"))
