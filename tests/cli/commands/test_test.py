"""`fozzy test`: what is found, what runs, what is said of it, and how it ends."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CART, CHECKOUT = "scenarios/cart", "scenarios/checkout"


def names(ran: Any) -> list[str]:
    """The scenarios of a screen, in order."""
    return re.findall(r"^ +(?:PASS|FAIL|TIMEOUT|CRASH|ERROR)  (\S+)", ran.out, re.MULTILINE)


def counts_of(document: Any) -> tuple[int, int]:
    """How many passed and failed."""
    return document["tests"].get("passed", 0), document["tests"].get("failed", 0)


def without_times(text: str) -> str:
    """A screen or document without what a clock or a fresh name put into it."""
    text = re.sub(r" +\d+ms$| +\d\.\d\ds$", "", text, flags=re.MULTILINE)
    text = re.sub(r"fozzy (?:replay|shrink) [0-9a-f]{4,8}|runs/[0-9a-f]{8}|jobs \d+", "", text)
    return re.sub(r'"(durationMs|durationNs|runId|startedAt|finishedAt)":("[^"]*"|\d+),', "", text)


def test_everything_below_the_scenarios_folder_runs_in_order(shop: Any, fz: Callable[..., Any]) -> None:
    """Without words the config's folder is walked, by name; each scenario has its line, and the status is the worst."""
    ran = fz("test", "-j1", "--seed", "1337")
    assert ran.code == 4
    assert ran.err == ""
    assert names(ran) == [
        "cart/add_item",
        "checkout/pay_twice",
        "orders/slow_refund",
        "programs/killed",
        "programs/refused",
    ]
    assert "5 scenarios: 2 passed, 1 failed, 1 timed out, 1 crashed" in ran.out


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([CART], ["cart/add_item"]),
        (["scenarios/c*"], ["cart/add_item", "checkout/pay_twice"]),
        (
            ["scenarios/**/*.json", CART],
            ["cart/add_item", "checkout/pay_twice", "orders/slow_refund", "programs/refused"],
        ),
        ([CHECKOUT, CART], ["checkout/pay_twice", "cart/add_item"]),
        ([CART, "scenarios/cart/add_item.fozzy.json", "./scenarios/cart"], ["cart/add_item"]),
        (["all.fozzy.toml"], ["checkout/pay_twice", "cart/add_item"]),
    ],
)
def test_words_name_files_folders_globs_and_suites(
    words: list[str], found: list[str], shop: Any, fz: Callable[..., Any]
) -> None:
    """What is named runs once, in the order of the words, within a word by name, within a suite as listed."""
    Path("all.fozzy.toml").write_text(
        'version = 1\nname = "all"\n\n[suites]\none = ["scenarios/checkout/*.json"]\ntwo = ["scenarios/cart/add_item.fozzy.json"]\n'
    )
    ran = fz("test", "-j1", *words)
    assert names(ran) == found


def test_two_workers_tell_what_one_tells(shop: Any, process: Callable[..., Any]) -> None:
    """But for times and names the screen and the document of --jobs 2 are those of --jobs 1."""
    screens = {without_times(process("test", "--seed", "7", "--jobs", jobs).out) for jobs in ("1", "2")}
    assert len(screens) == 1
    documents = {without_times(process("test", "--seed", "7", "--json", "-j", jobs).out) for jobs in ("1", "2")}
    assert len(documents) == 1
    assert counts_of(json.loads(documents.pop())) == (2, 3)


def test_a_missing_file_among_good_ones(shop: Any, broken: str, fz: Callable[..., Any]) -> None:
    """Everything is looked at first: all problems of all files are shown, and nothing runs or is written."""
    ran = fz("test", CART, "nowhere.fozzy.json", "bad", "also/nowhere")
    assert (ran.code, ran.out) == (2, "")
    for said in ("no file or folder nowhere.fozzy.json", 'unknown step type "slep"', "no file or folder also/nowhere"):
        assert said in ran.err
    assert not Path(".fozzy").exists()


