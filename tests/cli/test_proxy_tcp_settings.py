"""From the words of `fozzy proxy tcp` to the settings of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.chaos.files.flags import Value, flag_name
from fozzy.chaos.settings import Controlled
from fozzy.chaos.tcp.planned import planned
from fozzy.chaos.tcp.settings import TcpRecording, TcpSettings
from fozzy.cli.proxy_tcp_settings import settings_of
from fozzy.errors import UsageError


def made(**flags: str) -> TcpSettings:
    """The settings of these flags."""
    begun = planned({name: [Value(text, flag_name(name))] for name, text in flags.items()}, {})
    return settings_of(begun, strict=True, keyed=False, redact=("pin",))


def test_each_flag_has_its_place() -> None:
    """What is kept, how it is controlled, under which seed."""
    settings = made(
        upstream="127.0.0.1:1",
        seed="7",
        record="t.fozzy",
        record_collision="error",
        control="127.0.0.1:8474",
        control_token="12345678",
        journal_size="5",
    )
    assert settings.recording == TcpRecording(path=Path("t.fozzy"), policy="error")
    assert settings.control == Controlled(address=settings.control.address, token="12345678") if settings.control else 0
    assert (settings.seed, settings.journal_size, settings.redact, settings.chaos_path) == (7, 5, ("pin",), "flags")


def test_without_flags_it_is_as_usual() -> None:
    """No recording, no controls, a seed that is chosen."""
    settings = made(upstream="127.0.0.1:1")
    assert (settings.recording, settings.control, settings.seed) == (None, None, None)


def test_controls_alone_are_enough() -> None:
    """Toxiproxy's clients make the proxies then."""
    assert made(control=":0").plan.proxies == []


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ({}, "chaos.no_proxy"),
        ({"upstream": "127.0.0.1:1", "record_collision": "error"}, "chaos.idle_flag"),
        ({"upstream": "127.0.0.1:1", "control_token": "12345678"}, "chaos.idle_flag"),
        ({"upstream": "127.0.0.1:1", "journal_size": "5"}, "chaos.idle_flag"),
    ],
)
def test_what_would_do_nothing_is_refused(flags: dict[str, str], code: str) -> None:
    """So nobody waits for it."""
    with pytest.raises(UsageError) as caught:
        made(**flags)
    assert caught.value.code == code
