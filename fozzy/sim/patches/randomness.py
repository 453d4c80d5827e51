"""Chance: what a program leaves to chance is a draw of its machine's, and nothing else is.

A generator without a seed draws each of its values; 0 is the boring one, which the methods of `random` do not all
survive: some draw until they like what they get. These are replaced by others that end whatever is drawn. What is
longer than a draw is an identifier: zeros do not make two of them equal, since on real machines they never are. A
generator with a seed is the real one. Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, MutableSequence, Sequence
from operator import index, xor
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fozzy.sim import context
from fozzy.sim.context import Machine
from fozzy.sim.patches import doors, late
from fozzy.sim.patches.boot import BOOT
from fozzy.sim.patches.doors import Door
from fozzy.sim.patches.own import own

if TYPE_CHECKING:
    from random import Random

BITS_MAX = 53  # of one draw, see core.choice
FLOAT_BITS = 53
SEED_BITS = 53


def drawn_bits(count: int) -> int:
    """`count` bits of the machine that runs; outside of the simulator true ones."""
    machine = context.current
    if machine is None:
        return int.from_bytes(doors.original("os.urandom")((count + 7) // 8), "little") >> -count % 8
    if count <= BITS_MAX or machine is BOOT:
        return machine.bits(count)
    value = 0
    for taken in range(0, count, BITS_MAX):
        value |= machine.bits(min(BITS_MAX, count - taken)) << taken
    return value ^ int.from_bytes(_unique(machine, (count + 7) // 8), "little") & ((1 << count) - 1)


def _unique(machine: Machine, size: int) -> bytes:
    """Bytes that this machine has not had, and no other has."""
    mine = own(machine)
    mine.asked += 1
    return hashlib.shake_128(f"fozzy-unique-1 {machine.name} {machine.pid} {mine.asked}".encode()).digest(size)


def _entropy(machine: Machine, size: int) -> bytes:
    drawn = machine.entropy(size)
    if machine is BOOT:  # it has no draws, and must not know who asked before
        return drawn
    return bytes(map(xor, drawn, _unique(machine, size)))


def _random() -> float:
    return drawn_bits(FLOAT_BITS) * 2.0**-FLOAT_BITS


def _getrandbits(count: int, /) -> int:
    count = index(count)
    if count < 0:
        raise ValueError("number of bits must be non-negative")
    return drawn_bits(count) if count else 0


def _below(size: int) -> int:
    """A number below `size`, as `random` finds it: 0 is taken at once."""
    count = size.bit_length()
    value = drawn_bits(count)
    while value >= size:
        value = drawn_bits(count)
    return value


def _shuffle(x: MutableSequence[Any]) -> None:
    """All zeros leave the order as it is."""
    for place in range(len(x) - 1):
        other = place + _below(len(x) - place)
        x[place], x[other] = x[other], x[place]


def _sample(population: Sequence[Any], k: int, *, counts: Any = None) -> list[Any]:
    """All zeros take the first ones. Never looks for one that was not taken yet, which zeros would not end."""
    if not isinstance(population, Sequence):
        raise TypeError("Population must be a sequence.  For dicts or sets, use sorted(d).")
    if counts is not None:
        population = [each for each, count in zip(population, counts, strict=True) for _ in range(count)]
    size = len(population)
    if not 0 <= k <= size:
        raise ValueError("Sample larger than population or is negative")
    moved: dict[int, int] = {}
    taken = []
    for place in range(k):
        other = place + _below(size - place)
        taken.append(population[moved.get(other, other)])
        moved[other] = moved.get(place, place)
    return taken


def _normal(mu: float = 0.0, sigma: float = 1.0) -> float:
    """Box and Muller, without a second value kept for later, which would pass from one machine to another."""
    turn, far = _random() * math.tau, math.sqrt(-2.0 * math.log(1.0 - _random()))
    return mu + math.cos(turn) * far * sigma


def _by_one_draw(name: str) -> Callable[..., Any]:
    """A method that may draw without end: it works on a generator whose seed is one draw."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return getattr(_seeded(drawn_bits(SEED_BITS)), name)(*args, **kwargs)

    return function


def _seeded(seed: int) -> Random:
    from random import Random

    return Random(seed)


_DRAWN: dict[str, Callable[..., Any]] = {
    "random": _random,
    "getrandbits": _getrandbits,
    "shuffle": _shuffle,
    "sample": _sample,
    "gauss": _normal,
    "normalvariate": _normal,
    **{name: _by_one_draw(name) for name in ("gammavariate", "betavariate", "binomialvariate", "vonmisesvariate")},
}