def test_distributed_scenarios_are_run_with_the_others(shop: Any, distributed: str, fz: Callable[..., Any]) -> None:
    """None is left out in silence, wherever it was found."""
    Path("scenarios/zoo.fozzy.json").write_bytes(Path(distributed).read_bytes())
    for words, name in (([distributed, CART], distributed), (["scenarios/zoo.fozzy.json"], "scenarios/zoo.fozzy.json")):
        members = {each["path"]: each for each in fz("test", *words, "--json").document()["scenarios"]}
        assert (members[name]["status"], members[name]["nodes"]) == ("pass", 3)


@pytest.mark.parametrize(
    ("words", "found", "skipped"),
    [
        (["-k", "PAY"], ["checkout/pay_twice"], 4),
        (["-k", "refund is quick"], ["orders/slow_refund"], 4),
        (["--tag", "quick"], ["cart/add_item"], 4),
        (["--tag", "quick", "--tag", "money"], ["cart/add_item", "checkout/pay_twice", "orders/slow_refund"], 2),
        (["--not-tag", "money"], ["cart/add_item", "programs/killed", "programs/refused"], 2),
        (["--tag", "money", "--not-tag", "money"], [], 5),
        (["--tag", "money", "-k", "slow"], ["orders/slow_refund"], 4),
    ],
)
def test_filters(words: list[str], found: list[str], skipped: int, shop: Any, fz: Callable[..., Any]) -> None:
    """-k looks into path and name, tags are any of; what is left out is counted; nothing left ends with 5."""
    ran = fz("test", "-j1", *words)
    assert names(ran) == found
    assert f", {skipped} skipped" in ran.out
    document = fz("test", "-j1", *words, "--json").document()
    assert document["tests"].get("skipped") == skipped
    assert len(document.get("scenarios", [])) == len(found)
    if not found:
        assert ran.code == 5
        assert "nothing ran" in ran.out


def test_fail_fast_stops_after_the_first_failure(shop: Any, fz: Callable[..., Any]) -> None:
    """What did not run any more is counted as skipped."""
    ran = fz("test", "-x", "-j1")
    assert ran.code == 1
    assert names(ran) == ["cart/add_item", "checkout/pay_twice"]
    assert "2 scenarios: 1 passed, 1 failed, 3 skipped" in ran.out


def test_a_timeout_for_all(shop: Any, fz: Callable[..., Any]) -> None:
    """--timeout ends each run after so much of its time, and the command to paste ends it so again."""
    ran = fz("test", "-j1", CART, "--timeout", "2ms")
    assert ran.code == 3
    assert "the run took longer than its timeout of 2ms" in ran.out
    (again,) = re.findall(r"fozzy (run .*)", ran.out)
    assert fz(*again.split()).code == 3


def test_traces_of_several(shop: Any, fz: Callable[..., Any]) -> None:
    """--record keeps every scenario's trace, numbered in discovery order; of one it has the very name."""
    ran = fz("test", "-j1", CART, CHECKOUT, "--record", "t.fozzy")
    assert sorted(path.name for path in Path().glob("t*.fozzy")) == ["t.1.fozzy", "t.2.fozzy"]
    assert "fozzy replay t.2.fozzy" in ran.out
    assert fz("replay", "t.1.fozzy").code == 0
    assert fz("replay", "t.2.fozzy").code == 1
    fz("test", "-j1", CART, "--record", "one.fozzy")
    assert Path("one.fozzy").is_file()


def test_only_failing_traces_are_kept(shop: Any, fz: Callable[..., Any]) -> None:
    """Without --record the store has the trace of each failure by its number, and a run with one is named by its id."""
    document = fz("test", "-j1", "--json").document()
    folder = Path(document["identity"]["artifactsDir"])
    assert sorted(path.name for path in folder.glob("*.fozzy")) == ["2.fozzy", "3.fozzy", "4.fozzy"]
    assert [each.get("tracePath") for each in document["scenarios"]][0] is None
    run_id = document["identity"]["runId"]
    assert fz("replay", f"{run_id}/3").code == 3
    ambiguous = fz("replay", run_id[:6])
    assert ambiguous.code == 2
    assert "has 3 traces" in ambiguous.err
    one = fz("test", "-j1", CART, CHECKOUT, "--json").document()["identity"]["runId"]
    assert fz("replay", one[:6]).code == 1


