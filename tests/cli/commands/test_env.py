"""`fozzy env`: every setting and where it came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.config import Settings
from fozzy.gate import parts


def origins(ran: Any) -> dict[str, tuple[Any, str]]:
    """Value and origin of every setting in a document."""
    return {each["name"]: (each["value"], each["origin"]) for each in ran.document()["settings"]}


def test_every_setting_is_shown_with_its_origin(
    project: Path, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flag before environment before file before default; each says which it was."""
    (project / "fozzy.toml").write_text('det = true\nbase_dir = "kept"\nproc_backend = "host"\n')
    monkeypatch.setenv("FOZZY_PROC_BACKEND", "scripted")
    monkeypatch.setenv("FOZZY_REDACT", "x-key, y-key")
    found = origins(fz("env", "--json", "--no-det"))
    assert set(found) == set(Settings.__struct_fields__)
    assert found["det"] == (False, "flag")
    assert found["base_dir"] == ("kept", "fozzy.toml")
    assert found["proc_backend"] == ("scripted", "FOZZY_PROC_BACKEND")
    assert found["redact"] == (["x-key", "y-key"], "FOZZY_REDACT")
    assert found["scenarios"] == ("scenarios/", "default")


def test_the_screen_has_a_line_for_each_setting(project: Path, fz: Callable[..., Any]) -> None:
    """Name, value, origin in columns; what a setting holds by name has lines of its own."""
    (project / "fozzy.toml").write_text("[limits]\ncall_ms_max = 5\n")
    ran = fz("env")
    assert ran.code == 0
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["limits.call_ms_max", "5", "fozzy.toml"] in lines
    assert ["det", "false", "default"] in lines
    assert "  fozzy.toml" in ran.out.splitlines()
    assert max(map(len, ran.out.splitlines())) <= 80


def test_a_part_from_elsewhere_says_so(project: Path, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of a table that a variable sets has the origin of its own."""
    (project / "fozzy.toml").write_text("[memory]\nfail_on_leak = true\nleak_budget = 5\n")
    monkeypatch.setenv("FOZZY_MEMORY_LEAK_BUDGET", "7")
    lines = [line.split() for line in fz("env").out.splitlines()]
    assert ["memory.fail_on_leak", "true", "fozzy.toml"] in lines
    assert ["memory.leak_budget", "7", "FOZZY_MEMORY_LEAK_BUDGET"] in lines
    (memory,) = [each for each in fz("env", "--json").document()["settings"] if each["name"] == "memory"]
    assert memory["value"] == {"fail_on_leak": True, "leak_budget": 7}
    assert (memory["origin"], memory["origins"]) == ("fozzy.toml", {"leak_budget": "FOZZY_MEMORY_LEAK_BUDGET"})


def test_a_report_that_nobody_knows_is_refused(
    project: Path, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As every run with these settings would refuse it."""
    monkeypatch.setenv("FOZZY_REPORTER", "junit=a.xml,jnit")
    assert fz("env").code == fz("run").code == 2
    assert 'there is no report format "jnit"' in fz("env").err


def test_without_a_file_that_is_said(project: Path, fz: Callable[..., Any]) -> None:
    """No configuration at all is fine."""
    (project / ".git").mkdir()
    ran = fz("env")
    assert ran.code == 0
    assert "no configuration file" in ran.out
    assert "configFile" not in fz("env", "--json").document() or fz("env", "--json").document()["configFile"] is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dett = true\n", 'there is no setting "dett"'),
        ("[limits]\ncall_ms = 1\n", 'there is no setting "limits.call_ms"'),
        ("[memory]\nleak_budge = 1\n", 'did you mean "leak_budget"?'),
        ("det = 3\n", '"det" must be true or false, got number 3'),
        ("det = \n", "is not TOML"),
    ],
)
def test_a_configuration_that_is_wrong_ends_it(text: str, message: str, project: Path, fz: Callable[..., Any]) -> None:
    """What cannot be understood is shown with its place, never ignored."""
    (project / "fozzy.toml").write_text(text)
    ran = fz("env")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "--> fozzy.toml:" in ran.err


def test_variables_of_the_proxy_that_are_set(
    project: Path, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its variable; a token is not shown; one that means nothing is refused with the nearest."""
    monkeypatch.setenv("FOZZY_CHAOS_RATE_LIMIT", "50/s, client:5/s")
    monkeypatch.setenv("FOZZY_CHAOS_CONTROL_TOKEN", "hush-hush")
    settings = {each["name"]: each for each in fz("env", "--json").document()["settings"]}
    assert settings["chaos.rate_limit"]["value"] == "50/s, client:5/s"
    assert settings["chaos.rate_limit"]["origin"] == "FOZZY_CHAOS_RATE_LIMIT"
    assert "hush" not in fz("env").said
    monkeypatch.setenv("FOZZY_CHAOS_DORP", "1")
    ran = fz("env")
    assert ran.code == 2 and 'did you mean "FOZZY_CHAOS_DROP"' in ran.said


def test_each_optional_part_is_told(project: Path, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is there, what it is for, and for one that is missing the command that brings it."""
    monkeypatch.setattr(parts, "SYSTEM", "linux")
    monkeypatch.setattr(parts, "is_there", lambda part: part.name != "redis-server")
    said = fz("env").out.splitlines()
    row = next(index for index, line in enumerate(said) if line.split()[:2] == ["missing", "redis-server"])
    assert said[row + 1].strip() == "apt-get install redis-server"
    assert sum(line.split()[:1] == ["found"] for line in said) == len(parts.PARTS) - 1
    listed = {each["name"]: each for each in fz("env", "--json").document()["parts"]}
    assert list(listed) == list(parts.PARTS)
    assert listed["redis-server"]["found"] is False and listed["git"]["found"] is True
    assert all(each["purpose"] and each["get"] for each in listed.values())


def test_the_screen_fits_whatever_is_missing(
    project: Path, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eighty columns are enough, also where nothing optional is there."""
    monkeypatch.setattr(parts, "is_there", lambda _: False)
    assert max(map(len, fz("env").out.splitlines())) <= 80
