"""`fozzy trace`: verify, recover, show."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def pay(shop: Any, fz: Callable[..., Any]) -> Path:
    """The trace of a failing run."""
    fz("run", shop.failing, "--seed", "7", "--record", "pay.fozzy")
    return Path("pay.fozzy")


@pytest.fixture
def cut(pay: Path) -> Path:
    """What a killed run left: five whole records."""
    lines = pay.read_bytes().splitlines(keepends=True)
    path = Path("pay.fozzy.0badcafe.partial")
    path.write_bytes(b"".join(lines[:6]))
    return path


def checks(ran: Any) -> dict[str, str]:
    """The results of a screen by name."""
    return {name: result for result, name in re.findall(r"^  (ok|FAIL|skip) +(\w+)  ", ran.out, re.MULTILINE)}


def test_a_trace_that_can_be_trusted(pay: Path, fz: Callable[..., Any]) -> None:
    """Every part is looked at and holds; a run's id or alias names the trace as well."""
    for selector in (str(pay), "@latest", Path(".fozzy/runs/latest").read_text()[:6]):
        ran = fz("trace", "verify", selector)
        assert ran.code == 0
        assert set(checks(ran).values()) == {"ok"}
        assert set(checks(ran)) == {"header", "sequence", "clock", "scenario", "checksum", "end"}
    assert fz("trace", "verify", pay, "-q").out == "pay.fozzy  trusted\n"


@pytest.mark.parametrize(
    ("old", "new", "failing"),
    [
        (b"POST /pay 200", b"POST /pay 201", {"checksum"}),
        (b'"n":4', b'"n":5', {"checksum", "sequence"}),
        (b"charged once", b"charged 0nce", {"checksum", "scenario"}),
    ],
)
def test_a_trace_that_was_changed(old: bytes, new: bytes, failing: set[str], pay: Path, fz: Callable[..., Any]) -> None:
    """What does not hold is named, and the way to look at it all the same."""
    pay.write_bytes(pay.read_bytes().replace(old, new, 1))
    ran = fz("trace", "verify", pay)
    assert ran.code == 6
    assert {name for name, result in checks(ran).items() if result == "FAIL"} == failing
    assert "fozzy trace show pay.fozzy --unsafe" in ran.out
    assert fz("trace", "verify", pay, "--unsafe").code == 6
    assert fz("trace", "verify", pay, "-q").out == "pay.fozzy  NOT TRUSTED\n"


def test_what_a_killed_run_left(cut: Path, fz: Callable[..., Any]) -> None:
    """It is not trusted unless that is accepted; the way to save it is told, and works."""
    ran = fz("trace", "verify", cut)
    assert ran.code == 6
    assert "truncated: no footer; 2 of ? choices readable" in ran.out
    assert fz("trace", "verify", cut, "--unsafe").code == 0
    (words,) = re.findall(r"fozzy (trace recover \S+)", ran.out)
    saved = fz(*words.split())
    assert saved.code == 0
    assert "recovered 5 records into pay.1.fozzy, sealed as incomplete" in saved.out
    (again,) = re.findall(r"fozzy (replay \S+ --unsafe)", saved.out)
    assert fz(*again.split()).code == 0
    verified = fz("trace", "verify", "pay.1.fozzy")
    assert verified.code == 0
    assert "incomplete: the run was cut off before its end" in verified.out


def test_recovering_obeys_the_collision_policy(cut: Path, pay: Path, fz: Callable[..., Any]) -> None:
    """The name of the trace, or --out, whose folder is made; taken names as everywhere. What is whole is not recovered."""
    before = pay.read_bytes()
    assert fz("trace", "recover", cut, "--record-collision", "error").code == 2
    assert fz("trace", "recover", cut, "--out", "sub/r.fozzy").code == 0
    assert fz("trace", "verify", "sub/r.fozzy").code == 0
    assert fz("trace", "recover", cut, "--out", "r.fozzy", "--json").document()["records"] == 5
    assert pay.read_bytes() == before
    assert fz("trace", "recover", cut, "--record-collision", "overwrite").code == 0
    assert pay.read_bytes() != before
    sealed = fz("trace", "recover", "r.fozzy")
    assert (sealed.code, "error[trace.sealed_already]" in sealed.err) == (2, True)


def test_showing_records(pay: Path, fz: Callable[..., Any]) -> None:
    """All records, or those from one number to another, with what the run was."""
    ran = fz("trace", "show", pay)
    assert ran.code == 0
    assert [int(number) for number in re.findall(r"^ +(\d+) +\d+ms  ", ran.out, re.MULTILINE)] == list(range(9))
    some = fz("trace", "show", pay, "--from", "2", "--to", "4")
    assert re.findall(r"^ +(\d+) +\d+ms  ", some.out, re.MULTILINE) == ["2", "3", "4"]
    document = fz("trace", "show", pay, "--json", "--from", "7").document()
    assert [record["n"] for record in document["records"]] == [7, 8]
    assert document["header"]["seed"] == 7
    assert document["footer"]["summary"]["status"] == "fail"


def test_showing_what_cannot_be_trusted(pay: Path, cut: Path, fz: Callable[..., Any]) -> None:
    """It is shown as it stands, with a warning on stderr and 6; with --unsafe it is only a warning."""
    pay.write_bytes(pay.read_bytes().replace(b"POST /pay 200", b"POST /pay 201", 1))
    for path, said in ((pay, "its seal does not hold"), (cut, "the run was cut off")):
        ran = fz("trace", "show", path)
        assert ran.code == 6
        assert f"warning: {path}: " in ran.err and said in ran.err
        assert "http_when" in ran.out
        assert fz("trace", "show", path, "--unsafe").code == 0


def test_a_trace_full_of_hostile_data(fz: Callable[..., Any], scenario: Callable[..., Path]) -> None:
    """What a trace says is data: no control reaches the screen, whatever its length."""
    evil = "\x1b[2J\x00\u202e[/bold]" + "x" * 100_000
    path = scenario("evil", [{"type": "trace_event", "name": evil, "fields": {evil: evil}}])
    fz("run", path, "--record", "evil.fozzy")
    for words in (("show", "evil.fozzy"), ("verify", "evil.fozzy")):
        ran = fz("trace", *words)
        assert ran.code == 0
        assert all(each.isprintable() for each in ran.out.splitlines())
        assert len(ran.out) < 20_000
    assert json.loads(fz("trace", "show", "evil.fozzy", "--json").out)["records"][0]["name"] == evil


@pytest.mark.parametrize("command", ["verify", "recover", "show"])
@pytest.mark.parametrize("content", [None, b"", b"hello\n", b"{}\n", b"\x00" * 100])
def test_what_is_no_trace(command: str, content: bytes | None, project: Path, fz: Callable[..., Any]) -> None:
    """A file that is missing or does not begin as a trace ends each command with 2 and a reason."""
    if content is not None:
        (project / "a.fozzy").write_bytes(content)
    ran = fz("trace", command, "a.fozzy")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("error[trace.")
