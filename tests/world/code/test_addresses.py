"""Tests for processes whose memory lies where it lay."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fozzy.world.code import addresses
from fozzy.world.code.addresses import unscattered

SAY = [sys.executable, "-I", "-S", "-c", "print(id(object()), id(print))"]


def said() -> set[bytes]:
    return {subprocess.run(SAY, capture_output=True, check=True, env={"PYTHONHASHSEED": "0"}).stdout for _ in range(3)}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be asked for it")
def test_memory_lies_at_the_same_addresses() -> None:
    """Processes started unscattered have their objects at the same addresses, and those started after do not."""
    if len(said()) == 1:
        pytest.skip("this system never scatters")
    with unscattered():
        assert len(said()) == 1
    assert len(said()) > 1


def test_nothing_is_changed_when_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a wish for it the system is not even asked, and where it has no such call nothing fails."""
    monkeypatch.setattr(addresses, "_personality", lambda: pytest.fail("it was asked"))
    with unscattered(False):
        pass
    monkeypatch.setattr(addresses, "_personality", lambda: None)
    with unscattered():
        pass


def test_a_refusal_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system refuses, things go on as they are."""
    asked: list[int] = []
    monkeypatch.setattr(addresses, "_personality", lambda: lambda given: asked.append(given) or -1)
    with unscattered():
        pass
    assert asked == [addresses.ASK]
