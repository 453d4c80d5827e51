"""The release is one number, told without importing anything."""

from __future__ import annotations

import re
from pathlib import Path

import fozzy
from fozzy.version import VERSION

ROOT = Path(__file__).parent.parent


def test_there_is_one_version() -> None:
    """The version is three numbers, the package's own, and the package metadata takes it from there."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION) and fozzy.__version__ == VERSION
    assert 'version = { attr = "fozzy.version.VERSION" }' in (ROOT / "pyproject.toml").read_text()


def test_reading_it_imports_nothing() -> None:
    """The module with the version imports nothing, so that `fozzy version` costs no more than Python."""
    assert "import" not in (ROOT / "fozzy" / "version.py").read_text().split('"""')[2]
