"""Unsettle: an ordinary interpreter is as it always was; one that is asked to is made different, and tells."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from fozzy.world.code.unsettle import VARIABLE, asked

ROOT = Path(__file__).parent.parent.parent.parent
USER = """
import os, random, time
def look():
    return os.listdir("."), [each.name for each in os.scandir(".")], time.time(), os.environ.get("A"), random.random()
"""
PROGRAM = """
import json, os, sys
sys.path[:0] = [sys.argv[1], "."]
from fozzy.world.code import unsettle
from fozzy.world.code.places import Places
unsettle.begin(Places(["."], "."))
import user
print(json.dumps([user.look()[:2], "FOZZY_UNSETTLE" in os.environ, sys.getswitchinterval()]))
"""


def look(project: Path, request: dict[str, object] | None) -> list[object]:
    """What user code sees in an interpreter that got this request."""
    (project / "user.py").write_text(USER)
    for name in ("a", "b", "c"):
        (project / name).write_text("")
    env = {} if request is None else {VARIABLE: json.dumps(request)}
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROGRAM, str(ROOT)], cwd=project, env=env, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    said: list[object] = json.loads(done.stdout)
    return said


def test_the_hash_seed_is_fixed_unless_asked() -> None:
    """Without a request an interpreter gets the seed 0 and nothing else."""
    assert asked({}) == {"PYTHONHASHSEED": "0"}
    text = json.dumps({"hash_seed": 7})
    assert asked({VARIABLE: text}) == {"PYTHONHASHSEED": "7", VARIABLE: text}


def test_an_ordinary_interpreter_is_left_alone(project: Path) -> None:
    """Files come as the system lists them, threads change places as ever."""
    [_, is_seen, interval] = look(project, None)
    assert (is_seen, interval) == (False, sys.getswitchinterval())


def test_files_are_listed_in_another_order(project: Path) -> None:
    """Both ways of listing are turned round, and the request is not seen by user code."""
    [listed, is_seen, _] = look(project, {"order": True})
    assert listed == [["user.py", "c", "b", "a"]] * 2
    assert is_seen is False


def test_the_informant_tells_what_user_code_asks(project: Path) -> None:
    """Each question is told once, with the line of the user's; what imports ask is not."""
    told = project / "told.jsonl"
    look(project, {"informant": str(told)})
    kinds = {kind: at for kind, _, at in map(json.loads, told.read_text().splitlines())}
    assert kinds == dict.fromkeys(("file_order", "clock", "environment", "random"), "user.py:4")
