"""Binds a scenario once into closures that can be executed any number of times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from blake3 import blake3

from fozzy.core.redact import REDACTED, Redactor
from fozzy.dsl.scenario import StepsFile
from fozzy.dsl.steps.base import Block, Step
from fozzy.dsl.values import compile_step, compile_value
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
    """A scenario ready to run. Setup and steps run until one fails; teardown always runs."""

    main: tuple[Bound, ...]
    teardown: tuple[Bound, ...]
    base_url: Callable[[World], str]


def bind(file: StepsFile, redactor: Redactor, perform: Perform, http_base_url: str = "") -> Plan:
    """Bind a scenario; `perform` runs the steps inside a block."""
    binder = _Binder(redactor, perform)
    setup = binder.steps(file.setup or [], "setup")
    url = file.http_base_url or http_base_url
    getter = compile_value(url)
    return Plan(
        (*setup, *binder.steps(file.steps, "steps")),
        binder.steps(file.teardown or [], "teardown"),
        (lambda world: url) if getter is None else (lambda world: str(getter(world))),
    )


class _Binder:
    def __init__(self, redactor: Redactor, perform: Perform) -> None:
        self._redactor = redactor
        self._perform = perform
        self._encoder = msgspec.json.Encoder()

    def steps(self, steps: Sequence[Any], path: str) -> tuple[Bound, ...]:
        return tuple(self._step(step, f"{path}[{index}]") for index, step in enumerate(steps))

    def _step(self, step: Step, at: str) -> Bound:
        kind = str(step.__struct_config__.tag)
        resolve = compile_step(step, step.blocks)
        walk: Callable[[World], Iterator[int]] | None = None
        act: Callable[[World], str | None] = step.run if resolve is None else lambda world: resolve(world).run(world)
        if isinstance(step, Block):
            walk = self._walk(step, f"{at}.{kind}", resolve)
        return Bound(at, kind, self._hash(step), act, walk)

    def _walk(
        self, step: Block, inside: str, resolve: Callable[[World], Step] | None
    ) -> Callable[[World], Iterator[int]]:
        bodies = {field: self.steps(getattr(step, field), f"{inside}.{field}") for field in step.blocks}
        perform = self._perform

        def walk(world: World) -> Iterator[int]:
            now = step if resolve is None else resolve(world)
            assert isinstance(now, Block)
            return now.walk(world, lambda field: perform(bodies[field], world))

        return walk

    def _hash(self, step: Step) -> str:
        written = self._encoder.encode(step)
        if REDACTED.encode() in written or self._redactor.text(text := written.decode()) != text:
            return ""
        return blake3(written).hexdigest(length=HASH_BYTES)
