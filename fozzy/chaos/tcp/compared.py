"""A recorded connection or message held against what is decided for it now: draws, strikes, and who spared it."""

from __future__ import annotations

from collections.abc import Iterable

from fozzy.chaos.cassette.redecide import Difference, roll_difference
from fozzy.core.redact import REDACTED
from fozzy.core.wires import Connected, Counted, Spoken, Struck
from fozzy.faults.tcp.grip import Grip
from fozzy.faults.tcp.link import Link
from fozzy.faults.tcp.message import Body, Message, Strike


def message_of(record: Spoken, request: Message | None) -> Message:
    """A recorded message as it began. Of one that lost its text the record says which toxics count it."""
    message = Message(record.stream, record.of, record.about, record.message, record.offset)
    message.request, message.state = request, record.state
    if record.body is not None:
        message.body = Body(record.body.how, record.body.length, record.body.events)
    message.number, message.arrived_ns = record.number, record.arrived
    if REDACTED in record.about:
        message.counting = frozenset([*(each.toxic for each in record.struck), *record.spared])
    return message


def message_difference(record: Spoken, message: Message, grips: list[Grip]) -> Difference | None:
    """The first thing that is decided otherwise than it was, none when all is the same."""
    found = roll_difference(record.rolls, message.rolls) or _struck(record.struck, message.strikes.values())
    if found is None and record.spared != message.spared:
        return Difference("who spared it", _names(record.spared), _names(message.spared))
    return found or _delay_difference(record, grips)


def _delay_difference(record: Spoken, grips: list[Grip]) -> Difference | None:
    """Where a delay follows from the seed alone, it must be the one that was carried out."""
    by_name = {grip.name: grip for grip in grips}
    for struck in record.struck:
        grip = by_name.get(struck.toxic)
        if grip is None or not struck.applied:
            continue
        delay_ns = grip.armed.kind.delay_ns(grip, record.message)
        if delay_ns is not None and delay_ns != struck.delay_ns:
            return Difference(f"its delay by {struck.toxic}", f"{struck.delay_ns} ns", f"{delay_ns} ns")
    return None


def connection_difference(record: Connected, link: Link) -> Difference | None:
    """The same of a connection, with all toxics that were there while it was open."""
    found = roll_difference(record.rolls, link.rolls()) or _bytes_difference(record.counted, link.counting())
    return found or _struck(record.struck, link.strikes())


def _bytes_difference(recorded: list[Counted], grips: list[Grip]) -> Difference | None:
    """Toxics that count bytes look at the same offsets again."""
    before, after = [each.toxic for each in recorded], [grip.name for grip in grips]
    if before != after:
        return Difference("what counts its bytes", _names(before), _names(after))
    for counted, grip in zip(recorded, grips, strict=True):
        again = grip.count_again(counted)
        if again != counted:
            return Difference(f"the bytes that {counted.toxic} strikes", _counted(counted), _counted(again))
    return None


def _counted(counted: Counted) -> str:
    return f"{counted.struck:,} of digest {counted.digest or 'none'}"


def _struck(recorded: list[Struck], now: Iterable[Strike]) -> Difference | None:
    before, after = [_toxic(each) for each in recorded], [_toxic(each) for each in now]
    return None if before == after else Difference("what strikes it", _names(before), _names(after))


def _toxic(strike: Struck | Strike) -> str:
    return strike.toxic if strike.toxic.startswith(strike.type) else f"{strike.toxic} ({strike.type})"


def _names(names: list[str]) -> str:
    return ", ".join(names) or "none"
