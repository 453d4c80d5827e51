"""Options that several commands share."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from fozzy.cli.commands.run import Run
from fozzy.cli.options import config_of, duration_option, seed_of, suite_seed
from fozzy.cli.words import parse
from fozzy.config import Config, Memory, Settings
from fozzy.dsl.scenario import SEED_MAX
from fozzy.errors import ConfigError, UsageError


@pytest.mark.parametrize("seed", [0, 7, SEED_MAX])
def test_a_seed_fits_into_a_double(seed: int) -> None:
    """Seeds from 0 to 2^53-1 are taken as they are."""
    assert seed_of(Run(scenario="a", seed=seed)) == seed
    assert suite_seed(Run(scenario="a", seed=seed)) == seed


@pytest.mark.parametrize("seed", [-1, SEED_MAX + 1, 10**30])
def test_any_other_seed_is_refused(seed: int) -> None:
    """A seed out of range is a mistake, never cut to fit."""
    with pytest.raises(UsageError, match=str(SEED_MAX)):
        seed_of(Run(scenario="a", seed=seed))


def test_without_a_seed_one_is_drawn() -> None:
    """Two suites without a seed have different ones, both in range."""
    drawn = {suite_seed(Run(scenario="a")) for _ in range(8)}
    assert len(drawn) > 1
    assert all(0 <= seed <= SEED_MAX for seed in drawn)
    assert seed_of(Run(scenario="a")) is None


@pytest.mark.parametrize(("text", "duration_ns"), [(None, None), ("5ms", 5_000_000), ("2h", 7_200 * 10**9)])
def test_durations(text: str | None, duration_ns: int | None) -> None:
    """A duration is a whole number and a unit; none is none."""
    assert duration_option("--timeout", text) == duration_ns


@pytest.mark.parametrize("text", ["", "5", "ms", "1.5s", "-5ms", "0s", "5 ms", "5min", "9" * 40 + "s"])
def test_what_is_no_duration(text: str) -> None:
    """Anything else is a mistake that names the option and shows one that is right."""
    with pytest.raises(UsageError) as caught:
        duration_option("--timeout", text)
    assert caught.value.message.startswith("--timeout ")
    assert "--timeout 500ms" in caught.value.hint


def test_flags_become_options_of_the_run() -> None:
    """What is given goes into the run's options; what is not is left to scenario and configuration."""
    settings = Settings(det=True, redact=["x-key"])
    config = Config(settings, root=config_of(Run(scenario="a")).root, file=None, origins={})
    options = Run(scenario="a", det=False, proc="host", timeout="5ms", fail_on_leak=True).options(config)
    assert (options.det, options.proc, options.fs, options.timeout_ns) == (False, "host", None, 5_000_000)
    assert options.leak_bytes_max == 0
    assert options.settings is settings
    assert Run(scenario="a").options(config).leak_bytes_max is None
    assert Run(scenario="a", leak_budget=100, fail_on_leak=True).options(config).leak_bytes_max == 100


@pytest.mark.parametrize(
    ("given", "memory", "bytes_max"),
    [
        ({}, Memory(), None),
        ({}, Memory(leak_budget=9), 9),
        ({"fail_on_leak": True}, Memory(), 0),
        ({"fail_on_leak": True}, Memory(leak_budget=9), 9),
        ({"leak_budget": 5}, Memory(leak_budget=9, fail_on_leak=True), 5),
        ({"fail_on_leak": False}, Memory(leak_budget=9, fail_on_leak=True), None),
        ({"fail_on_leak": False, "leak_budget": 5}, Memory(fail_on_leak=True), 5),
    ],
)
def test_a_flag_beats_what_the_configuration_says_of_leaks(
    given: dict[str, Any], memory: Memory, bytes_max: int | None
) -> None:
    """`--no-fail-on-leak` puts all of it aside, a budget takes the place of the other, and else the configuration holds."""
    config = Config(Settings(memory=memory), root=Path(), file=None, origins={})
    options = Run(scenario="a", **given).options(config)
    asked = options.leak_bytes_max
    assert (options.settings.memory.leak_bytes_max if asked is None else asked) == bytes_max


def test_a_leak_budget_is_not_negative() -> None:
    """Less than nothing cannot leak."""
    with pytest.raises(UsageError, match="0 or more"):
        Run(scenario="a", leak_budget=-1).options(config_of(Run(scenario="a")))


@pytest.mark.parametrize(
    "flags",
    [
        "",
        "--det",
        "--no-det --proc host --fs host --http host",
        "--timeout 5ms --leak-budget 0",
        "--fail-on-leak --leak-budget 7",
        "--unsafe --det",
    ],
)
def test_run_flags_make_the_same_run_again(flags: str) -> None:
    """Pasted behind a command they ask for the same as the words that were given."""
    given = parse(["run", "a", *flags.split()])
    assert isinstance(given, Run)
    assert parse(["run", "a", *shlex.split(given.run_flags)]) == given


def test_a_configuration_that_is_named_must_exist() -> None:
    """There is no silent default."""
    with pytest.raises(ConfigError, match="there is no configuration file nowhere.toml"):
        config_of(Run(scenario="a", config="nowhere.toml"))