def _patch_random(module: ModuleType) -> None:
    kind: Any = module.Random
    plain = {name: vars(kind).get(name, getattr(kind, name, None)) for name in _DRAWN}

    def let_draw(generator: Any) -> None:
        """From now on each value is a draw, but what a subclass does by itself stays its own."""
        own_kind = type(generator)
        for name, function in _DRAWN.items():
            if plain[name] is not None and getattr(own_kind, name, None) is getattr(kind, name):
                generator.__dict__[name] = function

    def settle(generator: Any) -> bool:
        """From now on each value follows from the state. Tells whether it was not so before."""
        was_drawn = "getrandbits" in generator.__dict__ or "random" in generator.__dict__
        for name in _DRAWN if was_drawn else ():
            generator.__dict__.pop(name, None)
        return was_drawn

    def make_seed(true: Any) -> Any:
        def seed(self: Any, a: Any = None, version: int = 2) -> None:
            settle(self)
            if a is None and context.current is not None:
                let_draw(self)
                self.gauss_next = None
            else:
                true(self, a, version)

        return seed

    def make_getstate(true: Any) -> Any:
        def getstate(self: Any) -> Any:
            """Who asks for the state wants the same values again, so from here on it has one."""
            if settle(self):
                true_seed(self, drawn_bits(SEED_BITS))
            return true(self)

        return getstate

    def make_setstate(true: Any) -> Any:
        def setstate(self: Any, state: Any) -> None:
            settle(self)
            true(self, state)

        return setstate

    true_seed = kind.__dict__["seed"]
    doors.method(kind, "seed", make_seed)
    doors.method(kind, "getstate", make_getstate)
    doors.method(kind, "setstate", make_setstate)
    _patch_functions(module, kind)


def _patch_functions(module: ModuleType, kind: Any) -> None:
    """The functions of the module are methods of a generator that it hides; each machine has its own instead."""
    hidden = module._inst
    shared = kind(0)
    for name, function in list(vars(module).items()):
        if getattr(function, "__self__", None) is hidden:
            doors.put(module, name, _FAST.get(name) or _of_machine(name))
            shared.__dict__[function.__name__] = vars(module)[name]
    doors.replace(module, "_inst", shared)


def generator(machine: Machine) -> Random:
    """The generator behind the functions of `random` on this machine: it draws, until the program seeds it."""
    mine = own(machine)
    if mine.generator is None:
        from random import Random

        mine.generator = Random()
    return mine.generator


def _of_machine(name: str) -> Callable[..., Any]:
    def function(door: Door, *args: Any, **kwargs: Any) -> Any:
        machine = context.current
        if machine is None:
            return door.true(*args, **kwargs)
        return getattr(generator(machine), name)(*args, **kwargs)

    return function


def _random_of_machine(door: Door) -> float:
    machine = context.current
    return door.true() if machine is None else generator(machine).random()


_FAST: dict[str, Callable[..., Any]] = {"random": _random_of_machine}


def _urandom(door: Door, size: int, /) -> bytes:
    machine = context.current
    if machine is None:
        return door.true(size)  # type: ignore[no-any-return]
    if size < 0:
        raise ValueError("negative argument not allowed")
    return _entropy(machine, size)


def _getrandom(door: Door, size: int, flags: int = 0) -> bytes:
    machine = context.current
    return door.true(size, flags) if machine is None else _entropy(machine, size)


def _patch_ssl(module: ModuleType) -> None:
    """Only what a program asks for; what a handshake needs OpenSSL finds by itself."""
    doors.put(module, "RAND_bytes", _urandom)
    doors.method(module.SSLObject, "write", _make_write)


def _make_write(true: Any) -> Any:
    """What is encrypted is told before nobody can read it any more."""

    def write(self: Any, data: Any) -> int:
        count: int = true(self, data)
        told = getattr(context.current, "encrypts", None)
        if told is not None:
            told(self, bytes(memoryview(data).cast("B")[:count]))
        return count

    return write


def install() -> None:
    """Put the sources of chance in place."""
    doors.put(os, "urandom", _urandom)
    doors.put(os, "getrandom", _getrandom)
    late.when_imported("random", _patch_random)
    late.when_imported("ssl", _patch_ssl)