def test_the_printed_command_does_the_same_run(shop: Any, fz: Callable[..., Any]) -> None:
    """`fozzy run FILE --seed DERIVED` draws what the suite drew, from the suite's seed alone."""
    drawn = {}
    for seed in ("7", "8"):
        lines = fz("test", "-j1", CHECKOUT, "--seed", seed, "-v").out
        drawn[seed] = re.findall(r"rand_u64 +(\d+)", lines)
        (again,) = re.findall(r"fozzy (run .*)", lines)
        assert re.findall(r"rand_u64 +(\d+)", fz(*again.split()).out) == drawn[seed]
    assert drawn["7"] != drawn["8"]


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        (None, 1, "SAME"),
        (("the card is charged once", "another name"), 1, "SAME"),
    ],
)
def test_a_kept_trace_that_still_fails(
    change: tuple[str, str] | None, code: int, word: str, shop: Any, fz: Callable[..., Any]
) -> None:
    """A trace carries its own scenario: it fails with the status it was recorded with, whatever the file says now."""
    fz("run", shop.failing, "--record", "kept/pay.fozzy")
    fz("run", shop.slow, "--record", "kept/slow.fozzy")
    if change:
        shop.edited(shop.failing.removesuffix(".fozzy.json"), change)
    ran = fz("test", "kept/pay.fozzy")
    assert ran.code == code
    assert re.search(rf"FAIL  kept/pay +{word} ", ran.out)
    slow = fz("test", "kept/slow.fozzy")
    assert slow.code == 3
    assert re.search(r"TIMEOUT  kept/slow +SAME ", slow.out)
    assert fz("test", "kept", "-j1").code == 3


def test_a_kept_trace_whose_run_passes(shop: Any, fz: Callable[..., Any]) -> None:
    """The trace of a run that passed passes as long as it is the same."""
    fz("run", shop.passing, "--record", "kept/ok.fozzy")
    ran = fz("test", "kept")
    assert ran.code == 0
    assert re.search(r"PASS  kept/ok +SAME ", ran.out)


