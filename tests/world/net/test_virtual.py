"""The modelled network: nothing is lost but what is dropped, nothing passes a partition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.choice import Choices
from fozzy.core.clock import Clock
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.world.net.virtual import Message, VirtualNet

NODES = st.sampled_from("abc")
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("send"), NODES, NODES),
        st.tuples(st.just("cut"), NODES, NODES),
        st.tuples(st.just("heal"), NODES, NODES),
        st.tuples(st.just("deliver"), st.booleans(), st.none()),
        st.tuples(st.just("drop"), st.sampled_from([0.0, 0.5, 1.0]), st.none()),
    ),
    max_size=40,
)


def net(seed: int = 1) -> VirtualNet:
    return VirtualNet(Choices(Seeded(seed), Clock(), Log(), Redactor(), 1))


def play(made: VirtualNet, moves: list[tuple[object, ...]]) -> list[object]:
    """Make the moves, holding each against a model; returns the deliveries."""
    pending: list[Message] = []
    cuts: set[frozenset[object]] = set()
    deliveries: list[object] = []
    for number, (move, a, b) in enumerate(moves):
        if move == "send":
            message = Message(str(a), str(b), str(number))
            made.send(message)
            pending.append(message)
        elif move == "cut":
            made.cut(str(a), str(b))
            cuts.add(frozenset((a, b)))
        elif move == "heal":
            made.heal(str(a), str(b))
            cuts.discard(frozenset((a, b)))
        elif move == "drop":
            made.drop_rate = float(str(a))
        else:
            ready = [each for each in pending if frozenset((each.sender, each.receiver)) not in cuts]
            delivery = made.deliver_one(bool(a))
            deliveries.append(delivery)
            assert (delivery is None) == (not ready)
            if delivery is not None:
                assert delivery.message in ready and (a or delivery.message == ready[0])
                assert not delivery.dropped or made.drop_rate
                assert made.drop_rate != 1 or delivery.dropped
                pending.remove(delivery.message)
                assert (delivery.message in made.inbox(delivery.message.receiver)) != delivery.dropped
        held = [each for each in pending if frozenset((each.sender, each.receiver)) in cuts]
        assert made.waiting() == (len(pending), len(held), 0, 0)
    return deliveries


@given(MOVES)
def test_every_message_waits_arrives_or_is_dropped(moves: list[tuple[object, ...]]) -> None:
    """Whatever is cut, healed, reordered and dropped: a message is in one place, and only passes where nothing cuts."""
    play(net(), moves)


@given(MOVES, st.integers(0, 5))
def test_the_same_seed_does_the_same(moves: list[tuple[object, ...]], seed: int) -> None:
    """Two networks with one seed and the same moves deliver and drop alike."""
    assert play(net(seed), moves) == play(net(seed), moves)


@given(MOVES, MOVES)
def test_restore_forgets_what_came_since(before: list[tuple[object, ...]], after: list[tuple[object, ...]]) -> None:
    """A snapshot, whatever comes after it, puts the whole network back."""
    made = net()
    play(made, before)
    kept = made.snapshot()
    look = made.snapshot()
    for move, a, b in after:
        if move == "send":
            made.send(Message(str(a), str(b), "x"))
        elif move == "cut":
            made.cut(str(a), str(b))
        else:
            made.deliver_one(False)
    made.reorder = True
    made.restore(kept)
    assert made.snapshot() == look == kept


def test_receiving_takes_one_match() -> None:
    """The first message of that text, and of that sender if one is named, leaves the inbox; the order stays."""
    made = net()
    for sender, payload in (("a", "1"), ("c", "1"), ("a", "2")):
        made.send(Message(sender, "b", payload))
        made.deliver_one(False)
    assert made.receive("b", "c", "1") and not made.receive("b", "c", "1")
    assert not made.receive("nobody", None, "1")
    assert [message.payload for message in made.inbox("b")] == ["1", "2"]
    assert made.receive("b", None, "2") and made.receive("b", None, "1") and made.inbox("b") == []
