"""The network between machines: directed links with a latency, a rate, loss, and cuts that hold what was sent.

Rule 1: what is carried is its receiver's business: a segment of a stream, a datagram, a message of a builtin program.
Rule 2: a cut link holds what is sent, also what was under way; when it is mended all is sent anew, in order.
Rule 3: loss on a stream is a delay, since streams retransmit; on datagrams it is loss.
Retransmission doubles from `RETRANSMIT_NS`, as RFC 6298 has it, without the estimate of the round trip.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, log, pi, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from fozzy.core.choice import CHANCES, first_hit
from fozzy.sim.settings import LinkSetting, Spread

if TYPE_CHECKING:
    from fozzy.sim.kernel import Kernel
    from fozzy.sim.node import Node

RETRANSMIT_NS = 200 * 10**6
RETRANSMISSIONS_MAX = 8  # of one parcel: 2^8 times the first wait is most of a minute
LOOPBACK_NS = 10_000  # from a machine to itself
TICK_NS = 1_000  # latencies are drawn in microseconds
UNIFORM_BITS = 32


class Parcel(NamedTuple):
    """Something a cut link holds: how it is sent again, and what it is."""

    again: Callable[[Any], None]
    arg: Any


class Link:
    """One direction between two machines. Several faults may cut it or change it at once."""

    def __init__(self, kernel: Kernel, source: Node, target: Node, setting: LinkSetting) -> None:
        self.kernel = kernel
        self.source = source
        self.target = target
        self.setting = setting
        self.name = f"{source.name}>{target.name}"
        self.number = 1 + source.number * 4096 + target.number
        self.cuts = 0
        self.held: list[Parcel] = []  # sent while it was cut
        self.stalled: list[Parcel] = []  # under way when it was cut: sent before all that are held
        self.extra_ns = 0
        self.extra_losses: list[float] = []  # by faults that strike now
        self._last = 0  # when the last datagram arrives
        self._free_at = 0  # when its line has sent what it was given
        self._sample = sampler(setting.latency)
        self._label = f"net.latency.{self.name}"
        self._range = range_of(setting.latency)
        self._low = setting.latency.low_ns
        self._is_uniform = setting.latency.kind == "uniform"
        self._rate = setting.bandwidth_bytes_s

    def when(self, size: int) -> int:
        """The instant at which something that is sent now arrives. How long it travels is drawn; the least is the
        boring one."""
        kernel = self.kernel
        now = kernel.clock.now + self.source.lag_ns
        if self._rate:
            now = self._free_at = max(now, self._free_at) + size * 10**9 // self._rate
        if not self._range:
            return now + self._low + self.extra_ns
        drawn = kernel.choices.draw(self._label, 0, self._range)
        return now + self.extra_ns + (self._low + drawn * TICK_NS if self._is_uniform else self._sample(drawn))

    def send(self, arrive: Callable[[Any], None], arg: Any, size: int) -> None:
        """Have something arrive that stands for itself: a datagram, a message. The link may lose it.

        Without `reorder` it comes after what was sent before.
        """
        if self.cuts:
            self.held.append(Parcel(lambda given: self.send(arrive, given, size), arg))
        elif not self.is_lost("net.loss"):
            self._deliver(arrive, arg, size)
            if self.setting.duplicate and self._hits("net.duplicate", self.setting.duplicate):
                self._deliver(arrive, arg, size)

    def carry(self, arrive: Callable[[Any], None], arg: Any) -> None:
        """Have something arrive once, however often it is sent: who sends it would not give up."""
        if self.cuts:
            self.held.append(Parcel(lambda given: self.carry(arrive, given), arg))
        else:
            self._deliver(arrive, arg, 0, self.lost_ns())

    def _deliver(self, arrive: Callable[[Any], None], arg: Any, size: int, late_ns: int = 0) -> None:
        when = self.when(size) + late_ns
        if not self.setting.reorder:
            when = self._last = max(when, self._last)
        self.kernel.in_flight += 1
        self.kernel.at(when, self.target, self.number, self._arrived, (arrive, arg))

    def _arrived(self, item: tuple[Callable[[Any], None], Any]) -> None:
        self.kernel.in_flight -= 1
        arrive, arg = item
        if self.cuts:
            self.stalled.append(Parcel(arrive, arg))
        else:
            arrive(arg)

    def is_lost(self, label: str) -> bool:
        """Whether the link loses what is sent now."""
        if not self.is_lossy:
            return False
        return self._hits(label, min(1.0, self.setting.loss + sum(self.extra_losses)))

    @property
    def is_lossy(self) -> bool:
        """Whether anything may be lost now."""
        return bool(self.setting.loss or self.extra_losses)

    def lost_ns(self) -> int:
        """How long a stream retransmits until a segment comes through."""
        waited = 0
        for attempt in range(RETRANSMISSIONS_MAX):
            if not self.is_lost("net.loss"):
                break
            waited += RETRANSMIT_NS << attempt
        return waited

    def _hits(self, label: str, rate: float) -> bool:
        return self.kernel.choices.draw(f"{label}.{self.name}", 0, CHANCES - 1) >= first_hit(rate)

    def cut(self) -> None:
        """Hold everything from now on."""
        self.cuts += 1
        if self.cuts == 1:
            self.kernel.event("link.cut", **{"from": self.source.name, "to": self.target.name})

    def heal(self, *, wholly: bool = False) -> None:
        """Take back one cut, or all; what was held is sent when none is left."""
        if not self.cuts:
            return
        self.cuts = 0 if wholly else self.cuts - 1
        if self.cuts:
            return
        names = {"from": self.source.name, "to": self.target.name}
        self.kernel.event("link.heal", **names)
        waiting = [*self.stalled, *self.held]
        self.stalled, self.held = [], []
        for parcel in waiting:
            parcel.again(parcel.arg)
        if waiting:
            last_ns = self.kernel.last_due(self.number)
            self.kernel.event("link.released", **names, count=len(waiting), last_ns=last_ns)


class Network:
    """The links of a cluster, made when first used. *Limits*: none of its own; nodes are bounded."""

    def __init__(self, kernel: Kernel, setting_of: Callable[[str, str], LinkSetting]) -> None:
        self._kernel = kernel
        self._setting_of = setting_of
        self._links: dict[tuple[Node, Node], Link] = {}
        self._by_ip: dict[str, Node] = {}
        self._by_name: dict[str, Node] = {}
        self.connections = 0

    def add(self, node: Node) -> None:
        """A machine is on the network."""
        self._by_ip[node.ip] = self._by_name[node.name] = node

    def link(self, source: Node, target: Node) -> Link:
        """The link from one machine to another."""
        found = self._links.get((source, target))
        if found is None:
            setting = LOOPBACK if source is target else self._setting_of(source.name, target.name)
            found = self._links[source, target] = Link(self._kernel, source, target, setting)
        return found

    def links(self) -> list[Link]:
        """Every link that was used, in the order of first use."""
        return list(self._links.values())

    def host(self, word: str, asking: Node) -> Node | None:
        """The machine a name or an address stands for, as seen by one of them."""
        if word in ("", "localhost", "ip6-localhost", "0.0.0.0", "::", "::1") or word.startswith("127."):
            return asking
        return self._by_ip.get(word) or self._by_name.get(word.rstrip(".").lower()) or self._by_name.get(word)

    def close(self) -> None:
        """Forget all links."""
        for table in (self._links, self._by_ip, self._by_name):
            table.clear()

    def number(self) -> int:
        """The number of a new connection."""
        self.connections += 1
        return self.connections


def sampler(spread: Spread) -> Callable[[int], int]:
    """What makes nanoseconds of a drawn number; 0 makes the least."""
    low, high, mean, deviation = spread.low_ns, spread.high_ns, spread.mean_ns, spread.deviation_ns
    if spread.kind == "exponential":
        return lambda drawn: min(high, int(-mean * log(1 - drawn / (1 << UNIFORM_BITS)) / TICK_NS) * TICK_NS)
    if spread.kind == "normal":
        return lambda drawn: min(high, max(low, int((mean + deviation * _normal(drawn)) / TICK_NS) * TICK_NS))
    return lambda drawn: low + drawn * TICK_NS


def range_of(spread: Spread) -> int:
    """The largest number that is drawn for a spread; 0 when there is nothing to draw."""
    if spread.kind == "uniform":
        return max(0, (spread.high_ns - spread.low_ns) // TICK_NS)
    if spread.kind == "exponential":
        return (1 << UNIFORM_BITS) - 1 if spread.mean_ns else 0
    return (1 << UNIFORM_BITS) - 1 if spread.kind == "normal" and spread.deviation_ns else 0


def _normal(drawn: int) -> float:
    """A standard normal value by Box and Muller (1958), half of the bits each; 0 makes the mean."""
    half = UNIFORM_BITS // 2
    first, second = drawn >> half, drawn & ((1 << half) - 1)
    return sqrt(-2 * log(1 - first / (1 << half))) * cos(2 * pi * second / (1 << half))


LOOPBACK = LinkSetting(latency=Spread(kind="fixed", low_ns=LOOPBACK_NS, high_ns=LOOPBACK_NS, mean_ns=LOOPBACK_NS))
