"""What a scalar of YAML means: the core schema of YAML 1.2 (yaml.org/spec/1.2.2, 10.3.2), and nothing of 1.1.

So `yes`, `no`, `on` and `off` are text, `0o17` is fifteen, `012` is twelve, `1_000` and a date are text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_NULLS = {"", "null", "Null", "NULL", "~"}
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_BEGIN = frozenset("0123456789+-.")  # every number begins so
_WHOLE = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o([0-7]+)|0x([0-9a-fA-F]+)")
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NOT_A_NUMBER = {".nan", ".NaN", ".NAN"}
_DIGITS_READ = 4000  # Python refuses to read more than 4300; so many are refused later, with their place
_CORE = "tag:yaml.org,2002:"


def plain(text: str) -> Any:
    """What a plain scalar means."""
    if text in _NULLS:
        return None
    if text[0] in _BEGIN:
        return _number(text)
    return _TRUTHS.get(text, text)


def tagged(text: str, tag: str) -> Any:
    """What a scalar means under a tag. *Errors*: `ValueError` when it is no such value, `LookupError` for other tags."""
    if tag == "!":
        return text
    name = tag.removeprefix(_CORE)
    if name == tag or name not in _KINDS:
        raise LookupError(tag)
    return _KINDS[name](text)


def is_core(tag: str, name: str) -> bool:
    """Whether a tag is the core schema's of this name (`map`, `seq`)."""
    return tag == _CORE + name


def shown(tag: str) -> str:
    """A tag as people write it."""
    return f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag


def _number(text: str) -> Any:
    if _WHOLE.fullmatch(text):
        return int(text[:_DIGITS_READ])
    based = _BASED.fullmatch(text)
    if based is not None:
        return int(based[1], 8) if based[1] else int(based[2], 16)
    if _FRACTION.fullmatch(text):
        return float(text)
    infinity = _INFINITY.fullmatch(text)
    if infinity is not None:
        return float(f"{infinity[1]}inf")
    return float("nan") if text in _NOT_A_NUMBER else text


def _of(kind: type, text: str) -> Any:
    value = plain(text)
    if type(value) is not kind:
        raise ValueError(text)
    return value


def _float(text: str) -> float:
    value = plain(text)
    if type(value) not in (int, float):
        raise ValueError(text)
    try:
        return float(value)
    except OverflowError:  # a whole number past what a float holds
        return float("inf") if value > 0 else -float("inf")


_KINDS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": lambda text: _of(int, text),
    "float": _float,
    "bool": lambda text: _of(bool, text),
    "null": lambda text: _of(type(None), text),
}
