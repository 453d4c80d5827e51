"""A distributed scenario with something changed for one exploration: more faults, more nodes, more that must hold.

What is explored then is a scenario of its own, and so are its traces. `none` of a kind changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from blake3 import blake3

from fozzy.core.forms import without_ending
from fozzy.dsl.document import Document, Loaded
from fozzy.dsl.format_json import format_json
from fozzy.dsl.load import decode, parse
from fozzy.dsl.scenario import StepsFile
from fozzy.errors import UsageError, suggestion


class Variant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is changed: a preset's name or a file of faults, the number of nodes, invariants as words."""

    faults: str | None = None
    nodes: int | None = None
    checkers: list[str] = []

    @property
    def is_plain(self) -> bool:
        """Whether nothing is."""
        return self.faults is None and self.nodes is None and not self.checkers


def varied(loaded: Loaded, variant: Variant) -> Loaded:
    """The changed scenario. *Errors*: `UsageError`, `InputError` when it is not valid like this."""
    if variant.is_plain:
        return loaded
    if isinstance(loaded.file, StepsFile):
        message = f"{loaded.document.shown} has steps and no cluster: --faults, --nodes and --checker are for clusters"
        raise UsageError("explore.idle_flag", message, hint="drop them")
    raw = decode(loaded.document)
    cluster = raw["distributed"]
    if variant.nodes is not None:
        if "node_count" not in cluster:
            message = f"{loaded.document.shown} names its nodes, so their number is settled"
            raise UsageError("explore.idle_flag", message, hint="drop --nodes, or use node_count in the scenario")
        cluster["node_count"] = variant.nodes
    cluster["invariants"] = [*cluster.get("invariants", []), *map(invariant_of, variant.checkers)]
    changed = _parsed(loaded.document, raw)
    if variant.faults is None:
        return changed
    return _parsed(loaded.document, {**raw, "distributed": {**cluster, "faults": _faults(changed, variant.faults)}})


def invariant_of(word: str) -> dict[str, Any]:
    """The invariant a word stands for: `no_deadlock`, `kv_all_equal=x`, `always=package.module:check`.
    *Errors*: `UsageError`."""
    name, _, argument = word.partition("=")
    if ":" in name:
        name, argument = "always", word
    make = CHECKERS.get(name)
    made = make(argument) if make is not None else None
    if made is None:
        hint = suggestion(name, CHECKERS) if make is None else ""
        forms = ", ".join(FORMS)
        raise UsageError(
            "explore.bad_checker", f"--checker {word} is none of {forms}", hint=hint or "write it as one of them"
        )
    return {"type": name, **made}


def _parsed(document: Document, raw: dict[str, Any]) -> Loaded:
    place = PurePosixPath(document.name)
    stem = without_ending(place.name).removesuffix(".explored")
    name = str(place.with_name(f"{stem}.explored.fozzy.json"))
    text = format_json(msgspec.json.encode(raw).decode())
    return parse(Document(name, name, text, "json", blake3(text.encode()).hexdigest()))


def _faults(loaded: Loaded, word: str) -> list[Any]:
    """The scenario's own faults, and those of a preset or a file."""
    from fozzy.dsl.cluster.fault_file import load_faults
    from fozzy.dsl.cluster.faults import joined
    from fozzy.dsl.cluster.presets import PRESETS, preset

    cluster: Any = loaded.file.distributed  # type: ignore[union-attr]
    is_preset = word in PRESETS or not Path(word).is_file()
    more = preset(word, cluster) if is_preset else load_faults(Path(word), cluster)
    plain: list[Any] = msgspec.to_builtins(joined(cluster.faults, more))
    return plain


def _key(argument: str) -> dict[str, Any] | None:
    return {"key": argument} if argument else None


def _check(argument: str) -> dict[str, Any] | None:
    return {"check": argument} if argument else None


def _within(argument: str) -> dict[str, Any] | None:
    check, _, within = argument.partition("@")
    return {"check": check, "within": within} if within else None


def _node(argument: str) -> dict[str, Any] | None:
    parts: Sequence[str] = argument.split(",", 2)
    return {"node": parts[0], "key": parts[1], "equals": _value(parts[2])} if len(parts) == 3 else None


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text itself."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _nothing(argument: str) -> dict[str, Any] | None:
    return None if argument else {}


CHECKERS: dict[str, Callable[[str], dict[str, Any] | None]] = {
    "kv_all_equal": _key,
    "kv_present_on_all": _key,
    "kv_node_equals": _node,
    "always": _check,
    "eventually": _within,
    "no_exception": _nothing,
    "no_deadlock": _nothing,
}
FORMS = (
    "kv_all_equal=KEY",
    "kv_present_on_all=KEY",
    "kv_node_equals=NODE,KEY,VALUE",
    "always=module:function",
    "eventually=module:function@10s",
    "no_exception",
    "no_deadlock",
)
