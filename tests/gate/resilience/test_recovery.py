"""Recovery paths: which bodies of `except` clauses ran."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from fozzy.gate.resilience.recovery import clauses_in, covered

PROGRAM = """
def read(text):
    try:
        return int(text)
    except ValueError:
        return 0
    except (TypeError,
            KeyError):
        log = "none"
        return None


def write(text):
    try:
        return str(text)
    except:
        raise


read("one")
write("two")
"""


def test_a_clause_ran_when_its_body_did() -> None:
    """Of three clauses the first ran; that the second was looked at does not count."""
    found = list(clauses_in(PROGRAM, "a.py", {2, 3, 4, 5, 6, 7, 13, 14, 15}))
    assert [(each.line, each.text, each.ran) for each in found] == [
        (5, "except ValueError", True),
        (7, "except (TypeError,", False),
        (16, "except", False),
    ]
    assert list(clauses_in("def", "b.py", set())) == []


def test_a_clause_is_shown_by_its_own_line() -> None:
    """A form feed between sections, and a separator of lines in a text, end no line of Python."""
    text = "\x0c\nSAID = '\u2028'\r\n\x0c\ntry:\n    pass\nexcept ValueError:\n    pass\n"
    assert [(each.line, each.text) for each in clauses_in(text, "a.py", set())] == [(6, "except ValueError")]


def test_what_coverage_saw(tmp_path: Path) -> None:
    """The real coverage over a real program says the same; tests' own clauses do not count; nothing seen is none."""
    (tmp_path / "shop.py").write_text(PROGRAM, encoding="utf-8")
    test = "import shop\ntry:\n    pass\nexcept ValueError:\n    pass\n"
    (tmp_path / "test_shop.py").write_text(dedent(test), encoding="utf-8")
    data = tmp_path / "data"
    words = ["-m", "coverage", "run", f"--data-file={data}", f"--source={tmp_path}", "test_shop.py"]
    subprocess.run([sys.executable, *words], cwd=tmp_path, check=True, timeout=60)
    found = covered(data)
    assert found is not None and 50 < found.percent < 100
    assert [(Path(each.file).name, each.ran) for each in found.clauses] == [
        ("shop.py", True),
        ("shop.py", False),
        ("shop.py", False),
    ]
    assert len(found.never) == 2
    assert covered(tmp_path / "none") is None
