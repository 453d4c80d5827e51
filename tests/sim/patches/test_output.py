"""Output: a machine says what its program writes, and outside of it nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told


def test_a_machine_says_what_is_written(told: Told) -> None:
    """Prints, bytes, log records and warnings are said line by line; a line begun is said when the program has ended."""
    script = """
patches.install()
import logging, warnings
machine = Machine()
with on(machine):
    print("one", "two"); print("be", end="", flush=True); print("gun", file=sys.stdout); print("err", file=sys.stderr)
    sys.stdout.buffer.write("b\\u00e4\\n".encode()); sys.stdout.writelines(["x\\n", "y\\n", "left"])
    logging.getLogger("a").warning("logged"); sys.stdout.flush()
    seen = list(machine.said)
patches.forget(machine)
told([seen, machine.said[len(seen):], sys.stdout.encoding, sys.stdout.isatty()])
"""
    assert told(script)[:2] == [["one two", "begun", "err", "bä", "x", "y", "logged"], ["left"]]


def test_two_machines_do_not_mix(told: Told) -> None:
    """Lines that two machines have begun at the same time stay apart."""
    script = """
patches.install()
a, b = Machine("a"), Machine("b")
for machine, text in ((a, "1"), (b, "2"), (a, "3\\n"), (b, "4\\n")):
    with on(machine): sys.stdout.write(text)
told([a.said, b.said])
"""
    assert told(script) == [["13"], ["24"]]


def test_a_long_line_is_said_in_parts(told: Told) -> None:
    """A program that never ends its line is heard nevertheless, and nothing grows."""
    script = """
patches.install()
machine = Machine()
with on(machine):
    for _ in range(100): sys.stdout.write("x" * 100)
told([len(each) for each in machine.said])
"""
    assert told(script) == [4100, 4100]


def test_outside_all_goes_through(told: Told) -> None:
    """Where no machine runs, the true streams are written, and answer what is asked of them."""
    script = """
import io
true = sys.stdout = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
patches.install(); patches.install()
print("\\u00e4"); sys.stdout.buffer; sys.stdout.reconfigure(line_buffering=True); sys.stdout.flush()
try: sys.stdout.write(b"a")
except TypeError: told([true.buffer.getvalue().hex(), sys.stdout.encoding, sys.stdout is true])
"""
    assert told(script) == ["e40a", "latin-1", False]
