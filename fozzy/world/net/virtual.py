"""A network of named nodes inside a run: messages wait until they are delivered, partitions hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fozzy.core.choice import Choices

if TYPE_CHECKING:
    from fozzy.faults.engine import Faults, Planned


class Message(NamedTuple):
    """What one node sent another."""

    sender: str
    receiver: str
    payload: str
    held_ns: int = 0  # a fault holds it until this time


class Delivery(NamedTuple):
    """What became of a delivery."""

    message: Message
    dropped: bool


class Waiting(NamedTuple):
    """Messages that are not delivered, and what holds those of them that are held."""

    pending: int
    cut: int  # a partition holds so many
    delayed: int  # a fault holds so many, where no partition does
    until_ns: int  # when the first of those may pass


class NetState(NamedTuple):
    """A snapshot of the whole network."""

    pending: list[Message]
    inboxes: dict[str, list[Message]]
    cuts: set[frozenset[str]]
    drop_rate: float
    reorder: bool


class VirtualNet:
    """Undelivered messages in order of sending, and an inbox per node. Draws: `net.pick` and `net.drop.<a>><b>`."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._pending: list[Message] = []
        self._inboxes: dict[str, list[Message]] = {}
        self._cuts: set[frozenset[str]] = set()
        self.drop_rate = 0.0
        self.reorder = False
        self.faults: Faults | None = None  # set when a fault of messages is armed

    def cut(self, a: str, b: str) -> None:
        """Hold messages between two nodes, both ways."""
        self._cuts.add(frozenset((a, b)))

    def heal(self, a: str, b: str) -> None:
        """Let held messages go on."""
        self._cuts.discard(frozenset((a, b)))

    def send(self, message: Message) -> None:
        """Put a message on its way."""
        self._pending.append(message)
        planned = self._roll("send", message)
        if planned is not None:
            self._strike(planned, message)

    def _strike(self, planned: Planned, message: Message) -> None:
        """Hold the message that was just sent, double it, or move it."""
        from fozzy.faults.actions import Send, Wait

        if isinstance(planned.action, Wait):
            held_ns = self._choices.clock.now + planned.action.duration_ns
            self._pending[-1] = message._replace(held_ns=held_ns)
        else:
            assert isinstance(planned.action, Send), f"{planned.rule.kind.name} is no fault of messages"
            self._pending = planned.action.change(self._pending)
        assert self.faults is not None
        self.faults.applied(planned)

    def deliver_one(self, at_random: bool) -> Delivery | None:
        """Deliver the first message that can be, or one at random; none when nothing is deliverable."""
        ready = [index for index, message in enumerate(self._pending) if self._passes(message)]
        if not ready:
            return None
        picked = self._choices.pick("net.pick", len(ready)) if at_random else 0
        message = self._pending.pop(ready[picked])
        dropped = self._is_dropped(message)
        if not dropped:
            self._inboxes.setdefault(message.receiver, []).append(message)
        return Delivery(message, dropped)

    def receive(self, node: str, sender: str | None, payload: str) -> bool:
        """Take the first matching message out of a node's inbox; false when there is none."""
        inbox = self._inboxes.get(node, [])
        for index, message in enumerate(inbox):
            if message.payload == payload and sender in (None, message.sender):
                del inbox[index]
                return True
        return False

    def inbox(self, node: str) -> list[Message]:
        """What waits at a node."""
        return list(self._inboxes.get(node, []))

    def waiting(self) -> Waiting:
        """How many messages are undelivered, and what holds them."""
        passing = [message for message in self._pending if not self._is_cut(message)]
        held = [message.held_ns for message in passing if not self._passes(message)]
        return Waiting(len(self._pending), len(self._pending) - len(passing), len(held), min(held, default=0))

    def snapshot(self) -> NetState:
        """The network as it is now."""
        inboxes = {node: list(inbox) for node, inbox in self._inboxes.items()}
        return NetState(list(self._pending), inboxes, set(self._cuts), self.drop_rate, self.reorder)

    def restore(self, kept: NetState) -> None:
        """The network as it was."""
        self._pending, self._cuts = list(kept.pending), set(kept.cuts)
        self._inboxes = {node: list(inbox) for node, inbox in kept.inboxes.items()}
        self.drop_rate, self.reorder = kept.drop_rate, kept.reorder

    def _passes(self, message: Message) -> bool:
        return not self._is_cut(message) and message.held_ns <= self._choices.clock.now

    def _is_cut(self, message: Message) -> bool:
        return frozenset((message.sender, message.receiver)) in self._cuts

    def _roll(self, op: str, message: Message) -> Planned | None:
        if self.faults is None:
            return None
        event = {"op": op, "from": message.sender, "to": message.receiver, "payload": message.payload}
        return self.faults.roll("net", event)

    def _is_dropped(self, message: Message) -> bool:
        planned = self._roll("deliver", message)
        if planned is not None:
            assert self.faults is not None
            self.faults.applied(planned)
            return True
        if not self.drop_rate:
            return False
        return self._choices.chance(f"net.drop.{message.sender}>{message.receiver}", self.drop_rate)
