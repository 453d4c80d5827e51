"""Programs of services are found where they are, and what is missing says what to install."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fozzy.chaos.services import binaries
from fozzy.errors import UsageError


def test_a_program_in_the_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH comes before the folders of packages."""
    program = tmp_path / "postgres"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert binaries.needed("postgres") == str(program)


def test_what_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the code by which the plugin leaves a test out, and names the package."""
    monkeypatch.setattr(binaries, "binary", lambda name: None)
    with pytest.raises(UsageError, match="postgres is not on this machine") as caught:
        binaries.needed("postgres")
    assert (caught.value.code, caught.value.hint) == (binaries.MISSING, "apt-get install postgresql")


def test_root_has_somebody_for_what_refuses_root() -> None:
    """There is another user exactly where we are root."""
    user = binaries.unprivileged()
    assert (user is not None) == (os.geteuid() == 0)
    assert user is None or user.pw_uid != 0
