"""Importing: what a module reads while it is imported is the same in every process, and what must not happen ends it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told

SHOP = """
import datetime, os, random, secrets, sys, tempfile, time, uuid
START = time.time(), time.monotonic(), str(datetime.datetime.now()), os.getpid()
IDS = random.randbytes(20).hex(), str(uuid.uuid4()), str(uuid.uuid1()), random.random(), secrets.token_hex(), random.Random().random()
time.sleep(5)
print("imported")
"""
IMPORT = """
patches.install()
sys.path.insert(0, ".")
with patches.importing() as boot:
    import shop
"""


def test_two_processes_import_the_same(told: Told, tmp_path: Path) -> None:
    """Constants that a module reads from clocks and chance are equal in two processes with other hash seeds."""
    (tmp_path / "shop.py").write_text(SHOP)
    script = f"{IMPORT}\ntold([shop.START, shop.IDS, context.current is None])"
    first = told(script, hash_seed="1")
    assert first == told(script, hash_seed="2")
    assert first[0] == [1_735_689_600.0, 1000.0, "2025-01-01 00:00:00", 2] and first[2] is True
    assert len({str(each) for each in first[1]}) == 6


def test_what_was_imported_before_does_not_matter(told: Told, tmp_path: Path) -> None:
    """What a module draws does not depend on what other modules drew before it."""
    (tmp_path / "shop.py").write_text(SHOP)
    script = f"{IMPORT.replace('import shop', 'import other, shop')}\ntold(shop.IDS[:2])"
    (tmp_path / "other.py").write_text("")
    first = told(script)
    (tmp_path / "other.py").write_text("import random, uuid; A = uuid.uuid4(), random.randbytes(9)")
    assert first == told(script)


def test_the_machine_before_is_back_after_a_failure(told: Told) -> None:
    """An import that fails inside of another machine leaves that machine in place."""
    script = """
patches.install()
with on(Machine()) as machine:
    try:
        with patches.importing(): raise KeyError
    except KeyError: told(context.current is machine)
"""
    assert told(script) is True
