"""The words of a story: how an event, an operation, an arrival is told in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fozzy.core.events import Found, Net
from fozzy.dsl.steps.base import show
from fozzy.report.text import count, one_line

FAULT = "FAULT"
FAIL = "FAIL"
UNANSWERED = "no answer"
STEPS_TOLD = ("call", "expect_converged")  # steps that tell something no other record does
SLOW_NS = 100 * 10**6  # how long an operation may take without its time being told
_ARRIVALS = {
    "message": "gets a message from {0}",
    "datagram": "gets a datagram from {0}",
    "refuse": "refuses a connection from {0}",
    "reset": "has its connection reset by {0}",
}
_LATE = {"data": "gets {1} from {0}", "open": "is connected to by {0}", "eof": "sees {0} close the connection"}
_MACHINE = {"node.crash": "crash", "node.restart": "restart", "node.pause": "pause", "node.resume": "resume"}


def strike(fields: Mapping[str, Any]) -> str:
    """A fault begins."""
    return f"{_named(fields)} {_struck(fields)}".rstrip()


def end(fields: Mapping[str, Any]) -> str:
    """A fault is over."""
    node = fields.get("node")
    after = {"restart": f": {node} starts again", "crash": f": {node} starts again", "pause": f": {node} goes on"}
    return f"{_named(fields)} ends{after.get(str(fields.get('kind')), '') if node else ''}"


def _named(fields: Mapping[str, Any]) -> str:
    name, kind = str(fields.get("name", "")), str(fields.get("kind", ""))
    return name if kind in name else f"{name} ({kind})"


def _struck(fields: Mapping[str, Any]) -> str:
    """What a fault strikes, and how."""
    if "between" in fields:
        arrow = " -> " if fields.get("oneway") else " | "
        return arrow.join(" ".join(map(str, side)) for side in fields["between"])
    if "node" in fields:
        return f"{fields['node']}{': it loses power' if fields.get('kind') == 'restart' else ''}"
    how = (
        f"{fields['rate']:.0%} of "
        if "rate" in fields
        else f"+{fields['add_ns'] / 10**6:g}ms "
        if "add_ns" in fields
        else ""
    )
    return f"{how}{fields.get('from', 'any')} -> {fields.get('to', 'any')}"


def machine(name: str, fields: Mapping[str, Any]) -> str:
    """A step does something to a machine."""
    return f"{_MACHINE[name]} {fields.get('node', '')}"


def sides(pairs: Sequence[tuple[str, str]]) -> str:
    """Directed links as two groups, `n0 | n1 n2` both ways and `n0 -> n1` one way, where they are that."""
    known = dict.fromkeys(pairs)
    one = list(dict.fromkeys(a for a, _ in known))
    if any((b, a) in known for a, b in known):
        first = one[0]
        one = [first, *(name for name in one[1:] if (first, name) not in known)]
    other = list(dict.fromkeys(b for a, b in known if a in one))
    there = {(a, b) for a in one for b in other}
    back = {(b, a) for a, b in there}
    if set(known) == there | back:
        return f"{' '.join(one)} | {' '.join(other)}"
    if set(known) == there:
        return f"{' '.join(one)} -> {' '.join(other)}"
    return ", ".join(f"{a} -> {b}" for a, b in known)


def released(held: int) -> str:
    """What was held goes on its way."""
    return f"{count(held, 'held message')} go{'es' if held == 1 else ''} on"


def operation(fields: Mapping[str, Any]) -> str:
    """What a client asks of a node."""
    op, args = str(fields.get("op", "")), fields.get("args")
    values = list(args.values()) if isinstance(args, dict) else list(args) if isinstance(args, list) else []
    if op == "put" and len(values) == 2:
        said = f"put {_plain(values[0])}={_plain(values[1])}"
    elif op == "get" and len(values) == 1:
        said = f"get {_plain(values[0])}"
    elif isinstance(args, dict):
        said = " ".join([op, *(f"{name}={_plain(value)}" for name, value in args.items())])
    else:
        said = " ".join([op, *map(_plain, values)])
    return f"{said} -> {fields.get('node', '')}"


def outcome(fields: Mapping[str, Any], took_ns: int) -> str:
    """What a client is told."""
    said = f"✗ {fields['error']}" if "error" in fields else "ok" if fields.get("ok") is None else show(fields["ok"])
    return f"{said} after {when(took_ns)}" if took_ns >= SLOW_NS else said


def arrival(record: Net, source: str, is_late: bool) -> str:
    """What arrives; empty where it is not worth telling."""
    form = _ARRIVALS.get(record.what) or (_LATE.get(record.what, "") if is_late else "")
    return form.format(source, count(record.bytes, "byte")) + (", held until now" if is_late and form else "")


def finder(found: Found) -> str:
    """Who found it: the node where it happened, else a check."""
    node = found.at.removeprefix("distributed.nodes.")
    return "check" if node == found.at else node


def when(at_ns: int) -> str:
    """An instant of the run: `0ms`, `412ms`, `1.250s`, `1m02.500s`."""
    if at_ns < 10**9:
        return f"{at_ns // 10**6}ms"
    minutes, rest = divmod(at_ns // 10**6, 60_000)
    return f"{minutes}m{rest / 1000:06.3f}s" if minutes else f"{rest / 1000:.3f}s"


def _plain(value: Any) -> str:
    return one_line(value) if isinstance(value, str) and value and " " not in value else show(value)
