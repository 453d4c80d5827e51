"""What a proxy begins with: flag over variable over file over scenario, field by field."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.chaos.files.flags import Value, flag_name, variable_name, variables_set
from fozzy.chaos.files.planned import Planned, planned
from fozzy.errors import FozzyError, InputError, UsageError
from fozzy.faults.http.plan import Bucket, Latency, Loss, Status
from fozzy.faults.http.predefined import PREDEFINED, SCENARIOS
from fozzy.faults.http.state import State


def begun(folder: Path | None = None, file: str = "", variables: dict[str, str] | None = None, **flags: str) -> Planned:
    """What flags, variables and a file with this text come to."""
    if file:
        assert folder is not None
        (folder / "a.toml").write_text(file, encoding="utf-8")
        flags["chaos"] = str(folder / "a.toml")
    given = {field: [Value(text, flag_name(field))] for field, text in flags.items()}
    environment = variables_set({variable_name(field): text for field, text in (variables or {}).items()})
    return planned(given, environment)


def test_nothing_said_is_an_empty_plan() -> None:
    """Without a flag nothing goes wrong."""
    got = begun()
    assert got.plan == type(got.plan)()
    assert (got.scenario, got.file, got.notes) == (None, None, [])


FILE = """\
[latency]
fixed = "1s"
jitter = 0.5
[faults]
drop = 0.25
malformed = 0.25
[limits]
loss = { probability = 0.1, as = "hang" }
"""


def test_each_field_is_of_the_strongest_who_says_it(tmp_path: Path) -> None:
    """One field from each: the delay of a flag, the drop of a variable, the damage of the file, the width of the scenario."""
    got = begun(
        tmp_path, FILE, {"drop": "0.5", "latency": "2s"}, latency_range="5ms..6ms", scenario="network_degradation"
    )
    section = got.section
    assert section.latency == Latency(uniform=("5ms", "6ms"), jitter=0.5)
    assert (section.faults.drop, section.faults.malformed) == (0.5, 0.25)
    assert section.limits.loss == Loss(probability=0.1, as_="hang")
    assert section.limits.bandwidth == "100KB/s"
    assert section.mode == "exclusive"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_alone_is_exactly_that_scenario(name: str) -> None:
    """By name from the command line: the effective section is the table's, and the plan stays empty below it."""
    got = begun(scenario=name)
    assert got.section == PREDEFINED[name]
    assert got.plan == type(got.plan)()


def test_stopping_the_scenario_leaves_what_else_was_said(tmp_path: Path) -> None:
    """The plan itself has the file and the flags and nothing of the scenario."""
    got = begun(tmp_path, FILE, scenario="slow_backend", drop="0.3")
    assert got.plan.latency == Latency(fixed="1s", jitter=0.5)
    assert got.plan.faults.drop == 0.3
    merged = State.begun(got.plan).scenario("slow_backend")
    assert merged is not None
    assert (merged.about, merged.latency) == (PREDEFINED["slow_backend"].about, got.plan.latency)


def test_a_scenario_of_the_file(tmp_path: Path) -> None:
    """Its own scenarios have names like the others, and keep their time."""
    got = begun(tmp_path, '[scenarios.rush]\nfor = "30s"\nlimits.global = { rate = "5/s" }\n', scenario="rush")
    assert got.section.limits.global_ == Bucket(rate="5/s")
    assert State.begun(got.plan).scenarios()["rush"].for_ == "30s"


def test_an_unknown_scenario_is_told_with_the_nearest() -> None:
    """By the flag's name or the variable's."""
    with pytest.raises(UsageError, match='--scenario: there is no scenario "slow_backed"') as caught:
        begun(scenario="slow_backed")
    assert caught.value.code == "chaos.unknown_scenario"
    assert caught.value.hint == 'did you mean "slow_backend"?'
    with pytest.raises(UsageError, match="FOZZY_CHAOS_SCENARIO: there is no scenario"):
        begun(variables={"scenario": "x"})


def test_a_jitter_finds_the_delay_of_the_scenario() -> None:
    """A flag that changes something changes what the scenario has; alone it is refused."""
    assert begun(scenario="slow_backend", jitter="50%").section.latency == Latency(
        fixed="2s", jitter=0.5, probability=1.0
    )
    with pytest.raises(UsageError, match="--jitter needs a delay"):
        begun(jitter="50%")


def test_what_contradicts_itself_only_together_is_refused(tmp_path: Path) -> None:
    """A file that is good, with a flag that makes its shares more than 1."""
    assert begun(tmp_path, FILE, exclusive="true").plan.mode == "exclusive"
    with pytest.raises(InputError, match="more than 1"):
        begun(tmp_path, FILE, exclusive="true", drop="0.9")
    with pytest.raises(InputError, match="more than 1"):
        begun(scenario="service_instability", drop="0.9")


def test_a_bad_file_is_refused_whatever_the_flags(tmp_path: Path) -> None:
    """A flag over a bad field does not make it good."""
    with pytest.raises(FozzyError, match="drop"):
        begun(tmp_path, "[faults]\ndrop = 5\n", drop="1")


def test_a_status_by_flag(tmp_path: Path) -> None:
    """The six steps of MockForge's document come as flags like this."""
    given = {
        "chaos_http_errors": [Value("500", "--chaos-http-errors")],
        "chaos_http_error_probability": [Value("1.0", "--chaos-http-error-probability")],
    }
    got = planned(given, {})
    assert got.section.faults.status == Status(codes=[500], probability=1.0)
    assert got.notes
