"""Files: the order in which a disk lists a folder is nobody's business."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told


def test_folders_are_listed_by_name(told: Told, tmp_path: Path) -> None:
    """Every way to list a folder gives the order of names on a machine, and the disk's outside."""
    for name in ("b", "a", "d", "c"):
        (tmp_path / name).write_text("")
    script = """
listed = os.listdir
os.listdir = lambda path=".": sorted(listed(path), reverse=True)
scanned = os.scandir
class Turned:
    def __init__(self, path): self.left = iter(sorted(scanned(path), key=lambda e: e.name, reverse=True))
    def __iter__(self): return self.left
    def __next__(self): return next(self.left)
    def __enter__(self): return self
    def __exit__(self, *_): pass
    close = __exit__
os.scandir = lambda path=".": Turned(path)
patches.install()
import glob, pathlib
def read():
    with os.scandir() as entries: names = [each.name for each in entries]
    return [os.listdir(), os.listdir("."), names, next(iter(os.walk(".")))[2], glob.glob("?"), [each.name for each in pathlib.Path().iterdir()]]
with on(Machine()): inside = read()
told([inside, read()[:3]])
"""
    inside, outside = told(script)
    assert inside == [["a", "b", "c", "d"]] * 6
    assert outside == [["d", "c", "b", "a"]] * 3
