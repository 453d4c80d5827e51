"""Steps on the modelled network."""

from typing import Literal

import msgspec

from fozzy.core.duration import show_ns
from fozzy.dsl.steps.base import Flag, Name, Rate, Step, fail, told
from fozzy.world.net.virtual import Message, Waiting
from fozzy.world.world import World


class NetPartition(Step, frozen=True, kw_only=True, tag="net_partition"):
    """Holds all messages between two nodes, both ways."""

    a: Name
    b: Name

    def run(self, world: World) -> None:
        world.net.cut(self.a, self.b)


class NetHeal(Step, frozen=True, kw_only=True, tag="net_heal"):
    """Ends a partition; held messages can be delivered again."""

    a: Name
    b: Name

    def run(self, world: World) -> None:
        world.net.heal(self.a, self.b)


class NetSetDropRate(Step, frozen=True, kw_only=True, tag="net_set_drop_rate"):
    """Drops deliveries with this probability, drawn for each delivery."""

    rate: Rate

    def run(self, world: World) -> None:
        world.net.drop_rate = self.rate


class NetSetReorder(Step, frozen=True, kw_only=True, tag="net_set_reorder"):
    """Lets deliveries without a strategy pick any deliverable message instead of the first."""

    enabled: Flag

    def run(self, world: World) -> None:
        world.net.reorder = self.enabled


class NetSend(Step, frozen=True, kw_only=True, tag="net_send"):
    """Puts a message on its way from one node to another."""

    sender: Name = msgspec.field(name="from")
    to: Name
    payload: str

    def run(self, world: World) -> str:
        world.net.send(Message(self.sender, self.to, self.payload))
        return f"{self.sender}>{self.to}"


class NetDeliverOne(Step, frozen=True, kw_only=True, tag="net_deliver_one"):
    """Delivers one message; a dropped one counts as the delivery; fails when nothing is deliverable."""

    strategy: Literal["fifo", "random"] | None = None

    def run(self, world: World) -> str:
        net = world.net
        at_random = net.reorder if self.strategy is None else self.strategy == "random"
        delivery = net.deliver_one(at_random)
        if delivery is None:
            why, cause = _held(net.waiting())
            fail(f"nothing is deliverable: {why}", title="net_nothing_deliverable", details={"cause": cause})
        message = delivery.message
        return f"{message.sender}>{message.receiver}" + (" dropped" if delivery.dropped else "")


class NetRecvAssert(Step, frozen=True, kw_only=True, tag="net_recv_assert"):
    """Takes the first matching message out of a node's inbox; fails when there is none."""

    node: Name
    sender: Name | None = msgspec.field(name="from", default=None)
    payload: str

    def run(self, world: World) -> None:
        if not world.net.receive(self.node, self.sender, self.payload):
            inbox = [[message.sender, message.payload] for message in world.net.inbox(self.node)]
            fail(
                f'"{self.node}" has no message {told(self.payload)}; its inbox is {told(inbox)}',
                field="payload",
                label="not received",
                details={"inbox": inbox, "cause": "others arrived" if inbox else "none arrived"},
            )


def _held(waiting: Waiting) -> tuple[str, str]:
    """What keeps every message from being delivered, in words and as the cause by which failures are told apart."""
    if not waiting.pending:
        return "no message was sent", "none sent"
    of = f"of {waiting.pending} messages"
    by_fault = f"held by a fault, the first until {show_ns(waiting.until_ns)}"
    if not waiting.cut:
        return f"{waiting.delayed} {of} are {by_fault}", "delayed"
    by_cut = f"{waiting.cut} {of} are held by a partition"
    return (f"{by_cut}, {waiting.delayed} {by_fault}" if waiting.delayed else by_cut), "held"
