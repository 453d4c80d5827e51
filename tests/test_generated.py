"""Generated files are as the code would generate them now."""

from __future__ import annotations

import runpy
from pathlib import Path


def test_generated_files_are_fresh() -> None:
    """Schemas and reference pages follow from the code; `make generate` writes them."""
    made = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "generate.py"))
    assert made["stale"]() == []
