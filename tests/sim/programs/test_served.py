"""What serves an application is imported once, and what is not installed is no error here."""

import sys

import pytest

from fozzy.sim.programs import served


def test_all_parts_are_imported() -> None:
    """Those that are installed."""
    pytest.importorskip("uvicorn")
    served.load()
    assert "uvicorn.protocols.http.auto" in sys.modules


def test_a_part_that_is_missing_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants it says so."""
    monkeypatch.setattr(served, "PARTS", ("no_such_module_at_all", "colorsys"))
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    served.load()
    assert "colorsys" in sys.modules and "no_such_module_at_all" not in sys.modules
