"""`fozzy proxy scenarios`: those that come with us, those of a file, those of a running proxy; one as a file says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.chaos.files.load import load_plan
from fozzy.faults.http.plan import Scenario
from fozzy.faults.http.predefined import PREDEFINED, PROFILES
from tests.chaos.started import Started

OWN = '[scenarios.rush]\nabout = "Many at once."\nfor = "30s"\nlimits.global = { rate = "5/s" }\n'


def test_every_scenario_is_listed_with_what_it_does(fz: Callable[..., Any]) -> None:
    """Offline; within eighty columns."""
    said = fz("proxy", "scenarios").said
    assert all(f"\n  {name}" in said for name in PREDEFINED)
    assert "network profiles" in said
    assert "latency 500ms ±20% on 80%   bandwidth 100KB/s   loss" in said
    assert all(len(each) <= 80 for each in said.splitlines())
    assert fz("proxy", "scenarios", "-q").out.split() == list(PREDEFINED)


def test_those_of_a_file_stand_first(project: Path, fz: Callable[..., Any]) -> None:
    """With their time; a file's scenario of the same name takes the other's place."""
    (project / "a.toml").write_text(OWN + "[scenarios.slow_backend]\nfaults.drop = 1\n")
    said = fz("proxy", "scenarios", "--chaos", "a.toml").said
    assert said.startswith("  scenarios of the chaos file\n  rush")
    assert "Many at once. It lasts 30s." in said
    document = fz("proxy", "scenarios", "--chaos", "a.toml", "--json").document()
    kinds = {each["name"]: each["kind"] for each in document["scenarios"]}
    assert (kinds["rush"], kinds["slow_backend"], kinds["peak_traffic"], kinds["cable"]) == (
        "own",
        "own",
        "predefined",
        "profile",
    )


@pytest.mark.parametrize("name", PREDEFINED)
def test_one_is_shown_as_a_file_says_it(name: str, project: Path, fz: Callable[..., Any]) -> None:
    """What is printed is a chaos file with that scenario; the document has the same."""
    (project / "a.toml").write_text(fz("proxy", "scenarios", name).out)
    assert load_plan(project / "a.toml").plan.scenarios == {name: PREDEFINED[name]}
    (body,) = fz("proxy", "scenarios", name, "--json").document()["scenarios"]
    assert msgspec.convert(body["config"], Scenario) == PREDEFINED[name]
    assert (body["active"], body["kind"]) == (None, "profile" if name in PROFILES else "predefined")


def test_those_of_a_running_proxy(project: Path, fz: Callable[..., Any]) -> None:
    """With the active one marked."""
    (project / "a.toml").write_text(OWN)
    with Started("--chaos", "a.toml", "--scenario", "rush", cwd=project) as proxy:
        where = proxy.control.removeprefix("http://")
        document = fz("proxy", "scenarios", "--control", where, "--json").document()
        assert [each["name"] for each in document["scenarios"] if each["active"]] == ["rush"]
        said = fz("proxy", "scenarios", "--control", where).said
        assert "active. Many at once." in said
        assert f"fozzy proxy start NAME --control {where}" in said
        assert '"5/s"' in fz("proxy", "scenarios", "rush", "--control", where).out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("slow_backed",), "chaos.unknown_scenario"),
        (("--chaos", "none.toml"), "chaos.unreadable"),
        (("--chaos", "a.toml", "--control", ":1"), "chaos.exclusive_flags"),
        (("--control", "127.0.0.1:1"), "chaos.control_unreachable"),
    ],
)
def test_what_cannot_be(words: tuple[str, ...], code: str, fz: Callable[..., Any]) -> None:
    """Status 2 and why."""
    ran = fz("proxy", "scenarios", *words, "--json")
    assert (ran.code, ran.document()["error"]["code"]) == (2, code)