def test_a_kept_trace_whose_failure_is_gone(shop: Any, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """FIXED passes: what fozzy or the user's code did wrong then, it does right now."""
    from fozzy.dsl.steps.checks import AssertEqInt

    fz("run", shop.failing, "--record", "kept/pay.fozzy")
    monkeypatch.setattr(AssertEqInt, "run", lambda *_: None)
    ran = fz("test", "kept", "-j1")
    assert ran.code == 0, ran.out
    assert re.search(r"PASS  kept/pay +FIXED ", ran.out)


def test_a_kept_trace_that_drifts_is_no_evidence(
    shop: Any, fz: Callable[..., Any], resealed: Callable[[bytes], bytes]
) -> None:
    """DRIFT ends with 6, which is worse than any failure, and is shown with the record and the cause."""
    fz("run", shop.failing, "--record", "kept/pay.fozzy")
    path = Path("kept/pay.fozzy")
    path.write_bytes(resealed(path.read_bytes().replace(b"POST /pay 200", b"POST /pay 201", 1)))
    ran = fz("test", "-j1", "kept", "scenarios")
    assert ran.code == 6
    assert re.search(r"ERROR  kept/pay +DRIFT ", ran.out)
    assert re.search(r"drift: DRIFT at record #\d", ran.out)


def test_a_trace_that_cannot_be_trusted_could_not_run(shop: Any, fz: Callable[..., Any]) -> None:
    """A damaged trace is shown once, with its code, and ends with 6; the rest runs."""
    fz("run", shop.failing, "--record", "kept/pay.fozzy")
    path = Path("kept/pay.fozzy")
    path.write_bytes(path.read_bytes().replace(b"POST /pay 200", b"POST /pay 201", 1))
    ran = fz("test", "-j1", "kept", CART)
    assert ran.code == 6
    assert names(ran) == ["kept/pay", "cart/add_item"]
    assert ran.said.count("trace.seal_broken") == 1
    assert "fozzy trace verify kept/pay.fozzy" in ran.out
    suite = ElementTree.fromstring(fz("test", "-j1", "kept", CART, "--reporter", "junit").out)[0]
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")
    assert "was changed after it was sealed" in (suite.find("testcase/error").get("message") or "")  # type: ignore[union-attr]


def test_an_unrunnable_scenario_is_an_error_with_its_reason(shop: Any, fz: Callable[..., Any]) -> None:
    """What turns out unrunnable only under these flags is an ERROR: message, place, the same command alone, status 2."""
    ran = fz("test", "-j1", CHECKOUT, CART, "--http", "host")
    assert ran.code == 2
    assert names(ran) == ["checkout/pay_twice", "cart/add_item"]
    assert "scenario.no_base_url: a path cannot be sent to a real host" in ran.out
    assert re.search(r"--> scenarios/checkout/pay_twice\.fozzy\.json:9:\d+\n", ran.out)
    (again,) = re.findall(r"fozzy (run .*)", ran.out)
    assert "scenario.no_base_url" in fz(*again.split()).err


@pytest.mark.parametrize(
    ("expect", "passes"),
    [
        ({"status": "fail"}, True),
        ({"status": "fail", "title": "assert_eq_int"}, True),
        ({"status": "fail", "title": "assert_eq_int", "at": "steps[5]"}, True),
        ({"status": "fail", "title": "assert_ok"}, False),
        ({"status": "fail", "at": "steps[1]"}, False),
        ({"status": "timeout"}, False),
    ],
)
def test_expected_failures(expect: dict[str, str], passes: bool, shop: Any, fz: Callable[..., Any]) -> None:
    """A scenario passes exactly when it ends as it says: status, title and place."""
    text = f'"expect": {json.dumps(expect)}, "vars"'
    name = shop.edited("scenarios/expected", ('"vars"', text))
    ran = fz("test", f"scenarios/{name}")
    assert ran.code == (0 if passes else 1)
    assert ("fail as expected" in ran.out) == passes


def test_an_expected_failure_that_does_not_happen(shop: Any, fz: Callable[..., Any]) -> None:
    """A scenario that should fail and passes has failed, and says so."""
    shop.edited("scenarios/mended", ('"vars"', '"expect": {"status": "fail"}, "vars"'), ('"b": 1', '"b": 2'))
    ran = fz("test", "scenarios/mended.fozzy.json")
    assert ran.code == 1
    assert "unexpected_pass: the scenario passed, but it says it ends with fail" in ran.out


def test_quiet_is_one_line(shop: Any, fz: Callable[..., Any]) -> None:
    """-q: counts, time, and the run to look at."""
    ran = fz("test", "-q", "-j1")
    assert re.fullmatch(
        r"2 passed, 1 failed, 1 timed out, 1 crashed in (?:\d+ms|[\d.m]+s) \(run [0-9a-f]{4,8}\)\n", ran.out
    )


def test_verbose_shows_steps_and_twice_every_record(shop: Any, fz: Callable[..., Any]) -> None:
    """-v: every step before its scenario; -vv: every choice and event with its place."""
    once = fz("test", "-v", "-j1", CART, CHECKOUT).out
    assert once.index("get_kv_assert") < once.index("PASS  cart/add_item") < once.index("rand_u64")
    assert "rand.dice" not in once
    twice = fz("test", "-vv", "-j1", CART, CHECKOUT).out
    assert re.search(r"^ +1 +0ms  draw +rand.dice \d+\.\.\d+ = \d+  steps\[1\]$", twice, re.MULTILINE)
    assert re.search(r"finding +assert_eq_int: 2 is not 1  steps\[5\]$", twice, re.MULTILINE)


def test_events_of_a_suite(shop: Any, fz: Callable[..., Any]) -> None:
    """--events: the records of each scenario in order, numbered from 0 in each, and the summary last."""
    ran = fz("test", "-j1", CART, CHECKOUT, "--events")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 1
    assert [each["scenario"] for each in lines[:-1]] == [shop.passing] * 3 + [shop.failing] * 9
    assert [each["n"] for each in lines[:-1]] == [*range(3), *range(9)]
    assert lines[-1]["command"] == "test" and counts_of(lines[-1]) == (1, 1)


def test_annotations_in_actions(shop: Any, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """With GITHUB_ACTIONS=true every failure, also a timeout, is annotated at its line, after the screen."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran = fz("test", "-j1", CART, CHECKOUT, "scenarios/orders")
    assert re.findall(r"^::error file=(\S+),line=(\d+),", ran.out, re.MULTILINE) == [
        (shop.failing, "12"),
        (shop.slow, "9"),
    ]


def test_the_store_remembers_the_run(shop: Any, fz: Callable[..., Any]) -> None:
    """A suite is one run: it moves the aliases and keeps its summary."""
    document = fz("test", "-j1", "--json").document()
    runs = Path(".fozzy/runs")
    run_id = document["identity"]["runId"]
    assert (runs / "latest").read_text() == (runs / "last-fail").read_text() == run_id
    assert json.loads((runs / run_id / "summary.json").read_text()) == document
    passed = fz("test", "-j1", CART, "--json").document()["identity"]["runId"]
    assert [(runs / name).read_text() for name in ("latest", "last-pass", "last-fail")] == [passed, passed, run_id]


def test_without_scenarios_there_is_a_way_out(project: Path, fz: Callable[..., Any]) -> None:
    """No scenarios folder is a mistake that names `fozzy init`; an empty one means that nothing ran."""
    ran = fz("test")
    assert ran.code == 2
    assert "fozzy init" in ran.err
    (project / "scenarios").mkdir()
    assert fz("test").code == 5


@pytest.mark.parametrize("jobs", ["0", "-1", "257"])
def test_jobs_are_bounded(jobs: str, shop: Any, fz: Callable[..., Any]) -> None:
    """Between 1 and 256 workers."""
    ran = fz("test", "--jobs", jobs)
    assert ran.code == 2
    assert "--jobs must be from 1 to 256" in ran.err


HOSTILE = "[bold]x[/bold] [/nope] \u202eevil\u2066 \x00 \x1b[31mred\x1b[0m \x1b]0;title\x07 \r\b ::error::x ]]> <&\"'"


@pytest.mark.parametrize(
    ("words", "color", "length"),
    [
        (("test", "-j1", "-vv"), "never", 50_000),
        (("test", "-j1"), "always", 50_000),
        (("run", "-vv"), "always", 50_000),
        (("run",), "never", 1_000_000),
    ],
)
def test_hostile_data_comes_through_unharmed_and_harmless(
    words: tuple[str, ...], color: str, length: int, shop: Any, fz: Callable[..., Any]
) -> None:
    """Messages, values and names with markup, controls or a megabyte are printed as data, and bounded."""
    steps = [
        {"type": "set_kv", "key": f"k{HOSTILE}", "value": "x" * length},
        {"type": "trace_event", "name": HOSTILE, "fields": {HOSTILE: HOSTILE}},
        {"type": "assert_eq_str", "a": HOSTILE + "y" * length, "b": "z" * length},
    ]
    path = Path("a [bold] \u202e'x'.fozzy.json")
    path.write_text(json.dumps({"version": 1, "name": HOSTILE, "steps": steps}, ensure_ascii=False), encoding="utf-8")
    ran = fz(*words, path, "--color", color)
    assert ran.code == 1, ran.err
    said = re.sub(r"\x1b\[[0-9;]*m", "", ran.out) if color == "always" else ran.out
    assert not [each for each in said if not each.isprintable() and each != "\n"]
    assert "[bold]x[/bold] [/nope]" in said
    assert len(said) < 40_000
    again = re.findall(r"fozzy (replay \S+)", said)
    assert "SAME" in fz(*again[0].split()).out


def test_a_hostile_file_name_is_quoted_for_the_shell(shop: Any, fz: Callable[..., Any]) -> None:
    """A command to paste names a file as the shell takes it, whatever the file is called."""
    import subprocess

    path = Path("a b'\x1b[2J$(x)é.fozzy.json")
    path.write_bytes(Path(shop.failing).read_bytes())
    ran = fz("test", path)
    (again,) = re.findall(r"fozzy run (.*) --seed", ran.out)
    assert again.isprintable()
    shell = subprocess.run(["bash", "-c", f"printf %s {again}"], capture_output=True, check=True)
    assert shell.stdout.decode() == str(path)


@pytest.mark.parametrize("words", [("--timeout", "soon"), ("--record", "t.fozzy", "--record-collision", "error")])
def test_a_suite_that_is_refused_leaves_no_run(words: tuple[str, ...], shop: Any, fz: Callable[..., Any]) -> None:
    """Nothing ran, so the store has no folder for it."""
    Path("t.1.fozzy").touch()
    assert fz("test", *words).code == 2
    assert list(Path(".fozzy/runs").glob("*")) == []
