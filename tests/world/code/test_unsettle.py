"""Unsettle: an ordinary interpreter is as it always was; one that is asked to is made different, and tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from fozzy.world.code.unsettle import AGE_S, VARIABLE, asked, scatters

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


SHIFTED = """
import json, os, sys
sys.path[:0] = [sys.argv[1], "."]
from fozzy.world.code import unsettle
from fozzy.world.code.places import Places
unsettle.begin(Places(["."], "."))
import shutil, pathlib
shutil.copy2("a", "b")
found = os.stat("a")
print(json.dumps([found.st_mtime, found.st_mtime_ns, os.path.getmtime("a"), pathlib.Path("a").stat().st_mtime,
                  found.st_size, id([]) % 4096]))
"""


def shifted(project: Path, request: dict[str, object]) -> list[float]:
    """What a file and an address look like in an interpreter that got this request."""
    (project / "a").write_text("text")
    os.utime(project / "a", (2_000_000_000, 2_000_000_000))
    env = {VARIABLE: json.dumps(request)}
    done = subprocess.run(
        [sys.executable, "-B", "-c", SHIFTED, str(ROOT)], cwd=project, env=env, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    said: list[float] = json.loads(done.stdout)
    return said


def test_files_have_another_age(project: Path) -> None:
    """However one asks; their size is what it is, and they can still be copied."""
    seconds = 2_000_000_000 - AGE_S
    found = shifted(project, {"times": True})
    assert found[:5] == [seconds, seconds * 10**9, seconds, seconds, 4]
    assert shifted(project, {"order": True})[0] == 2_000_000_000


def test_objects_have_other_addresses(project: Path) -> None:
    """Also within a page, where the system never moves them; and only who is asked for it is started elsewhere."""
    found = (shifted(project, {"memory": number})[5] for number in range(1, 60))
    first = next(found)
    assert any(each != first for each in found)
    assert scatters({VARIABLE: json.dumps({"memory": 1})})
    assert not scatters({}) and not scatters({VARIABLE: json.dumps({"order": True})})


def test_the_informant_tells_what_goes_past_python(project: Path) -> None:
    """Machine code that is looked up, and files that the system makes, each with the line of the user's."""
    told = project / "told.jsonl"
    (project / "user.py").write_text(
        "import ctypes\ndef look():\n    ctypes.CDLL(None).getppid\n    open('/proc/self/stat').close()\n    return 1, 2\n"
    )
    env = {VARIABLE: json.dumps({"informant": str(told)})}
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROGRAM, str(ROOT)], cwd=project, env=env, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    kinds = {kind: at for kind, _, at in map(json.loads, told.read_text().splitlines())}
    assert kinds == {"native": "user.py:3", "system_file": "user.py:4"}


def test_the_informant_tells_what_user_code_asks(project: Path) -> None:
    """Each question is told once, with the line of the user's; what imports ask is not."""
    told = project / "told.jsonl"
    look(project, {"informant": str(told)})
    kinds = {kind: at for kind, _, at in map(json.loads, told.read_text().splitlines())}
    assert kinds == dict.fromkeys(("file_order", "clock", "environment", "random"), "user.py:4")
