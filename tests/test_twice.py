"""What a failing test of ours means for a commit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.twice import AGAIN_MAX

ROOT = Path(__file__).parents[1]
ONCE = """
from pathlib import Path

def test_once():
    said = Path("said")
    said.write_text(said.read_text() + "x" if said.exists() else "x")
    assert said.read_text() != "x"
"""
ALWAYS = "def test_always():\n    assert False\n"
MANY = f"import pytest\n\n@pytest.mark.parametrize('n', range({AGAIN_MAX + 1}))\ndef test_many(n):\n    assert False\n"


@pytest.mark.parametrize(
    ("test", "status", "said"),
    [
        ("def test_passes():\n    pass\n", 0, ""),
        (ONCE, 0, "FAILED BESIDE OTHERS, PASSED ALONE:\n  test_it.py::test_once\n"),
        (ALWAYS, 1, "once more, alone:\n"),
        (ONCE + ALWAYS, 1, "once more, alone:\n"),
        (MANY, 1, ""),
        ("import nowhere\n" + ONCE, 2, ""),
        ("", 5, ""),
    ],
    ids=["passes", "once", "always", "one-of-two", "many", "broken", "none"],
)
def test_what_fails_again_fails(test: str, status: int, said: str, tmp_path: Path) -> None:
    """A failure that passes alone is named and forgiven; any other, many at once, and no test at all are not."""
    (tmp_path / "test_it.py").write_text(test)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    env.pop("PYTEST_ADDOPTS", None)
    words = [sys.executable, "-m", "tests.twice", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stdout + done.stderr
    assert ("once more" in done.stdout) == bool(said)
    assert said in done.stdout
