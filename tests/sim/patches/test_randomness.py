"""Chance: every value is a draw of the machine, a seeded generator is the real one, and zeros end everything."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told

ALL = """
patches.install()
import random, secrets, uuid
from random import randint, random as rnd
def read():
    mine = random.Random()
    return [
        rnd(), randint(1, 6), random.random(), random.choice("abc"), random.choices("abc", k=3), random.sample(range(9), 3),
        random.getrandbits(70), random.randbytes(9).hex(), random.gauss(0, 1), random.normalvariate(), random.uniform(1, 2),
        random.triangular(), random.betavariate(2, 3), random.expovariate(1), random.gammavariate(2, 3),
        random.vonmisesvariate(1, 2), random.lognormvariate(0, 1), random.paretovariate(3), random.weibullvariate(1, 2),
        getattr(random, "binomialvariate", int)(*[50, 0.5][: 2 * hasattr(random, "binomialvariate")]), random._inst.randrange(10**9),
        mine.random(), mine.sample(range(10**6), 5), random.SystemRandom().random(), secrets.token_hex(4),
        secrets.randbelow(99), os.urandom(5).hex(), os.getrandom(3).hex(), str(uuid.uuid4()), str(uuid.uuid1()),
    ]
"""


def test_two_processes_read_the_same(told: Told) -> None:
    """With equal draws, another process with another hash seed reads the same values; later draws differ."""
    script = f"{ALL}\nwith on(Machine()): told([read(), read()])"
    first, again = told(script, hash_seed="1"), told(script, hash_seed="2")
    assert first == again
    assert first[0] != first[1]


def test_zeros_end_everything(told: Told) -> None:
    """No function goes on for ever when every draw is 0, and the values are boring."""
    script = f"{ALL}\nwith on(Calm()): told(read())"
    values = told(script)
    assert values[:6] == [0.0, 1, 0.0, "a", ["a", "a", "a"], [0, 1, 2]]
    assert values[8:11] == [0.0, 0.0, 1.0]
    assert values[20:23] == [0, 0.0, [0, 1, 2, 3, 4]]


def test_zeros_make_no_identifier_twice(told: Told) -> None:
    """Two machines, and two lives of one, never make the same identifier, though every draw is 0."""
    script = """
patches.install()
import random, secrets, uuid
seen = []
for name, pid in (("a", 1), ("a", 2), ("b", 1)):
    with on(Calm(name, pid)):
        for _ in range(2):
            seen += [str(uuid.uuid4()), secrets.token_hex(16), random.randbytes(16).hex(), f"{random.getrandbits(128):x}"]
told(seen)
"""
    first = told(script, hash_seed="1")
    assert first == told(script, hash_seed="2")
    assert len(set(first)) == 24


def test_zeros_leave_the_order(told: Told) -> None:
    """A shuffle whose draws are all 0 changes nothing; others do."""
    script = """
patches.install()
import random
def shuffled():
    items = list(range(20)); random.shuffle(items); return items
with on(Calm()): calm = shuffled()
with on(Machine()): wild = shuffled()
told([calm, sorted(wild), wild == calm])
"""
    assert told(script) == [list(range(20)), list(range(20)), False]


def test_a_sample_takes_each_once(told: Told) -> None:
    """A sample holds as many as asked, each once, also with counts; more than there are is refused."""
    script = """
patches.install()
import random
with on(Machine()):
    seen = random.sample(range(50), 50), sorted(random.sample("ab", counts=[2, 1], k=3))
    try: random.sample([1], 2)
    except ValueError: told([sorted(seen[0]), seen[0] != sorted(seen[0]), seen[1]])
"""
    assert told(script) == [list(range(50)), True, ["a", "a", "b"]]


def test_a_seed_makes_the_real_generator(told: Told) -> None:
    """What is seeded gives Python's own values and draws nothing; a seed taken away draws again."""
    script = """
patches.install()
import random
machine = Machine()
with on(machine):
    random.seed(5)
    seeded = [random.random(), random.randint(0, 99), random.sample(range(99), 3), random.gauss(0, 1)]
    own = random.Random(5)
    mine = [own.random(), own.randint(0, 99), own.sample(range(99), 3), own.gauss(0, 1)]
    nothing = list(machine.asked)
    random.seed()
    random.random()
    told([seeded, mine, nothing, machine.asked])
"""
    true = random.Random(5)
    values = [true.random(), true.randint(0, 99), true.sample(range(99), 3), true.gauss(0, 1)]
    assert told(script) == [values, values, [], [53]]


def test_each_machine_has_its_own_seed(told: Told) -> None:
    """One machine's `random.seed` changes nothing for another, nor outside, nor after it has started anew."""
    script = """
patches.install()
import random
a, b = Machine("a"), Machine("b")
with on(a): random.seed(1)
with on(b): random.random()
with on(a): first = random.random()
patches.forget(a)
with on(a): random.random()
random.seed(1)
told([first, a.asked, b.asked, random.random()])
"""
    assert told(script) == [random.Random(1).random(), [53], [53], random.Random(1).random()]


def test_a_state_can_be_kept(told: Told) -> None:
    """A generator whose state was asked for, or that was copied, gives the same values from there on."""
    script = """
patches.install()
import copy, pickle, random
machine = Machine()
with on(machine):
    mine = random.Random()
    state = mine.getstate()
    first = mine.random(), mine.shuffle(a := list(range(9))), a
    mine.setstate(state)
    same = (mine.random(), mine.shuffle(a := list(range(9))), a) == first
    other = copy.deepcopy(mine)
    third = pickle.loads(pickle.dumps(mine))
    told([same, other.random() == mine.random() == third.random(), len(machine.asked), random.getstate() == random.getstate()])
"""
    assert told(script) == [True, True, 1, True]


def test_a_subclass_keeps_what_it_does(told: Told) -> None:
    """A generator of the user's with its own source is used as he wrote it."""
    script = """
patches.install()
import random
class Half(random.Random):
    def random(self): return 0.5
class Counted(random.Random):
    def getrandbits(self, k): return 1
machine = Machine()
with on(machine): told([Half().random(), Half().randrange(10), Counted().randrange(10), machine.asked])
"""

    class Half(random.Random):
        def random(self) -> float:
            return 0.5

    assert told(script) == [0.5, Half().randrange(10), 1, []]


def test_outside_of_a_machine_chance_is_true(told: Told) -> None:
    """Where no machine runs, values differ and a seed works as ever, for generators made inside as well."""
    script = f"""{ALL}
with on(Machine()): made_inside = random.Random()
random.seed(3)
told([read()[3:5], random.Random(3).random(), os.urandom(8) != os.urandom(8), made_inside.random() != made_inside.random(),
    random.Random().random() != random.Random().random(), len(set(random.sample(range(99), 9)))])
"""
    values = told(script)
    assert values[1:] == [random.Random(3).random(), True, True, True, 9]


def test_a_function_is_what_it_was_to_those_who_hold_it(told: Told) -> None:
    """The functions of the module keep their names and can be taken before the patches are in place."""
    script = """
import random, types
early = types.ModuleType("early"); early.pick = random.choice; sys.modules["early"] = early
patches.install()
with on(Calm()): told([early.pick([7, 8]), random.choice.__name__, isinstance(random._inst, random.Random)])
"""
    assert told(script) == [7, "choice", True]
