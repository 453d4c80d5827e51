"""How a stream is opened: asked for, accepted or refused, tried again while nobody answers, given up in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fozzy.core.events import Net
from fozzy.sim.network import RETRANSMISSIONS_MAX, RETRANSMIT_NS, Link, Parcel
from fozzy.sim.streams import Endpoint

if TYPE_CHECKING:
    from fozzy.sim.network import Network
    from fozzy.sim.node import Node

CONNECT_NS_MAX = 127 * 10**9  # six retransmissions of a SYN, as Linux has them


class Opening:
    """A stream that is being opened. `done` is told the endpoint, or why there is none."""

    def __init__(self, network: Network, node: Node, target: Node, port: int | str, local: int) -> None:
        self.done: Callable[[Endpoint | OSError], None] = lambda result: None
        self._node = node
        self._target = target
        self._port = port
        self._there = network.link(node, target)
        self._back = network.link(target, node)
        self._is_over = False
        self._is_timed = False
        self._began = node.kernel.clock.now
        number = network.number()
        shown = port if isinstance(port, int) else 0
        self.endpoint = Endpoint(node, self._there, number, (node.ip, local), (target.ip, shown))
        self._number = number

    def start(self) -> None:
        """Send the first segment."""
        self._send(0)

    def cancel(self) -> None:
        """Nobody waits any more."""
        self._is_over = True

    def _send(self, attempt: int) -> None:
        self._there_and(self._there, self._target, lambda _arg: self._at_target(attempt))

    def _there_and(self, link: Link, node: Node, then: Callable[[Any], None]) -> None:
        kernel = self._node.kernel
        if link.cuts:
            self._expect_none()
            link.held.append(Parcel(lambda _arg: self._there_and(link, node, then), None))
            return
        when = link.when(0) + link.lost_ns()
        kernel.in_flight += 1

        def arrived(_arg: Any) -> None:
            kernel.in_flight -= 1
            if link.cuts:
                self._expect_none()
                link.stalled.append(Parcel(lambda _arg: self._there_and(link, node, then), None))
            else:
                then(None)

        kernel.at(when, node, link.number, arrived, None)

    def _at_target(self, attempt: int) -> None:
        target = self._target
        if self._is_over:
            return
        if not target.is_up:
            self._expect_none()
            if attempt <= RETRANSMISSIONS_MAX:
                self._node.kernel.later(RETRANSMIT_NS << attempt, lambda _arg: self._send(attempt + 1))
            return
        listener = target.listeners.get(self._port)
        if listener is None:
            self._note(target, "refuse")
            refused = ConnectionRefusedError(111, f"Connect call failed ('{target.ip}', {self._port})")
            self._there_and(self._back, self._node, lambda _arg: self._end(refused))
            return
        self._note(target, "open")
        ours = self.endpoint
        theirs = Endpoint(target, self._back, self._number, ours.remote, ours.local)
        theirs.join(ours)
        ours.join(theirs)
        target.loop.arrived(listener.accepted, (theirs,), listener.context)  # type: ignore[union-attr]
        self._there_and(self._back, self._node, lambda _arg: self._end(ours))

    def _expect_none(self) -> None:
        """Nothing may ever come back: from now on the time is watched."""
        if not self._is_timed:
            self._is_timed = True
            error = TimeoutError(110, "Connect call timed out")
            kernel = self._node.kernel
            left = max(0, self._began + CONNECT_NS_MAX - kernel.clock.now)
            kernel.later(left, lambda _arg: self._end(error))

    def _note(self, node: Node, what: str) -> None:
        kernel = node.kernel
        kernel.log.append(Net(kernel.clock.now, node.span, what, self.endpoint.name))

    def _end(self, result: Endpoint | OSError) -> None:
        if self._is_over:
            if isinstance(result, Endpoint) and result.is_alive:
                result.reset()
            return
        self._is_over = True
        if self.endpoint.is_alive:
            self.done(result)
