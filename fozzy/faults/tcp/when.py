"""What the schedule of a toxic may not say: what its type cannot count, what excludes itself, what never comes."""

from __future__ import annotations

from collections.abc import Iterator

from fozzy.faults.tcp.armed import gates, pattern_of, span_ns, unit_of
from fozzy.faults.tcp.gates import picks
from fozzy.faults.tcp.kinds.base import Flaw, Kind
from fozzy.faults.tcp.kinds.corrupt import Corrupt
from fozzy.faults.tcp.kinds.refuse import Refuse
from fozzy.faults.tcp.plan import Protocol, Toxic, Unit

ORDINALS_MAX = 1 << 16  # that are looked at for one that is struck


def schedule_flaws(toxic: Toxic, kind: Kind, protocol: Protocol) -> Iterator[Flaw]:
    """The flaws of when it strikes, beside a kind and a protocol that are as they should be."""
    unit = unit_of(type(kind), toxic)
    if unit not in kind.units:
        yield Flaw("on", f'is "{unit}", which {kind.type} cannot count', f"it counts {_words(kind.units)}")
        return
    if toxic.stream not in kind.streams:
        said = f'is "{toxic.stream}", and {kind.type} is {kind.streams[0]}'
        yield Flaw("stream", said, f'say stream = "{kind.streams[0]}", or leave it out')
    yield from _protocol_flaws(toxic, kind, protocol)
    yield from _unit_flaws(toxic, unit)
    yield from _listener_flaws(toxic, kind, unit)
    if unit == "byte" and isinstance(kind, Corrupt) and kind.offset is not None:
        yield Flaw("attributes.offset", "has no meaning where bytes are counted", "remove it, or count messages")
    yield from _time_flaws(toxic)


def _protocol_flaws(toxic: Toxic, kind: Kind, protocol: Protocol) -> Iterator[Flaw]:
    if kind.protocols and protocol not in kind.protocols:
        needs = _words(kind.protocols)
        said = f'is "{kind.type}", which is of {needs}; the proxy\'s protocol is {protocol}'
        yield Flaw("type", said, f'give the proxy protocol = "{kind.protocols[0]}"')
    elif toxic.match is not None and protocol == "raw" and pattern_of(toxic.match).match("") is None:
        said = "never matches: of protocol raw it is not known what a message is about"
        yield Flaw("match", said, "give the proxy a protocol: redis, postgres or http")


def _unit_flaws(toxic: Toxic, unit: Unit) -> Iterator[Flaw]:
    if toxic.match is not None and unit != "message":
        yield Flaw("match", f"is of messages, and {_plural(unit)} are counted", 'remove match, or say on = "message"')
    if toxic.per == "connection" and unit != "message":
        yield Flaw("per", f"is of messages, and {_plural(unit)} are counted", 'remove per, or say on = "message"')


def _listener_flaws(toxic: Toxic, kind: Kind, unit: Unit) -> Iterator[Flaw]:
    if not kind.is_of_listener:
        return
    if toxic.toxicity != 1:
        said = f"is {toxic.toxicity}, and {kind.type} is of the listener, not of connections"
        yield Flaw("toxicity", said, "say rate, which resets so many of the connections")
    if isinstance(kind, Refuse) and kind.how == "silent" and picks(toxic, unit):
        said = 'is "silent", which a port can only be for all'
        yield Flaw("attributes.how", said, "schedule it with after or window")


def _time_flaws(toxic: Toxic) -> Iterator[Flaw]:
    low, high = span_ns(toxic)
    if low >= high:
        yield Flaw("window", "ends before it begins", "say the earlier time first")
    if never(toxic):
        said = [name for name in ("first", "after", "every", "pattern") if getattr(toxic, name) is not None]
        yield Flaw(said[-1], "leaves nothing to strike" if len(said) == 1 else _with(said), "no ordinal agrees with it")


def never(toxic: Toxic) -> bool:
    """Whether no ordinal is struck. *Limits*: it looks at the first `ORDINALS_MAX` behind `after`."""
    if toxic.first is None and toxic.pattern is None:
        return False
    start = toxic.after or 0
    end = min(toxic.first or start + ORDINALS_MAX, start + ORDINALS_MAX)
    if toxic.pattern is not None:
        end = min(end, len(toxic.pattern))
    agreed = gates(toxic)
    is_cut = end == start + ORDINALS_MAX
    return not is_cut and not any(all(gate(ordinal) for gate in agreed) for ordinal in range(start + 1, end + 1))


def _with(said: list[str]) -> str:
    return f"with {_words(tuple(said[:-1]))} leaves nothing to strike"


def _words(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _plural(unit: Unit) -> str:
    return f"{unit}s"
