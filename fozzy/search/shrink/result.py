"""The result of shrinking as a trace that replays alone, and as a scenario that fails by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from fozzy import wall
from fozzy.core.backends import Backends
from fozzy.core.duration import show_ns
from fozzy.core.forms import without_ending
from fozzy.core.sources import Mutated
from fozzy.core.summary import Mode
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import parse
from fozzy.engine.code import with_code
from fozzy.engine.prepare import Ready, embed, ready
from fozzy.engine.record import Keeping, Recorded, record
from fozzy.errors import InputError
from fozzy.search.failing import Failing, document_of
from fozzy.search.script import Node, Script
from fozzy.search.subject import Candidate

SEEDS_TRIED_MAX = 5_000
SEEDS_NS_MAX = 10 * 10**9  # a run may be long


def small_name(path: str) -> str:
    """What the smaller scenario is called: it lies beside the first one."""
    place = PurePosixPath(path)
    stem = without_ending(place.name).removesuffix(".min")
    return str(place.with_name(f"{stem}.min.fozzy.json"))


def ready_of(failing: Failing, script: Script) -> Ready:
    """A script ready to run and to be recorded as a scenario of its own. *Errors*: `InputError`."""
    origin = failing.subject.origin
    doc = document_of(script, small_name(origin.header.scenario.path))
    loaded = parse(doc, lambda word: _included(failing, word))
    mode: Mode = "fuzz" if origin.header.mode == "fuzz" else "shrink"
    header = msgspec.structs.replace(origin.header, mode=mode, case={}, scenario=embed(loaded, origin.redactor))
    run = ready(header, loaded, origin.redactor, origin.allowance.root)
    return with_code(run, loaded, origin.allowance)


def record_best(failing: Failing, best: Candidate, keep: Keeping, check: Callable[[Path], None]) -> Recorded:
    """Record a candidate as a run of its own scenario, by its tape. *Errors*: `StoreError`, those of `check`."""
    source = Mutated(*best.tape, live=failing.subject.live)
    return record(ready_of(failing, best.script), source, keep, check=check)


def as_scenario(failing: Failing, best: Candidate) -> str | None:
    """The text of a scenario that fails for the same reason by itself; none when only the tape makes it fail.

    What was drawn is written down where a step can say it; for the rest a seed is looked for.
    *Limits*: `SEEDS_TRIED_MAX` seeds, `SEEDS_NS_MAX` of wall time.
    """
    until_ns = wall.elapsed_ns() + SEEDS_NS_MAX
    for settled in (best.script.edit(_Settle(best)), best.script):
        settled = _with_options(failing, settled)
        seed = _seed_for(failing, settled, best, until_ns)
        if seed is not None:
            head = settled.head if seed < 0 else {**settled.head, "seed": seed}
            return document_of(settled.with_head(head), "").text
    return None


def _seed_for(failing: Failing, script: Script, best: Candidate, until_ns: int) -> int | None:
    """A seed that fails for the same reason; -1 when nothing is drawn, none when there is none."""
    first = failing.header.seed
    for seed in (first, *range(SEEDS_TRIED_MAX)):
        source = Mutated((), best.tape.asks, seed=seed)
        outcome, tape = failing.subject.run_with(script, source)
        if outcome.failure == failing.failure:
            return seed if tape.draws else -1
        if not tape.draws or wall.elapsed_ns() > until_ns:
            return None
    return None


class _Settle:
    """Replaces steps that draw a value by steps that keep the value that was drawn."""

    def __init__(self, best: Candidate) -> None:
        self._drawn: dict[str, list[int]] = {}
        for draw in best.tape.draws:
            self._drawn.setdefault(draw.at, []).append(draw.value)

    def __call__(self, node: Node) -> tuple[Node, ...] | None:
        drawn = self._drawn.get(node.origin, [])
        if len(drawn) != 1 or node.bodies or "key" not in node.fields:
            return None
        value = _kept_value(node.fields, drawn[0])
        return None if value is None else (node._replace(fields={**_KEEP, "key": node.fields["key"], "value": value}),)


_KEEP = {"type": "set_kv"}


def _kept_value(fields: Any, drawn: int) -> Any:
    if fields.get("type") == "rand_int":
        return drawn
    if fields.get("type") == "rand_choice" and isinstance(fields["of"], list) and drawn < len(fields["of"]):
        return fields["of"][drawn]
    return None


def _with_options(failing: Failing, script: Script) -> Script:
    """What the run was bounded by and who answered, where that was an option of the run and not of its scenario."""
    header, head = failing.header, dict(script.head)
    if header.timeout_ns is not None:
        head.setdefault("timeout", show_ns(header.timeout_ns))
    backends, usual = msgspec.structs.asdict(header.backends), msgspec.structs.asdict(Backends())
    others = {name: value for name, value in backends.items() if value != usual[name]}
    if others:
        head["backends"] = {**head.get("backends", {}), **others}
    if header.backends.http == "host" and header.http_base_url:
        head.setdefault("http_base_url", header.http_base_url)
    return script.with_head(head)


def _included(failing: Failing, word: str) -> Loaded:
    loaded = failing.subject.origin.included.get(word)
    if loaded is None:
        raise InputError("scenario.no_include", f'the trace does not carry the included file "{word}"')
    return loaded
