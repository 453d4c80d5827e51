"""What becomes of each crash of a campaign; the whole of it is tested in commands/test_fuzz.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SHY = """
calls = []

def parse(data: bytes) -> None:
    calls.append(data)
    if len(calls) == 3:
        raise RuntimeError("only on the third call")
    if data[:1] == b"{":
        raise ValueError("a brace")
"""


def test_the_trace_that_was_asked_for_is_of_the_first_crash_that_has_one(project: Path, fz: Any) -> None:
    """A crash that does not come again by itself has no trace and takes nobody's name."""
    Path("shy.py").write_text(SHY)
    said = fz("fuzz", "py:shy:parse", "--runs", "200", "--seed", "1", "--jobs", "1", "--record", "t.fozzy", "--json")
    crashes = said.document()["fuzz"]["crashes"]
    assert [crash["cause"][0].rpartition(".")[2] for crash in crashes] == ["RuntimeError", "ValueError"]
    assert [crash.get("tracePath") for crash in crashes] == [None, "t.fozzy"]
    assert said.document()["identity"]["tracePath"] == "t.fozzy"
    assert fz("replay", "t.fozzy", "--allow-code").code == 1
