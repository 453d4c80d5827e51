"""Which of the user's files are read: those that were opened for it, below the folders of a run, each told once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WATCHED = """\
import json, os, sys
from fozzy.world.code.opened import Opened
from fozzy.world.code.places import Places

opened = Opened(Places([os.getcwd()], os.getcwd()))
sys.path.insert(0, os.getcwd())
import plain
first = opened.take()
open("data.txt").close()
open(b"bytes.txt", "rb").close()
os.close(os.open("low.txt", os.O_RDONLY))
open("written.txt", "w").close()
open("appended.txt", "a").close()
os.close(os.open("made.txt", os.O_WRONLY | os.O_CREAT))
open("data.txt").close()
open(os.devnull).close()
for wrong in ("missing.txt", "a\\0b"):
    try:
        open(wrong)
    except (OSError, ValueError):
        pass
import pickle
print(json.dumps([first, opened.take(), opened.take(), opened.seen]))
"""


def test_what_is_opened_to_be_read_is_told_once(tmp_path: Path) -> None:
    """Modules and data, also what was not there; nothing that is written, and nothing of others."""
    import json

    for name in ("data.txt", "bytes.txt", "low.txt", "plain.py"):
        (tmp_path / name).write_text("")
    root = Path(__file__).parent.parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    first, second, third, seen = json.loads(done.stdout)
    assert [os.path.basename(path) for path in first] == ["plain.py"]
    assert [os.path.basename(path) for path in second] == ["bytes.txt", "data.txt", "low.txt", "missing.txt"]
    assert third == []
    assert sorted([*first, *second]) == seen
