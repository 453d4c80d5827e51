"""Importing `fozzy.sim.patched` makes an interpreter one for simulated programs."""

import subprocess
import sys

PROGRAM = """
import fozzy.sim.patched as patched
from time import time
import random, socket
with patched.importing():
    told = time(), random.random() == random.random(), socket.socket.__name__
print(*told)
print(time() != told[0])
"""


def test_what_is_imported_after_it_is_patched() -> None:
    """Clocks stand still while modules are imported, and are true outside."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stderr == ""
    first, second = ran.stdout.splitlines()
    assert first.split()[:2] == ["1735689600.0", "False"]
    assert second == "True"
