"""A TCP engine and one link at a time, driven by hand: what is sent when, and what each side gets when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fozzy.core.events import Record
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.link import Link
from fozzy.faults.tcp.message import NEVER_NS, Cut, Ending
from fozzy.faults.tcp.plan import STREAMS, Stream, TcpPlan

MS = 10**6
S = 10**9

Got = list[tuple[int, Stream, Any]]  # when, which stream's receiver, bytes or how it ended


def plan(*toxics: dict[str, Any], protocol: str = "raw", **proxy: Any) -> TcpPlan:
    """A plan of one proxy, `p`."""
    said = {"name": "p", "upstream": "127.0.0.1:1", "protocol": protocol, "toxics": list(toxics), **proxy}
    return msgspec.convert({"proxies": [said]}, TcpPlan)


def toxic(type_: str, **said: Any) -> dict[str, Any]:
    """A toxic; what is in no schedule is an attribute."""
    beside = (
        "name",
        "stream",
        "toxicity",
        "match",
        "first",
        "after",
        "every",
        "pattern",
        "times",
        "window",
        "on",
        "per",
    )
    own = {name: value for name, value in said.items() if name in beside}
    attributes = {name: value for name, value in said.items() if name not in beside and name != "struck"}
    if "struck" in said:
        own["rate"] = said["struck"]
    return {"type": type_, **own, "attributes": attributes}


class Wire:
    """One engine, its records, and everything that came out."""

    def __init__(self, *toxics: dict[str, Any], seed: int = 7, protocol: str = "raw", **proxy: Any) -> None:
        self.engine = Engine(plan(*toxics, protocol=protocol, **proxy), seed, keyed=True)
        self.records: list[Record] = []
        self.engine.tell = self.records.append
        self.got: Got = []
        self.cut_off: set[int] = set()  # connections that a toxic ended
        self.link = self.connect()

    def connect(self, at_ns: int = 0) -> Link:
        """Another connection, which is talked to from now on."""
        self.link = self.engine.connect("p", "127.0.0.1:9", at_ns)
        self.got = []
        return self.link

    def send(self, stream: Stream, data: bytes, at_ns: int = 0, sizes: Sequence[int] = ()) -> None:
        """Bytes come, cut into reads of these sizes; the last takes the rest."""
        self.until(at_ns)
        for size in sizes:
            if data[:size]:
                self.link.received(stream, data[:size], at_ns)
            data = data[size:]
        if data:
            self.link.received(stream, data, at_ns)
        self.look(at_ns)

    def end(self, stream: Stream, at_ns: int = 0, how: Any = "fin") -> None:
        """The sender ends its stream."""
        self.until(at_ns)
        self.link.ended(stream, how, at_ns)
        self.look(at_ns)

    def change(self, *toxics: dict[str, Any], at_ns: int, protocol: str = "raw", **proxy: Any) -> None:
        """Other toxics are in force."""
        self.until(at_ns)
        self.engine.change(plan(*toxics, protocol=protocol, **proxy), at_ns)
        self.look(at_ns)

    def until(self, at_ns: int) -> Got:
        """Everything that is due up to then; returns all there was."""
        while (due_ns := min(max(self.link.due_ns(stream), 0) for stream in STREAMS)) <= at_ns:
            self.look(max(due_ns, self.link.now_ns))
        return self.got

    def all(self) -> Got:
        """Everything that ever comes."""
        return self.until(NEVER_NS - 1)

    def look(self, at_ns: int) -> None:
        """Take what is there."""
        for stream in STREAMS:
            for out in self.link.take(stream, at_ns):
                self.got.append((at_ns, stream, shown(out)))

    def close(self, by: str = "client", at_ns: int | None = None) -> None:
        """The connection is over."""
        if any(flow.lane.is_cut for flow in self.link.flows.values()):
            self.cut_off.add(self.link.ordinal)
        self.link.close(by, self.link.now_ns if at_ns is None else at_ns)

    def bytes_of(self, stream: Stream) -> bytes:
        """All bytes that a stream's receiver got."""
        return b"".join(data for _, which, data in self.got if which == stream and isinstance(data, bytes))

    def tally(self, at: int = 0) -> Any:
        """How the toxic of this place stands."""
        return self.engine.tallies()[at]


def shown(out: bytes | Ending | Cut) -> Any:
    """Bytes as they are, ends as texts."""
    if isinstance(out, Ending):
        return out.how
    return f"cut {out.to_receiver} {out.to_sender}" if isinstance(out, Cut) else out


def merged(got: Got) -> Got:
    """What came at one time to one side as one, however it was cut."""
    found: Got = []
    for at_ns, stream, what in got:
        last = found[-1] if found else None
        if last is not None and last[:2] == (at_ns, stream) and isinstance(last[2], bytes) and isinstance(what, bytes):
            found[-1] = (at_ns, stream, last[2] + what)
        else:
            found.append((at_ns, stream, what))
    return found


def comparable(wire: Wire) -> list[Any]:
    """All records, without what is not decided: of a connection that was cut off it is how much had come behind the cut
    when that was made. So sizes of the last messages are left out there, how much was read, and which was told first."""
    told = [dict(each) for each in msgspec.to_builtins(wire.records)]
    last: dict[tuple[Any, ...], int] = {}
    for each in told:
        if each["kind"] == "message":
            place = (each["connection"], each["stream"])
            last[place] = max(last.get(place, 0), each["message"])
    for each in told:
        if each["connection"] not in wire.cut_off:
            continue
        if each["kind"] == "connection":
            for stream in STREAMS:
                each[stream] = {name: value for name, value in each.get(stream, {}).items() if name != "bytes"}
        elif each["message"] == last[each["connection"], each["stream"]]:
            for name in ("t", "bytes", "digest", "whole"):
                each.pop(name, None)
    return sorted(told, key=lambda each: int(each["number"])) if wire.cut_off else told
