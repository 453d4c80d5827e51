"""`fozzy run`: one scenario, step by step, recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_a_seed_is_chosen_printed_and_recorded(shop: Any, fz: Callable[..., Any]) -> None:
    """Without a seed each run has its own, and what is printed makes the same run again."""
    seeds, drawn = [], []
    for _ in range(2):
        ran = fz("run", shop.failing)
        (again,) = re.findall(r"fozzy (run .*)", ran.out)
        seeds.append(again.rpartition(" ")[2])
        drawn.append(re.findall(r"rand_u64 +(\d+)", ran.out))
        assert re.findall(r"rand_u64 +(\d+)", fz(*again.split()).out) == drawn[-1]
    assert len(set(seeds)) == 2 and drawn[0] != drawn[1]


def test_the_seed_of_the_scenario_holds_unless_one_is_given(shop: Any, fz: Callable[..., Any]) -> None:
    """A flag stands before the scenario."""
    name = shop.edited("seeded", ('"vars"', '"seed": 5, "vars"'))
    assert fz("run", name, "--json").document()["identity"]["seed"] == 5
    assert fz("run", name, "--json", "--seed", "6").document()["identity"]["seed"] == 6


def test_a_run_is_always_kept(shop: Any, fz: Callable[..., Any]) -> None:
    """A passing run too has its trace in the store, and the aliases follow."""
    document = fz("run", shop.passing, "--json").document()
    assert document["identity"]["tracePath"] == f".fozzy/runs/{document['identity']['runId']}/trace.fozzy"
    assert "SAME" in fz("replay", "@last-pass").out
    fz("run", shop.failing)
    assert fz("replay", "@latest").code == 1 == fz("replay", "last-fail").code
    assert fz("replay", "@last-pass").code == 0


def test_a_recorded_run_is_in_the_store_too(shop: Any, fz: Callable[..., Any]) -> None:
    """--record names the file; a run id finds the same trace."""
    ran = fz("run", shop.failing, "--record", "deep/er/t.fozzy")
    assert "trace deep/er/t.fozzy   sealed" in ran.out
    assert "fozzy replay deep/er/t.fozzy " in ran.out
    run_id = Path(".fozzy/runs/latest").read_text()
    assert Path(".fozzy/runs", run_id, "trace.fozzy").read_bytes() == Path("deep/er/t.fozzy").read_bytes()


def test_collisions(shop: Any, fz: Callable[..., Any]) -> None:
    """append takes the next free name, error refuses before anything runs, overwrite replaces."""
    for _ in range(3):
        fz("run", shop.passing, "--record", "t.fozzy")
    assert sorted(path.name for path in Path().glob("t*.fozzy")) == ["t.1.fozzy", "t.2.fozzy", "t.fozzy"]
    before = Path("t.fozzy").read_bytes()
    refused = fz("run", shop.failing, "--record", "t.fozzy", "--record-collision", "error")
    assert refused.code == 2
    assert "error[trace.exists]: t.fozzy exists already" in refused.err
    assert "http_when" not in refused.out, "nothing ran"
    assert Path("t.fozzy").read_bytes() == before
    assert fz("run", shop.failing, "--record", "t.fozzy", "--record-collision", "overwrite").code == 1
    assert Path("t.fozzy").read_bytes() != before


@pytest.mark.parametrize("target", ["scenarios", "fozzy.toml/t.fozzy"])
def test_a_trace_that_was_asked_for_and_cannot_be_written(target: str, shop: Any, fz: Callable[..., Any]) -> None:
    """It is an error, with status 2, and nothing is left behind."""
    ran = fz("run", shop.passing, "--record", target)
    assert ran.code == 2, ran.out
    assert "error[trace." in ran.err
    assert [path.name for path in Path().rglob("*.partial")] == []


def test_flags_stand_before_the_scenario(shop: Any, fz: Callable[..., Any]) -> None:
    """--proc scripted makes a host scenario scripted; the command to paste says so."""
    ran = fz("run", shop.crashing, "--proc", "scripted", "--timeout", "5s", "--no-det")
    assert ran.code == 1
    assert "no proc_when answers sh" in ran.out
    assert re.search(r"fozzy run \S+ --seed \d+ --no-det --proc scripted --timeout 5s$", ran.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("settings", "flags", "code"),
    [
        ("fail_on_leak = true", [], 1),
        ("fail_on_leak = true", ["--no-fail-on-leak"], 0),
        ("leak_budget = 100", [], 0),
        ("leak_budget = 99", [], 1),
        ("leak_budget = 99", ["--leak-budget", "100"], 0),
    ],
)
def test_the_configuration_says_what_a_leak_makes_of_a_run(
    project: Path, fz: Callable[..., Any], scenario: Callable[..., Path], settings: str, flags: list[str], code: int
) -> None:
    """`[memory]` of the configuration counts where no flag says otherwise."""
    (project / "fozzy.toml").write_text(f"[memory]\n{settings}\n")
    path = scenario("leak", [{"type": "memory_alloc", "bytes": 100, "key": "p"}])
    assert fz("run", path, *flags).code == code


def test_a_leak(shop: Any, fz: Callable[..., Any], scenario: Callable[..., Path]) -> None:
    """A leak is shown always, and fails the run when that was asked for or it is over the budget."""
    path = scenario("leak", [{"type": "memory_alloc", "bytes": 100, "key": "p"}])
    for flags, code in (([], 0), (["--leak-budget", "100"], 0), (["--leak-budget", "99"], 1), (["--fail-on-leak"], 1)):
        ran = fz("run", path, *flags)
        assert ran.code == code
        assert "memory_leak: 100 bytes" in ran.out
        if code:
            (again,) = re.findall(r"fozzy (run .*)", ran.out)
            assert fz(*again.split()).code == 1


def test_a_long_run_is_bounded_on_the_screen(fz: Callable[..., Any], scenario: Callable[..., Path]) -> None:
    """After two hundred steps only failures are shown; -v shows all."""
    steps = [{"type": "set_kv", "key": f"k{number}", "value": "1"} for number in range(500)]
    path = scenario("long", [*steps, {"type": "fail", "message": "at last"}])
    ran = fz("run", path)
    assert ran.out.count("set_kv") == 200
    assert "… more steps: -v shows all" in ran.out
    assert "✗ 501 fail" in ran.out
    assert fz("run", path, "-v").out.count("set_kv") >= 500


def test_steps_are_numbered_as_the_summary_counts_them(fz: Callable[..., Any], scenario: Callable[..., Path]) -> None:
    """Only steps of setup and steps themselves have a number; what is inside a block or in teardown has none."""
    path = scenario(
        "blocks",
        [
            {"type": "group", "name": "g", "steps": [{"type": "trace_event", "name": "inside"}]},
            {"type": "fail", "message": "no"},
        ],
        setup=[{"type": "set_kv", "key": "a", "value": "1"}],
        teardown=[{"type": "set_kv", "key": "b", "value": "1"}],
    )
    ran = fz("run", path)
    shown = re.findall(r"^  (?: |✗) ([ \d]{2}) +(\w+)", ran.out.partition("\n\n")[0], re.MULTILINE)
    assert shown == [(" 1", "set_kv"), ("  ", "trace_event"), (" 2", "group"), (" 3", "fail"), ("  ", "set_kv")]
    assert "step 3 of 3" in ran.out


def test_a_suite_and_a_folder_are_not_run(shop: Any, fz: Callable[..., Any]) -> None:
    """`run` is for one scenario; what is for `test` says so with the command to use."""
    Path("all.fozzy.toml").write_text('version = 1\nname = "all"\n\n[suites]\none = ["scenarios/cart/*"]\n')
    suite, folder = fz("run", "all.fozzy.toml"), fz("run", "scenarios")
    assert (suite.code, folder.code) == (2, 2)
    assert "fozzy test all.fozzy.toml" in suite.err
    assert "fozzy test scenarios" in folder.err


def test_a_cluster_is_run(shop: Any, distributed: str, fz: Callable[..., Any]) -> None:
    """A distributed scenario is run once; it says how many nodes it has and how much virtual time went by."""
    ran = fz("run", distributed)
    assert ran.code == 0
    assert "3 nodes, 1 step" in ran.out and "of virtual time" in ran.out


def test_a_passing_run_of_an_expected_failure_is_shown_as_it_is(shop: Any, fz: Callable[..., Any]) -> None:
    """`expect` is for `test`; `run` shows the failure and ends with it."""
    ran = fz("run", shop.refused)
    assert ran.code == 1
    assert "fail: no" in ran.out


def test_real_answers_are_counted(shop: Any, fz: Callable[..., Any]) -> None:
    """A run that asked the real world says how often."""
    ran = fz("run", shop.crashing)
    assert ran.code == 4
    assert "(1 answer came from the real host)" in ran.out
    assert json.loads(fz("run", shop.crashing, "--json").out)["status"] == "crash"
