"""Simplifies the values of steps: optional fields go, numbers come near to zero, texts and bodies become short.

A value is looked at by its kind, from outside in. The step that fails is left as it is: with its values the reason
would change. Only the input of a call or a program may change there, where the failure says what was raised and where.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from fozzy.search.script import FAULTS_PART, Node, Script
from fozzy.search.shrink.cut import drop_most, lowest, shortest
from fozzy.search.shrink.gate import PLAIN, Gate
from fozzy.search.subject import Candidate

NAMES = frozenset(
    [
        "type",
        "key",
        "name",
        "as",
        "function",
        "method",
        "cmd",
        "file",
        "on",
        "kind",
        "save_as",
        "node",
        "from",
        "to",
        "a",
        "b",
        "signal",
        "strategy",
        "at",
        "op",
        "check",
        "operations",
    ]
)  # they say which, not how much: another one is another thing
TAKING_INPUT = ("call_raised", "call_died", "call_hang", "proc_signal")  # failures that say what their input did
INPUTS = {"call": "args", "proc_spawn": "stdin"}
BYTES = "$bytes"
DRAWING_LISTS = ("shuffle",)  # steps that draw once for an item
OWN_DRAWS_MAX = 32
_DURATION = re.compile(r"(\d+)(ns|us|ms|s|m|h)")
PLAIN_CHARS_MAX = 4_096  # the characters of a longer text stay as they are
SCALE = 10**6  # of a float: smaller differences are not looked for

Test = Callable[[Any], bool]


def simplify_values(gate: Gate) -> None:
    """Simplify the fields of every step but the failing one, then the variables."""
    for node in list(gate.best.script.nodes()):
        if node.part == FAULTS_PART or gate.is_counted(node.origin):
            continue  # what a fault of a cluster says has passes of its own
        if node.origin != gate.failure.at:
            _simplify_step(gate, node.origin)
        elif gate.failure.title in TAKING_INPUT and node.type in INPUTS:
            _simplify_field(gate, node.origin, INPUTS[node.type])
    for node in list(gate.best.script.nodes()):
        if node.type == "workload" and not gate.is_counted(node.origin):
            _simplify_operations(gate, node.origin)
    variables = gate.best.script.head.get("vars")
    for name in list(variables or ()):
        simplify(gate.best.script.head["vars"][name], lambda value, name=name: _with_variable(gate, name, value))  # type: ignore[misc]


def _simplify_step(gate: Gate, origin: str) -> None:
    node = _node(gate, origin)
    if node is None:
        return
    drop_most(
        [name for name in node.fields if name != "type"],
        lambda names: _with_fields(gate, origin, dict.fromkeys(names), drop=True),
    )
    for name in [name for name in (_node(gate, origin) or node).fields if name not in NAMES]:
        _simplify_field(gate, origin, name)


def _simplify_field(gate: Gate, origin: str, name: str) -> None:
    node = _node(gate, origin)
    if node is not None and name in node.fields:
        simplify(node.fields[name], lambda value: _with_fields(gate, origin, {name: value}))


def _with_fields(gate: Gate, origin: str, fields: dict[str, Any], *, drop: bool = False) -> bool:
    node = _node(gate, origin)
    if node is None:
        return False
    made = {name: value for name, value in node.fields.items() if name not in fields} if drop else dict(node.fields)
    made.update({} if drop else fields)
    script = gate.best.script.replace(origin, (node._replace(fields=made),))
    return gate.with_script(script) or (node.type in DRAWING_LISTS and _with_a_draw_less(gate, origin, script))


def _with_a_draw_less(gate: Gate, origin: str, script: Script) -> bool:
    """An item that goes may take the draw that was about it along."""
    draws = gate.best.tape.draws
    own = [index for index, draw in enumerate(draws) if draw.at == origin]
    tapes = (gate.best.tape._replace(draws=draws[:index] + draws[index + 1 :]) for index in own[:OWN_DRAWS_MAX])
    return any(gate.consider(Candidate(script, tape)) for tape in tapes)


def _simplify_operations(gate: Gate, origin: str) -> None:
    """Simplify what the clients of a workload send: values that are given, not those that are drawn."""
    node = _node(gate, origin)
    for index, kind in enumerate(node.fields["operations"] if node else ()):
        _with_operation(gate, origin, index, {name: value for name, value in kind.items() if name != "weight"})
        for name, value in kind.get("args", {}).items():
            if not (isinstance(value, dict) and len(value) == 1):
                simplify(value, partial(_with_sent, gate, (origin, index, name)))


def _with_sent(gate: Gate, place: tuple[str, int, str], value: Any) -> bool:
    origin, index, name = place
    node = _node(gate, origin)
    if node is None or (isinstance(value, dict) and len(value) == 1):
        return False
    kind = node.fields["operations"][index]
    return _with_operation(gate, origin, index, {**kind, "args": {**kind["args"], name: value}})


def _with_operation(gate: Gate, origin: str, index: int, kind: dict[str, Any]) -> bool:
    node = _node(gate, origin)
    if node is None:
        return False
    kinds = node.fields["operations"]
    return _with_fields(gate, origin, {"operations": [*kinds[:index], kind, *kinds[index + 1 :]]})


def _with_variable(gate: Gate, name: str, value: Any) -> bool:
    head = dict(gate.best.script.head)
    head["vars"] = {**head["vars"], name: value}
    return gate.with_script(gate.best.script.with_head(head))


def _node(gate: Gate, origin: str) -> Node | None:
    return next((node for node in gate.best.script.nodes() if node.origin == origin), None)


def simplify(value: Any, test: Test) -> Any:
    """Bring a value as near to nothing as `test` takes it; the value it ended with."""
    if isinstance(value, bool):
        return False if value and test(False) else value
    if isinstance(value, int):
        return _simplify_int(value, test)
    if isinstance(value, float):
        return _simplify_float(value, test)
    if isinstance(value, str):
        return _simplify_text(value, test)
    if isinstance(value, list):
        return _simplify_list(value, test)
    if isinstance(value, dict):
        return _simplify_bytes(value, test) if list(value) == [BYTES] else _simplify_dict(value, test)
    return value


def _simplify_int(value: int, test: Test) -> int:
    if value < 0 and test(-value):
        value = -value
    sign = -1 if value < 0 else 1
    return sign * lowest(abs(value), lambda size: test(sign * size))


def _simplify_float(value: float, test: Test) -> float | int:
    if value != value or abs(value) > 1e15:
        return value
    if test(round(value)):
        return _simplify_int(round(value), test)
    sign, scaled = -1 if value < 0 else 1, int(abs(value) * SCALE)
    if sign * scaled / SCALE != value and not test(sign * scaled / SCALE):
        return value
    return sign * lowest(scaled, lambda size: test(sign * size / SCALE)) / SCALE


def _simplify_text(value: str, test: Test) -> str:
    duration = _DURATION.fullmatch(value)
    if duration:
        number, unit = int(duration[1]), duration[2]
        return f"{lowest(number, lambda size: test(f'{size}{unit}'))}{unit}"
    if not value or test(""):
        return ""
    if value.isdecimal() and len(value) < 19 and value.isascii():
        return str(lowest(int(value), lambda size: test(str(size))))
    if "${" in value:
        return value
    left = shortest(value, test)
    return _plain(left, test) if len(left) <= PLAIN_CHARS_MAX else left


def _plain(text: str, test: Test) -> str:
    """Replace characters by a plain one, where that changes nothing: many at once, then fewer."""
    chars = list(text)

    def drop(some: Sequence[int]) -> bool:
        gone = frozenset(some)
        changed = [PLAIN if index in gone else char for index, char in enumerate(chars)]
        if not test("".join(changed)):
            return False
        chars[:] = changed
        return True

    drop_most([index for index, char in enumerate(chars) if char != PLAIN], drop)
    return "".join(chars)


def _drop_items(items: list[Any], test: Test) -> list[Any]:
    """Leave out as many items as `test` lets go."""
    left = dict(enumerate(items))

    def drop(some: Sequence[int]) -> bool:
        gone = frozenset(some)
        cut = [item for place, item in left.items() if place not in gone]
        if not test(cut):
            return False
        for place in gone:
            left.pop(place, None)
        return True

    drop_most(list(left), drop)
    return list(left.values())


def _simplify_list(value: list[Any], test: Test) -> list[Any]:
    left = _plain_out(dict(enumerate(_drop_items(value, test))), lambda items: test(list(items.values())))
    for index in range(len(left)):
        left[index] = simplify(left[index], lambda item, index=index: test([*({**left, index: item}).values()]))  # type: ignore[misc]
    return list(left.values())


def _simplify_dict(value: dict[str, Any], test: Test) -> dict[str, Any]:
    left = _plain_out(dict(_drop_items(list(value.items()), lambda items: test(dict(items)))), test)
    for name in list(left):
        left[name] = simplify(left[name], lambda item, name=name: test({**left, name: item}))  # type: ignore[misc]
    return left


_NOTHING: dict[type, Any] = {bool: False, int: 0, float: 0, str: "", list: [], dict: {}}


def _plain_out(items: dict[Any, Any], test: Test) -> dict[Any, Any]:
    """Make nothing of as many items as `test` lets, many at once."""
    left = dict(items)

    def change(places: Sequence[Any]) -> bool:
        made = {**left, **{place: _NOTHING.get(type(left[place]), left[place]) for place in places}}
        if made == left or not test(made):
            return False
        left.update(made)
        return True

    drop_most([place for place, value in items.items() if value], change)
    return left


def _simplify_bytes(value: dict[str, Any], test: Test) -> dict[str, Any]:
    """Bytes become fewer, then plain."""
    try:
        data = a2b_base64(value[BYTES], strict_mode=True)
    except (ValueError, TypeError):
        return value

    def form(items: Iterable[int]) -> dict[str, Any]:
        return {BYTES: b2a_base64(bytes(items), newline=False).decode()}

    left = _drop_items(list(data), lambda items: test(form(items)))
    for index, byte in enumerate(left):
        if byte != ord(PLAIN):
            left[index] = _lowest_byte(byte, partial(_with_byte, left, index, lambda items: test(form(items))))
    return form(left)


def _with_byte(left: list[int], index: int, test: Test, byte: int) -> bool:
    return test([*left[:index], byte, *left[index + 1 :]])


def _lowest_byte(byte: int, test: Test) -> int:
    return ord(PLAIN) if test(ord(PLAIN)) else lowest(byte, test)
