"""`fozzy proxy journal` against a proxy that really runs."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.started import Started
from tests.chaos.upstream import Upstream

SOON_S = 30


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A proxy that drops what is below /bad, after a few requests."""
    folder = tmp_path_factory.mktemp("proxy")
    (folder / "a.toml").write_text('[[routes]]\npath = "/bad/*"\nfaults.drop = 1\n')
    words = ("--chaos", "a.toml", "--seed", "7")
    with Upstream() as upstream, Started("--upstream", upstream.url, *words, cwd=folder) as proxy:
        for path in ("/a?token=hush", "/bad/1", "/b"):
            proxy.ask(path, headers={"authorization": "hush-hush"})
        yield proxy


@pytest.fixture
def journal(proxy: Started, fz: Callable[..., Any]) -> Callable[..., Any]:
    """`fozzy proxy journal …` for that proxy."""
    where = proxy.control.removeprefix("http://")
    return lambda *words: fz("proxy", "journal", "--control", where, *words)


def paths(said: str) -> list[str]:
    """The paths in the lines of a journal."""
    return re.findall(r"GET (\S+)", said)


def test_the_latest_stand_last(journal: Callable[..., Any]) -> None:
    """A line each, as the proxy prints them, without what may be secret."""
    said = journal().said
    assert paths(said) == ["/a?…", "/bad/1", "/b"]
    assert "fault=drop route=routes[0]" in said
    assert "hush" not in said


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--status", "5xx"), ["/bad/1"]),
        (("--status", "200"), ["/a?…", "/b"]),
        (("--path", "/b*"), ["/bad/1", "/b"]),
        (("--action", "drop"), ["/bad/1"]),
        (("--action", "none"), ["/a?…", "/b"]),
        (("--route", "routes[0]"), ["/bad/1"]),
        (("--method", "post"), []),
        (("--source", "proxy", "--limit", "1"), ["/b"]),
        (("--test", "t1"), []),
        (("--since", "1h"), []),
    ],
)
def test_filters(words: tuple[str, ...], found: list[str], journal: Callable[..., Any]) -> None:
    """All that are given must hold."""
    assert paths(journal(*words).said) == found


def test_what_is_left_out_is_said(journal: Callable[..., Any]) -> None:
    """More that fit, and none at all."""
    assert "2 earlier requests fit: --limit shows more" in journal("--limit", "1").said
    assert "no request fits" in journal("--method", "post").said


def test_decisions(journal: Callable[..., Any]) -> None:
    """Every roll below its request: what was drawn, whether it hit, with which probability, whose."""
    said = journal("--decisions").said
    assert re.search(r"drop hit  0\.\d{4}  probability 1  by routes\[0\]", said)


def test_one_in_full(journal: Callable[..., Any], proxy: Started) -> None:
    """Headers and body, without secrets; an unknown one is told."""
    entries = proxy.controls("GET", "/fozzy/journal?order=oldest")["entries"]
    said = journal(str(entries[2]["entry"])).said
    assert "asked" in said and "truly answered" in said and "hush" not in said
    assert journal("999", "--json").document()["error"]["code"] == "chaos.unknown_entry"
    assert journal("x", "--json").document()["error"]["code"] == "usage.bad_value"


@pytest.mark.parametrize(
    "words", [("--limit", "0"), ("--limit", "501"), ("--action", "nope"), ("--status", "abc"), ("--follow", "--json")]
)
def test_what_makes_no_sense(words: tuple[str, ...], journal: Callable[..., Any]) -> None:
    """Status 2."""
    assert journal(*words).code == 2


def test_follow_goes_on_until_ctrl_c(tmp_path: Path) -> None:
    """What comes is shown as it comes; ending it is no failure."""
    with Upstream() as upstream, Started("--upstream", upstream.url, cwd=tmp_path) as proxy:
        where = proxy.control.removeprefix("http://")
        process = subprocess.Popen(
            [sys.executable, "-m", "fozzy", "proxy", "journal", "--control", where, "--follow", "--path", "/late*"],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent.parent)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None
        proxy.ask("/late/1")
        assert b"/late/1" in process.stdout.readline()
        proxy.ask("/late/2")
        assert b"/late/2" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=SOON_S)
        assert process.returncode == 0, out


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A proxy with a named route, a change of its plan, a note, a bad request and an upstream that is down."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "a.toml").write_text('[[routes]]\nname = "front"\npath = "/one"\nanswer.text = "hi"\n')
    words = ("--chaos", "a.toml", "--unsafe", "--upstream", "http://127.0.0.1:9")
    with Started(*words, cwd=folder) as proxy:
        proxy.ask("/one", headers={"X-Fozzy-Chaos-Drop": "often"})
        proxy.controls("POST", "/fozzy/disable")
        proxy.ask("/two")
        with socket.create_connection(("127.0.0.1", proxy.port)) as sock:
            sock.sendall(b"what is this\r\n\r\n")
            while sock.recv(4096):
                pass
        yield proxy


@pytest.fixture
def of(told: Started, fz: Callable[..., Any]) -> Callable[..., Any]:
    """`fozzy proxy journal …` for the one that tells."""
    return lambda *words: fz("proxy", "journal", "--control", told.control.removeprefix("http://"), *words)


def test_reasons_and_numbers_are_those_of_the_proxy(told: Started, of: Callable[..., Any]) -> None:
    """The list says why as the proxy's own lines do, with the same numbers and the route's name."""
    first, second, third = of().said.splitlines()[:3]
    assert first.split()[0] == "1" and "route=front" in first and "reason" not in first
    assert second.split()[0] == "3" and "reason=upstream_unreachable" in second
    assert third.split()[0] == "r1" and " 501 reason=method_unknown" in third
    assert of("--route", "front").said.splitlines()[0] == first


def test_one_in_full_tells_why(of: Callable[..., Any]) -> None:
    """An entry is found by its number; its reason and its notes stand in it."""
    assert re.search(r"note +ignored: .*X-Fozzy-Chaos-Drop", of("1").said, re.IGNORECASE)
    assert re.search(r"reason +upstream_unreachable", of("3").said)
    assert re.search(r"reason +method_unknown", of("r1").said)
    assert of("2").code != 0
