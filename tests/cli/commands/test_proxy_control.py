"""`fozzy proxy status`, `start` and `stop` against a proxy that really runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.chaos.started import Started
from tests.chaos.upstream import Upstream
from tests.cli.test_json_documents import validator


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A proxy with controls, before a real service."""
    folder = tmp_path_factory.mktemp("proxy")
    (folder / "a.toml").write_text("[faults]\ndrop = 0.000001\n[scenarios.rush]\nfaults.status = { codes = [503] }\n")
    with Upstream() as upstream, Started("--upstream", upstream.url, "--chaos", "a.toml", cwd=folder) as proxy:
        yield proxy


@pytest.fixture
def fzp(proxy: Started, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """`fozzy proxy …` for that proxy; no scenario is left active."""
    monkeypatch.setenv("FOZZY_CHAOS_CONTROL", proxy.control.removeprefix("http://"))
    yield lambda *words: fz("proxy", *words)
    proxy.controls("DELETE", "/fozzy/scenarios")


def test_status(fzp: Callable[..., Any], proxy: Started) -> None:
    """Where, what may go wrong, how many requests, how long they took, what became of each fault."""
    proxy.controls("POST", "/fozzy/reset")
    proxy.ask("/a")
    said = fzp("status").said
    assert "fozzy proxy  127.0.0.1:" in said
    assert "faults     drop on 0.0001%" in said
    assert re.search(r"traffic +\d+ requests? ", said)
    assert "p50 " in said
    assert "200 x 1" in said
    assert "drop              server" in said
    assert re.fullmatch(r"\d+ requests?, chaos is on\n", fzp("status", "-q").out)


def test_start_and_stop(fzp: Callable[..., Any], proxy: Started) -> None:
    """In its place, laid over it, for a time; stopping restores what was before."""
    before = proxy.controls("GET", "/fozzy/config")
    assert "started slow_backend" in fzp("start", "slow_backend").said
    assert "scenario slow_backend" in fzp("status").said
    assert "started rush for 30s" in fzp("start", "rush", "--stack", "--for", "30s").said
    assert "slow_backend + rush" in fzp("status", "-q").said
    assert "stopped rush" in fzp("stop", "rush").said
    assert fzp("stop").out == "  stopped all scenarios\n  faults     drop on 0.0001%\n"
    assert proxy.controls("GET", "/fozzy/config") == before


def test_documents(fzp: Callable[..., Any], proxy: Started) -> None:
    """What the control API answers, in its own names, in our envelope."""
    where = proxy.control.removeprefix("http://")
    for words, field in (
        (("status",), "status"),
        (("start", "rush"), "active"),
        (("stop",), "holds"),
        (("journal",), "entries"),
    ):
        said = fzp(*words, "--json").document()
        assert (said["command"], said["status"], said["control"]) == (f"proxy {words[0]}", "pass", where)
        assert field in said["answer"]
        assert [each.message for each in validator(said["command"]).iter_errors(said)] == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("start", "slow_backed"), "chaos.unknown_scenario"),
        (("start", "rush", "--for", "soon"), "usage.bad_value"),
        (("start",), "usage.missing"),
        (("stop", "rush"), "chaos.not_active"),
        (("status", "--control", "nowhere"), "usage.bad_value"),
        (("status", "--control", "127.0.0.1:1"), "chaos.control_unreachable"),
    ],
)
def test_what_cannot_be(words: tuple[str, ...], code: str, fzp: Callable[..., Any]) -> None:
    """Status 2 and the reason, by the proxy's own code where it was asked."""
    ran = fzp(*words, "--json")
    assert ran.code == 2
    assert ran.document()["error"]["code"] == code


def test_the_port_of_the_traffic_is_not_the_controls(fzp: Callable[..., Any], proxy: Started) -> None:
    """It is told apart from a proxy that does not answer."""
    ran = fzp("status", "--control", proxy.url.removeprefix("http://"), "--json")
    assert ran.document()["error"]["code"] == "chaos.control_stranger"


def test_nobody_said_where(fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A usage error that shows how."""
    monkeypatch.delenv("FOZZY_CHAOS_CONTROL", raising=False)
    ran = fz("proxy", "status", "--json")
    assert (ran.code, ran.document()["error"]["code"]) == (2, "chaos.no_control")


def test_a_token_is_asked_for_and_taken(fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the flag or by the variable; without it nobody controls."""
    with Started("--control-token", "hush-hush-1") as proxy:
        where = proxy.control.removeprefix("http://")
        assert fz("proxy", "status", "--control", where, "--json").document()["error"]["code"] == "chaos.api_token"
        assert fz("proxy", "status", "--control", where, "--control-token", "hush-hush-1").code == 0
        monkeypatch.setenv("FOZZY_CHAOS_CONTROL_TOKEN", "hush-hush-1")
        assert fz("proxy", "status", "--control", where).code == 0
        assert "hush-hush-1" not in "\n".join(proxy.lines)
