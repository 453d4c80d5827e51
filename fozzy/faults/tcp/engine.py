"""The engine: a plan, connections and their bytes, and a clock in; what each side gets, and every decision, out.

Rule 1: it does no I/O and reads no clock. A `Link` is one connection, a `Point` one proxy in force.
Rule 2: a change is checked and compiled whole before it is in force; connections that are open follow it at once.
Rule 3: a toxic that a change does not touch goes on as it was: its counts, what it drew, what it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fozzy.core.events import Record
from fozzy.faults.tcp.armed import Armed, Tally, Then
from fozzy.faults.tcp.check import checked
from fozzy.faults.tcp.gates import Gate, gate_of
from fozzy.faults.tcp.gone import Gone
from fozzy.faults.tcp.grip import Grip
from fozzy.faults.tcp.link import Link
from fozzy.faults.tcp.message import NEVER_NS
from fozzy.faults.tcp.plan import STREAMS, Proxy, Stream, TcpPlan, Toxic
from fozzy.faults.tcp.stage import Stage

HELD_BYTES_MAX = 4 << 20  # that wait in one stream; its sender is not read while there are more


class Point:
    """One proxy in force: its toxics compiled, its connections."""

    def __init__(self, proxy: Proxy, armed: list[Armed]) -> None:
        self.proxy = proxy
        self.armed = armed
        self.connections = 0  # so far
        self.links: dict[Link, None] = {}


class Engine:
    """Decides for one run. *Errors*: `InputError` with a code `chaos.*` for a plan that cannot be."""

    def __init__(self, plan: TcpPlan, seed: int, *, keyed: bool = False) -> None:
        self.seed = seed
        self.keyed = keyed  # somebody records: every message is told
        self.number = 0
        self.held_bytes_max = HELD_BYTES_MAX
        self.tell: Callable[[Record], None] = _nobody
        self.plan = TcpPlan()
        self.points: dict[str, Point] = {}
        self.silent: set[str] = set()  # upstreams that are not going to answer, as `HOST:PORT`
        self._gone = Gone()
        self._then: dict[str, Then] = {}  # by the place of a toxic that is in force, or that comes into force next
        self._put(checked(plan), 0)

    def next_number(self) -> int:
        """The number of the next decision."""
        self.number += 1
        return self.number

    def connect(self, proxy: str, client: str, now_ns: int) -> Link:
        """A connection was accepted."""
        point = self.points[proxy]
        point.connections += 1
        link = Link(self, point, point.connections, client, now_ns)
        link.number = self.next_number()
        point.links[link] = None
        self._hold(link, now_ns, is_new=True)
        return link

    def forget(self, link: Link) -> None:
        """A connection is over."""
        link.point.links.pop(link, None)
        for grip in [*link.left, *link.held]:
            if grip.on_connection is not None:
                grip.on_connection.settle()

    def change(self, plan: TcpPlan, now_ns: int) -> int:
        """Put another plan in force, all of it or nothing. Returns the change's number. *Errors*: `InputError`."""
        plan = checked(plan)
        number = self.next_number()
        self._put(plan, now_ns)
        return number

    def when_applied(self, place: str, then: Then | None) -> None:
        """Have something else happen when the toxic `PROXY/TOXIC` strikes; also of one that the next change brings."""
        if then is None:
            self._then.pop(place, None)
        else:
            self._then[place] = then
        for point in self.points.values():
            for armed in point.armed:
                armed.then = then if armed.place == place else armed.then

    def readdress(self, plan: TcpPlan) -> None:
        """The plan in force with the addresses that came of it; nothing else of it may differ."""
        self.plan = plan
        for proxy in plan.proxies:
            self.points[proxy.name].proxy = proxy

    def gate(self, proxy: str, now_ns: int) -> Gate:
        """Whether a proxy listens, and when to ask again; asked also after every connection and every `take`."""
        point = self.points[proxy]
        return gate_of(point.armed, now_ns) if point.proxy.enabled else Gate("down", NEVER_NS)

    def in_flight(self) -> int:
        """How many requests lack a reply that is going to come. Any thread may ask, whatever goes on meanwhile."""
        return sum(link.in_flight() for link in self._links())

    def leaving(self) -> int:
        """How many connections a client has left and the server is going to. Any thread may ask."""
        return sum(link.is_leaving() for link in self._links())

    def _links(self) -> Iterator[Link]:
        """Those to servers that answer."""
        for point in tuple(self.points.values()):
            if point.proxy.upstream not in self.silent:
                yield from tuple(point.links)

    def tallies(self) -> list[Tally]:
        """What became of every toxic that is or was declared."""
        return [*self._gone.tallies(), *(each.tally() for point in self.points.values() for each in point.armed)]

    def _put(self, plan: TcpPlan, now_ns: int) -> None:
        before, self.points, self.plan = self.points, {}, plan
        for proxy in plan.proxies:
            point = before.get(proxy.name)
            known = [] if point is None else point.armed
            armed = [_same(known, toxic) or self._armed(proxy.name, toxic, now_ns) for toxic in proxy.toxics]
            if point is None:
                point = Point(proxy, armed)
            for each in point.armed:
                if each not in armed:
                    self._gone.add(each)
            point.proxy, point.armed = proxy, armed
            self.points[proxy.name] = point
            for link in list(point.links):
                self._hold(link, now_ns)
        for name, point in before.items():
            if name not in self.points:
                for each in point.armed:
                    self._gone.add(each)
        there = {armed.place for point in self.points.values() for armed in point.armed}
        self._then = {place: then for place, then in self._then.items() if place in there}

    def _armed(self, proxy: str, toxic: Toxic, now_ns: int) -> Armed:
        armed = Armed(proxy, toxic, now_ns)
        armed.then = self._then.get(armed.place)
        return armed

    def _hold(self, link: Link, now_ns: int, *, is_new: bool = False) -> None:
        """Give a connection the toxics that are in force, those it has as they are."""
        link.advance(now_ns)
        known = {id(grip.armed): grip for grip in link.held}
        held = [
            known.get(id(armed)) or Grip(armed, self.seed, link.ordinal, now_ns, is_new=is_new)
            for armed in link.point.armed
        ]
        stages: dict[Stream, list[Stage]] = {stream: [] for stream in STREAMS}
        for grip in held:
            stage = grip.staged() if grip.is_there else None
            if stage is not None:
                stages[grip.stream].append(stage)
        left = [grip for grip in link.held if grip not in held]
        for grip in left:
            _hand_over(grip, [each for each in held if each.is_there])
        link.follow(held, left, stages, now_ns)


def _hand_over(left: Grip, there: list[Grip]) -> None:
    """A toxic that was only changed goes on in the one that took its place."""
    for grip in there:
        if (grip.name, grip.stream, grip.armed.toxic.type) == (left.name, left.stream, left.armed.toxic.type):
            grip.lost, left.is_replaced = left.lost, True


def _same(known: list[Armed], toxic: Toxic) -> Armed | None:
    """The toxic as it is in force, where nothing of it changed."""
    return next((armed for armed in known if armed.toxic == toxic), None)


def _nobody(_: Record) -> None:
    """Nobody is told."""
