"""Where a running proxy is: a flag, else a variable, else nobody knows."""

from __future__ import annotations

import pytest

from fozzy.chaos.files.values import Address
from fozzy.cli.proxy_client import Talking
from fozzy.errors import UsageError


def test_a_flag_stands_before_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the address and for the token."""
    monkeypatch.setenv("FOZZY_CHAOS_CONTROL", ":1")
    assert Talking().where() == Address("127.0.0.1", 1)
    assert Talking(control="localhost:2").where() == Address("localhost", 2)
    assert Talking(control="localhost:2").control_flags == " --control localhost:2"
    assert Talking().control_flags == ""


def test_what_is_no_address_is_told_by_who_said_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The flag or the variable."""
    with pytest.raises(UsageError, match="--control must be HOST:PORT"):
        Talking(control="nowhere").where()
    monkeypatch.setenv("FOZZY_CHAOS_CONTROL", "nowhere")
    with pytest.raises(UsageError, match="FOZZY_CHAOS_CONTROL must be HOST:PORT"):
        Talking().where()


def test_without_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how a proxy gets controls."""
    monkeypatch.delenv("FOZZY_CHAOS_CONTROL", raising=False)
    with pytest.raises(UsageError) as caught:
        Talking().client()
    assert caught.value.code == "chaos.no_control"
    assert "--control 127.0.0.1:8474" in caught.value.hint
