"""The public API is these names and no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fozzy

NAMES = [
    "Finding",
    "FozzyError",
    "Loaded",
    "Location",
    "Replayed",
    "Result",
    "Summary",
    "Verification",
    "__version__",
    "chaos",
    "load",
    "replay",
    "run",
    "verify",
]


def test_the_public_names_are_pinned() -> None:
    """`fozzy.__all__` is this list, at most fifteen names, and each of them resolves."""
    assert fozzy.__all__ == NAMES
    assert len(NAMES) <= 15
    assert all(getattr(fozzy, name) is not None for name in NAMES)


def test_importing_fozzy_imports_nothing_heavy() -> None:
    """`import fozzy` costs nothing: its names are imported when first used."""
    code = "import sys, fozzy; print([name for name in ('msgspec', 'typer', 'trio', 'rich') if name in sys.modules])"
    root = Path(__file__).parent.parent
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert shown.stdout.strip() == "[]"
