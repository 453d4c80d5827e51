"""What a bare `assert` compared: its words, and the plain values of what it names.

Used in the interpreter of the user's code, so it imports nothing but the standard library, and that only once something
has failed. None of the user's code runs for it: names, keys, attributes in an instance's own dictionary and `len` of plain
containers are looked up, and only numbers, texts and lists, tuples and dictionaries of them are shown.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from itertools import islice
from types import CodeType, FrameType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import ast

WORDS_CHARS_MAX = 200
VALUES_MAX = 8
VALUE_CHARS_MAX = 80
ITEMS_MAX = 50
DEPTH_MAX = 4
_PLAIN = (int, float, str, bytes, bool, type(None))
_HELD = (list, tuple, dict)
_NAMES = (dict, type((lambda: sys._getframe().f_locals)()))  # from 3.13 on a function's locals are a view of them
_kept: dict[tuple[str, CodeType, int], Asserted | None] = {}  # code that is alike is equal, wherever it is from
_KEPT_MAX = 256


class Asserted(NamedTuple):
    """An assert: its condition, and the text it stands in."""

    test: ast.expr
    text: str

    def words(self, part: ast.AST, chars_max: int) -> str:
        """What of the text a part is, in one line."""
        import ast

        return _short(" ".join((ast.get_source_segment(self.text, part) or "").split()), chars_max)


def compared(frame: FrameType, line: int) -> str:
    """`total == 2, where total = 1` of the assert that failed in this frame; empty where that cannot be told."""
    key = (frame.f_code.co_filename, frame.f_code, line)
    if key not in _kept:
        if len(_kept) >= _KEPT_MAX:
            _kept.clear()
        _kept[key] = _assert_at(frame, line)
    found = _kept[key]
    if found is None:
        return ""
    try:
        parts = islice(_values(found.test, frame), VALUES_MAX)
        values = {found.words(part, VALUE_CHARS_MAX): value for part, value in parts}
    except RecursionError:  # a sum of a thousand terms is as deep
        return ""
    where = ", ".join(f"{name} = {value}" for name, value in values.items())
    return f"{found.words(found.test, WORDS_CHARS_MAX)}, where {where}" if values else ""


def _assert_at(frame: FrameType, line: int) -> Asserted | None:
    """The innermost assert that has this line."""
    import ast
    import linecache

    linecache.checkcache(frame.f_code.co_filename)
    text = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    asserts = [each for each in ast.walk(tree) if isinstance(each, ast.Assert)]
    here = [each for each in asserts if each.lineno <= line <= (each.end_lineno or 0)]
    return Asserted(here[-1].test, text) if here else None


def _values(node: ast.AST, frame: FrameType) -> Iterator[tuple[ast.AST, str]]:
    """The largest parts that have a plain value."""
    import ast

    if isinstance(node, ast.Constant | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return
    try:
        value = _value(node, frame)
        shown = _shown(value, DEPTH_MAX)
    except _Unknown:
        for child in ast.iter_child_nodes(node):
            yield from _values(child, frame)
    else:
        yield node, _short(shown, VALUE_CHARS_MAX)


class _Unknown(Exception):
    """It has no value that could be had without running anything."""


def _value(node: ast.AST, frame: FrameType) -> Any:
    import ast

    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _named(node.id, frame)
    if isinstance(node, ast.Attribute):
        return _attribute(_value(node.value, frame), node.attr)
    if isinstance(node, ast.Subscript):
        return _at(_value(node.value, frame), _value(node.slice, frame))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        held = _value(node.args[0], frame)
        if node.func.id == "len" and _named("len", frame) is len and type(held) in (*_HELD, str, bytes):
            return len(held)
    raise _Unknown


def _named(name: str, frame: FrameType) -> Any:
    for names in (frame.f_locals, frame.f_globals, vars(builtins)):
        if type(names) in _NAMES and name in names:
            return names[name]
    raise _Unknown


def _attribute(value: Any, name: str) -> Any:
    """What an instance or a module holds itself, where its class does not decide what is found under this name."""
    kind: Any = type(value)
    if kind is not ModuleType and kind.__getattribute__ is not object.__getattribute__:
        raise _Unknown
    classes = [type.__dict__["__dict__"].__get__(each) for each in kind.__mro__]
    decides = next((each[name] for each in classes if name in each), None)
    if hasattr(type(decides), "__set__"):
        raise _Unknown
    own: Any = next((each["__dict__"] for each in classes if "__dict__" in each), None)
    if type(own) not in (GetSetDescriptorType, MemberDescriptorType):  # none, or one that somebody has written
        raise _Unknown
    return _at(own.__get__(value), name)


def _at(held: Any, key: Any) -> Any:
    if type(held) not in (*_HELD, str, bytes) or type(key) not in _PLAIN:
        raise _Unknown
    if type(held) is dict and not all(type(each) in _PLAIN for each in held):
        raise _Unknown  # a key of the user's own would be asked whether it is the same
    try:
        return held[key]
    except (LookupError, TypeError):
        raise _Unknown from None


def _shown(value: Any, depth: int) -> str:
    """A value as Python writes it, of no more than a few items."""
    if type(value) in _PLAIN:
        return _plain(value)
    if type(value) not in _HELD or depth == 0:
        raise _Unknown
    some = list(value.items() if type(value) is dict else value)[:ITEMS_MAX]
    more = ["…"] if len(value) > ITEMS_MAX else []
    if type(value) is dict:
        said = [f"{_shown(name, depth - 1)}: {_shown(each, depth - 1)}" for name, each in some]
        return "{" + ", ".join([*said, *more]) + "}"
    said = [_shown(each, depth - 1) for each in some]
    if type(value) is tuple:
        return f"({', '.join([*said, *more])}{',' if len(value) == 1 else ''})"
    return f"[{', '.join([*said, *more])}]"


def _plain(value: Any) -> str:
    try:
        return repr(value[: VALUE_CHARS_MAX + 1] if type(value) in (str, bytes) else value)
    except ValueError:  # a whole number of too many digits
        raise _Unknown from None


def _short(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1] + "…"
