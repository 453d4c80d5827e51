"""Binds a scenario once into closures that can be executed any number of times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from blake3 import blake3

from fozzy.core.redact import REDACTED, Redactor
from fozzy.dsl.document import Document, Loaded
from fozzy.dsl.scenario import StepsFile
from fozzy.dsl.steps.base import Block, Step, bodies_of
from fozzy.dsl.steps.blocks import Include
from fozzy.dsl.values import NO_SCOPE, Scope, compile_step, compile_value, scope_of
from fozzy.world.world import World

HASH_BYTES = 8


class Bound(NamedTuple):
    """A step ready to run: `act` for a leaf, `walk` for a block. `hash` is of the step as written, empty when it
    holds a secret, which a replay cannot know."""

    at: str
    type: str
    hash: str
    act: Callable[[World], str | None]
    walk: Callable[[World], Iterator[int]] | None


Perform = Callable[[Sequence[Bound], World], Iterator[int]]


class Plan(NamedTuple):
    """A scenario ready to run. Setup and steps run until one fails; teardown always runs.

    `included` has the document of every include by the path its steps begin with.
    """

    main: tuple[Bound, ...]
    teardown: tuple[Bound, ...]
    base_url: Callable[[World], str]
    included: dict[str, Document]


def bind(loaded: Loaded, file: StepsFile, redactor: Redactor, perform: Perform, http_base_url: str = "") -> Plan:
    """Bind a scenario; `perform` runs the steps inside a block."""
    binder = _Binder(redactor, perform)
    here = _Place(loaded, NO_SCOPE)
    setup = binder.steps(file.setup or [], "setup", here)
    return Plan(
        (*setup, *binder.steps(file.steps, "steps", here)),
        binder.steps(file.teardown or [], "teardown", here),
        base_url(file.http_base_url or http_base_url),
        binder.included,
    )


def base_url(url: str) -> Callable[[World], str]:
    """What completes a path to a URL during a run; it may refer to the run."""
    getter = compile_value(url)
    return (lambda world: url) if getter is None else (lambda world: str(getter(world)))


class _Place(NamedTuple):
    """Where steps stand: in which file, with which names of its own."""

    loaded: Loaded
    scope: Scope


class _Binder:
    def __init__(self, redactor: Redactor, perform: Perform) -> None:
        self._redactor = redactor
        self._perform = perform
        self._encoder = msgspec.json.Encoder(
            order="deterministic"
        )  # free keys are sorted: notations differ in their order
        self.included: dict[str, Document] = {}

    def steps(self, steps: Sequence[Any], path: str, place: _Place) -> tuple[Bound, ...]:
        return tuple(self._step(step, f"{path}[{index}]", place) for index, step in enumerate(steps))

    def _step(self, step: Step, at: str, place: _Place) -> Bound:
        kind = str(step.__struct_config__.tag)
        resolve = compile_step(step, place.scope)
        walk: Callable[[World], Iterator[int]] | None = None
        act: Callable[[World], str | None] = step.run if resolve is None else lambda world: resolve(world).run(world)
        if isinstance(step, Block):
            walk = self._walk(step, self._bodies(step, f"{at}.{kind}", place), resolve)
        return Bound(at, kind, self._hash(step), act, walk)

    def _bodies(self, step: Block, inside: str, place: _Place) -> dict[str, tuple[Bound, ...]]:
        """The steps a block holds; those of an include come from another file."""
        if not isinstance(step, Include):
            return {field: self.steps(steps, f"{inside}.{field}", place) for field, steps in bodies_of(step).items()}
        loaded = place.loaded.included[step.file]
        assert isinstance(loaded.file, StepsFile)
        document = loaded.document
        text = self._redactor.source(document.text, document.form)
        self.included[inside] = msgspec.structs.replace(document, text=text)
        scope = scope_of(loaded.file.vars, step.with_, place.scope)
        return {"steps": self.steps(loaded.file.steps, f"{inside}.steps", _Place(loaded, scope))}

    def _walk(
        self, step: Block, bodies: dict[str, tuple[Bound, ...]], resolve: Callable[[World], Step] | None
    ) -> Callable[[World], Iterator[int]]:
        perform = self._perform

        def walk(world: World) -> Iterator[int]:
            return step.walk(world, lambda field: perform(bodies[field], world))

        def resolve_and_walk(world: World) -> Iterator[int]:
            assert resolve is not None
            yield 0  # it looks at the run, and another branch may change that first
            now = resolve(world)
            assert isinstance(now, Block)
            yield from now.walk(world, lambda field: perform(bodies[field], world))

        return walk if resolve is None else resolve_and_walk

    def _hash(self, step: Step) -> str:
        written = self._encoder.encode(step)
        if REDACTED.encode() in written or self._redactor.text(text := written.decode()) != text:
            return ""
        return blake3(written).hexdigest(length=HASH_BYTES)
