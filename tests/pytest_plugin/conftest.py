"""What tests of the plugin share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pytest_plugin.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that uses the plugin."""
    return Project(tmp_path)
