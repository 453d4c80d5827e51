"""From what was asked for to what a run depends on: all of it goes into the header."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fozzy.config import Memory, Settings
from fozzy.core.limits import Limits
from fozzy.dsl.load import Loaded, document, parse
from fozzy.engine.prepare import Options, for_host, header_of, ready, steps_file
from fozzy.errors import InputError, UsageError

STEP = {"type": "unfreeze"}
ASK = {"type": "http_request", "method": "GET", "path": "/a"}


def loaded(**parts: Any) -> Loaded:
    whole = {"version": 1, "name": "n", **({"steps": [STEP]} | parts)}
    return parse(document(json.dumps(whole, indent=1).encode(), "n", "n.fozzy.json", "json"))


def header(options: Options | None = None, **parts: Any) -> Any:
    return header_of(loaded(**parts), options or Options(), 5, "test")[0]


def test_the_header_says_what_the_run_depends_on() -> None:
    """Seed, mode and the scenario as read are in the header, with the digest of its bytes."""
    one = loaded()
    made = header_of(one, Options(det=True), 5, "test")[0]
    assert (made.seed, made.mode, made.det) == (5, "test", True)
    assert (made.scenario.text, made.scenario.digest) == (one.document.text, one.document.digest)
    assert not made.scenario.redacted


@pytest.mark.parametrize(
    ("flag", "own", "configured", "chosen"),
    [
        (None, None, "scripted", "scripted"),
        (None, None, "host", "host"),
        (None, "scripted", "host", "scripted"),
        (None, "host", "scripted", "host"),
        ("scripted", "host", "host", "scripted"),
        ("host", "scripted", "scripted", "host"),
    ],
)
def test_a_flag_beats_the_scenario_beats_the_config(flag: Any, own: Any, configured: Any, chosen: str) -> None:
    """Who answers is told by the flag, else the scenario, else the config."""
    options = Options(proc=flag, settings=Settings(proc_backend=configured))
    assert header(options, backends={"proc": own} if own else {}).backends.proc == chosen


@pytest.mark.parametrize(
    ("flag", "configured", "det"), [(None, False, False), (None, True, True), (False, True, False), (True, False, True)]
)
def test_det_is_the_flag_else_the_config(flag: bool | None, configured: bool, det: bool) -> None:
    """Virtual time is on when the flag, or else the config, says so."""
    assert header(Options(det=flag, settings=Settings(det=configured))).det is det


def test_timeouts_and_limits() -> None:
    """A timeout of the command beats the scenario's; a scenario's limits replace single ones of the config."""
    assert header(timeout="2ms").timeout_ns == 2 * 10**6
    assert header(Options(timeout_ns=7), timeout="2ms").timeout_ns == 7
    assert header().timeout_ns is None
    options = Options(settings=Settings(limits=Limits(call_ms_max=1, body_bytes_max=2)))
    assert header(options, limits={"body_bytes_max": 3}).limits == Limits(call_ms_max=1, body_bytes_max=3)


def test_secrets_are_not_in_the_header() -> None:
    """A secret of the scenario is neither in its embedded text nor elsewhere in the header."""
    made = header(steps=[{**ASK, "headers": {"authorization": "Bearer abcdefgh"}}])
    assert "abcdefgh" not in made.scenario.text and made.scenario.redacted


@pytest.mark.parametrize(
    ("parts", "configured", "count"),
    [
        ({"steps": [ASK]}, "", 1),
        ({"steps": [ASK], "http_base_url": "http://h"}, "", 0),
        ({"steps": [ASK]}, "http://h", 0),
        ({"steps": [{**ASK, "path": "http://h/a"}]}, "", 0),
        ({"steps": [{**ASK, "path": "${seed}"}]}, "", 0),
        ({"steps": [STEP], "setup": [ASK], "teardown": [ASK]}, "", 2),
        ({"steps": [{"type": "assert_throws", "steps": [{"type": "group", "name": "g", "steps": [ASK, ASK]}]}]}, "", 2),
    ],
)
def test_a_path_needs_a_base_url_with_a_real_host(parts: dict[str, Any], configured: str, count: int) -> None:
    """Every path that cannot be completed to a URL is a problem of the file at the path, told before anything runs."""
    options = Options(http="host", settings=Settings(http_base_url=configured))
    assert header(Options(settings=Settings(http_base_url=configured)), **parts)  # scripted answers need none
    if not count:
        assert header(options, **parts).backends.http == "host"
        return
    with pytest.raises(InputError) as caught:
        header(options, **parts)
    assert [problem.code for problem in caught.value.problems] == ["scenario.no_base_url"] * count
    assert all(
        problem.text[problem.where.col - 1 :].startswith('"/a"') for problem in caught.value.problems if problem.where
    )


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"distributed": {"node_count": 1, "steps": [{"type": "crash", "node": "n0"}]}}, "scenario.distributed"),
        ({"suites": {"a": ["b"]}}, "scenario.suite"),
    ],
)
def test_only_steps_are_run(part: dict[str, Any], code: str) -> None:
    """A distributed scenario and a suite are refused by name, never taken for something else."""
    whole = {"version": 1, "name": "n", **part}
    with pytest.raises(UsageError) as caught:
        steps_file(parse(document(json.dumps(whole).encode(), "n", "n.fozzy.json", "json")))
    assert caught.value.code == code and "n.fozzy.json" in caught.value.message


def test_a_ready_run_takes_all_from_its_header() -> None:
    """What the header says is what the run is set to: that is how a replay is the same run."""
    one = loaded(vars={"a": 1}, env=["HOME"])
    made, redactor = header_of(one, Options(det=True, leak_bytes_max=3, fs="host"), 5, "run")
    setting = ready(made, one, redactor, Path("/x")).setting
    assert (setting.seed, setting.det, setting.backends.fs, setting.leak_bytes_max) == (5, True, "host", 3)
    assert (setting.variables, setting.env_names, setting.root) == ({"a": 1}, frozenset({"HOME"}), Path("/x"))


def test_leaks_are_as_the_configuration_says() -> None:
    """What the options do not say of leaks the configuration does; a cluster has no heap that could leak."""
    settings = Settings(memory=Memory(fail_on_leak=True))
    assert header_of(loaded(), Options(settings=settings), 5, "run")[0].leak_bytes_max == 0
    assert header_of(loaded(), Options(settings=settings, leak_bytes_max=3), 5, "run")[0].leak_bytes_max == 3
    cluster = {
        "version": 1,
        "name": "n",
        "distributed": {"node_count": 1, "steps": [{"type": "tick", "duration": "1s"}]},
    }
    one = parse(document(json.dumps(cluster).encode(), "n", "n.fozzy.json", "json"))
    assert header_of(one, Options(settings=settings), 5, "run")[0].leak_bytes_max is None


def test_where_a_secret_is_kept_from_stays_readable() -> None:
    """The embedded scenario still says where in an answer its token is, at any depth, so that it can be replayed."""
    ask = {**ASK, "path": "http://x/a", "save": {"token": "$.token"}, "headers": {"authorization": "Bearer abcdef"}}
    text = header(setup=[{"type": "group", "name": "g", "steps": [ask]}]).scenario.text
    assert json.loads(text)["setup"][0]["steps"][0]["save"] == {"token": "$.token"}
    assert "abcdef" not in text


def test_a_body_cannot_pass_for_a_path() -> None:
    """Only what steps save is spared: a body that has a member of that name does not give its secret away."""
    ask = {**ASK, "method": "POST", "json": {"save": {"token": "abcdef"}}}
    assert "abcdef" not in header(steps=[ask]).scenario.text


def test_the_password_of_the_base_url_is_not_in_the_header() -> None:
    """It is a secret wherever it stands; a run that asks the host has the true one."""
    settings = Settings(http_base_url="http://ada:pw-778899@h.test")
    one = loaded(http_base_url="", vars={"note": "pw-778899"})
    made, redactor = header_of(one, Options(settings=settings), 5, "test")
    assert made.http_base_url == "http://ada:<redacted>@h.test"
    assert "pw-778899" not in made.scenario.text
    run = ready(made, one, redactor)
    nobody: Any = None
    assert run.plan.base_url(nobody) == made.http_base_url
    assert for_host(run, settings).plan.base_url(nobody) == settings.http_base_url
