"""Comparing runs: virtual differences are exact, real ones count only above a stated noise."""

from __future__ import annotations

from pathlib import Path

from fozzy.core.backends import Backends
from fozzy.core.events import Record
from fozzy.insight.profile.compare import compare
from fozzy.insight.profile.load import Profile
from fozzy.insight.profile.spans import build
from fozzy.trace.format import EmbeddedScenario, Header
from tests.insight.profile.test_spans import MS, step, timed

AT = "steps[0]"


def made(*real_ms: int, virtual_ms: int = 1, real: bool = True, proc: str = "scripted") -> Profile:
    """A run of a step for each real time, the first repeated, the last by itself."""
    scenario = EmbeddedScenario(path="a.fozzy.json", digest="", form="json", text="{}")
    backends = Backends(proc=proc)  # type: ignore[arg-type]
    header = Header(format="fozzy-trace", version=1, mode="run", seed=1, det=True, backends=backends, scenario=scenario)
    records: list[Record] = [step(number + 1, AT, took=1) for number in range(len(real_ms) - 1)]
    records.append(step(len(real_ms) - 1 + virtual_ms, "steps[1]", "http_request", took=virtual_ms))
    side = timed(*(each * MS for each in real_ms)) if real else None
    return Profile(header, Path("t.fozzy"), "0badcafe", build(records, side), side, "" if real else "not measured")


def verdicts(before: list[Profile], after: list[Profile], clock: str) -> dict[str, str]:
    """The verdict of everything by one clock."""
    found = compare(before, after).changes
    return {change.name: change.verdict for change in found if change.clock == clock}


def test_virtual_differences_are_exact() -> None:
    """The smallest difference is a change, also where real time was not measured, and the screen says so."""
    found = compare([made(1, 1, real=False)], [made(1, 1, real=False, virtual_ms=2)])
    assert [(each.name, each.clock) for each in found.of("slower")] == [
        ("run", "virtual"),
        ("steps[1] http_request", "virtual"),
    ]
    assert "exact" in found.how[0] and "not compared" in found.how[1]
    assert not compare([made(1, 1)], [made(1, 1)]).of("slower", "faster", "added", "removed")


def test_virtual_time_of_the_host_is_not_exact() -> None:
    """With a host backend the run's clock has measured time in it: a small difference is noise."""
    before, after = made(1, 1, virtual_ms=100, proc="host"), made(1, 1, virtual_ms=101, proc="host")
    assert set(verdicts([before], [after], "virtual").values()) == {"same"}


def test_one_run_each_goes_by_the_scatter_of_its_own_repeats() -> None:
    """Repeats that scatter by a lot hide a difference that steady repeats show."""
    steady = [10, 10, 11, 10, 10]
    wild = [10, 40, 5, 60, 12]
    assert verdicts([made(*steady, 20)], [made(*steady, 40)], "real")["steps[1] http_request"] == "slower"
    assert verdicts([made(*wild, 20)], [made(*wild, 40)], "real")["steps[1] http_request"] == "same"
    assert verdicts([made(*steady, 40)], [made(*steady, 20)], "real")["steps[1] http_request"] == "faster"


def test_without_repeats_only_a_doubling_counts() -> None:
    """It is said that nothing repeats."""
    found = compare([made(10, 10)], [made(10, 19)])
    assert not found.of("slower") and any("nothing repeats" in said for said in found.how)
    assert verdicts([made(10, 10)], [made(10, 31)], "real")["steps[1] http_request"] == "slower"


def test_enough_runs_are_tested_by_ranks() -> None:
    """Four against four: a small difference that is always there counts, a large one that is not always there does not."""
    before = [made(10, 100 + each) for each in range(4)]
    sure = compare(before, [made(10, 120 + each) for each in range(4)])
    assert [each.name for each in sure.of("slower")] == ["run", "steps[1] http_request"]
    assert all(each.p is not None and each.p < 0.03 for each in sure.of("slower"))
    assert any("rank test" in said for said in sure.how)
    unsure = [made(10, value) for value in (90, 101, 300, 103)]
    assert verdicts(before, unsure, "real")["steps[1] http_request"] == "same"
    tiny = compare(before, [made(10, 104 + each) for each in range(4)])
    assert not tiny.of("slower"), "sure, and too small to matter"


def test_what_one_side_does_not_have() -> None:
    """A step that only one side has is added or removed, not slower."""
    found = compare([made(10)], [made(10, 20)])
    names = {(each.name, each.verdict) for each in found.of("added", "removed") if each.clock == "real"}
    assert names == {(f"{AT} sleep", "added")}
