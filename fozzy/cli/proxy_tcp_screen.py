"""What a TCP proxy says: the lines it begins with, one per connection, message or change, and the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fozzy.chaos.tcp.totals import TcpTotals
from fozzy.cli.proxy_screen import brief, seconds
from fozzy.cli.proxy_tcp_words import toxic_words
from fozzy.core.wires import Connected, Spoken, Struck
from fozzy.faults.tcp.plan import STREAMS, Proxy
from fozzy.report.text import Line, Span, count, duration, line, one_line, size

ABOUT_CHARS_MAX = 80
_ARROWS = {"upstream": ">", "downstream": "<"}


class Opened(NamedTuple):
    """Proxies that listen: where, for whom, how."""

    proxies: Sequence[Proxy]
    control: str
    seed: int
    recording: str = ""
    notes: Sequence[str] = ()


def opening(opened: Opened, hint: str = "") -> list[Line]:
    """The first lines; `hint` stands beside the first toxics."""
    proxies = opened.proxies
    head = f"{proxies[0].listen} -> {proxies[0].upstream}" if len(proxies) == 1 else f"{len(proxies)} proxies"
    control = f"   control {opened.control}" if opened.control else ""
    lines = [line(Span(one_line(f"  fozzy proxy  {head}{control}   seed {opened.seed}"), "strong"))]
    for proxy in proxies:
        lines += _proxy(proxy, has_address=len(proxies) > 1, hint=hint if proxy is proxies[0] else "")
    if opened.recording:
        lines.append(line(f"  {one_line(opened.recording)}"))
    return [*lines, *(line(f"  note: {one_line(note)}") for note in opened.notes)]


def _proxy(proxy: Proxy, *, has_address: bool, hint: str) -> list[Line]:
    protocol = "" if proxy.protocol == "raw" else f"   {proxy.protocol}"
    off = "" if proxy.enabled else "   disabled"
    lines = []
    if has_address:
        lines.append(line(one_line(f"  {proxy.name}  {proxy.listen} -> {proxy.upstream}{protocol}{off}")))
    elif protocol or off:
        lines.append(line(f"  {'speaks' if protocol else 'is'}{protocol}{off}"))
    words = [toxic_words(toxic) for toxic in proxy.toxics] or ["none"]
    words[0] += f"   {hint}" if hint else ""
    return [*lines, *(line(f"  {'toxics' if not index else '      '}   {each}") for index, each in enumerate(words))]


def message_line(spoken: Spoken) -> str:
    """A message in a line of a pipe: `5 0.260 redis#1 > INCR orders 27B toxic=latency_upstream(+100ms)`."""
    about = f" {spoken.about[:ABOUT_CHARS_MAX]}" if spoken.about else ""
    head = f"{spoken.number} {seconds(spoken.arrived)} {spoken.at}#{spoken.connection} {_ARROWS[spoken.stream]}"
    of = "" if spoken.of in ("turn", "request", "reply") else f" {spoken.of}"
    cut = "" if spoken.whole else " not whole"
    return one_line(f"{head}{of}{about} {brief(spoken.bytes)}{cut}{_struck(spoken.struck)}")


def connection_line(connected: Connected) -> str:
    """A connection that ended in a line of a pipe."""
    up, down = connected.upstream, connected.downstream
    head = f"{connected.number} {seconds(connected.arrived)} {connected.at}#{connected.connection} CLOSED"
    flowed = f"by={connected.by.replace(' ', '_')} up={brief(up.bytes)} down={brief(down.bytes)}"
    took = f" took={duration(connected.t - connected.arrived)}"
    notes = "".join(f" note={note.replace(' ', '_')}" for note in connected.notes)
    return one_line(f"{head} {flowed}{_struck(connected.struck)}{notes}{took}")


def _struck(struck: Sequence[Struck]) -> str:
    """What toxics did to it, and which could not."""
    return "".join(f" {_one(each)}" for each in struck)


def _one(struck: Struck) -> str:
    if not struck.applied:
        return f"bypassed={struck.toxic}({struck.reason})"
    said = [*([f"+{duration(struck.delay_ns)}"] if struck.delay_ns else []), *([struck.said] if struck.said else [])]
    return f"toxic={struck.toxic}" + (f"({', '.join(said)})" if said else "")


def struck_words(struck: Sequence[Struck]) -> str:
    """What toxics did to it, for a column: `latency +28ms`, `(reset_peer bypassed)`."""
    return " ".join(_short(each) for each in struck)


def _short(struck: Struck) -> str:
    name = struck.type if struck.toxic in (f"{struck.type}_{stream}" for stream in STREAMS) else one_line(struck.toxic)
    if not struck.applied:
        return f"({name} bypassed)"
    return f"{name} +{duration(struck.delay_ns)}" if struck.delay_ns else name


def numbers_line(totals: TcpTotals, open_now: int = 0) -> str:
    """All of it in one line."""
    parts = [count(totals.connections, "connection"), f"{totals.struck:,} struck"]
    if totals.messages:
        parts.insert(1, count(totals.messages, "message"))
    if totals.bypassed:
        parts.append(f"{totals.bypassed:,} bypassed")
    parts += [f"{size(totals.upstream_bytes)} up", f"{size(totals.downstream_bytes)} down"]
    return "   ".join([*parts, *([f"{open_now:,} open"] if open_now else [])])
