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


def is_allowed() -> bool:
    """Whether the system grants it: some sandboxes do not."""
    ask = f"import ctypes; print(ctypes.CDLL(None).personality({addresses.ADDR_NO_RANDOMIZE}))"
    return subprocess.run([sys.executable, "-c", ask], capture_output=True, check=True).stdout.strip() != b"-1"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can be asked for it")
def test_memory_lies_at_the_same_addresses() -> None:
    """Processes started unscattered have their objects at the same addresses, and those started after do not."""
    before = len(said())
    with unscattered():
        assert len(said()) == 1 or not is_allowed()
    assert len(said()) > 1 or before == 1


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
