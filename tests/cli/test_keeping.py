"""`fozzy test --keep DIR`: the failures of a suite become small tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.errors import EvidenceError, Terminated
from fozzy.search.shrink import regression


def test_failures_are_kept_and_are_tests_from_then_on(shop: Any, fz: Callable[..., Any]) -> None:
    """One for each scenario that did not end as expected; they fail until what they found is mended."""
    ran = fz("test", "--keep", "kept", "--seed", "7", "-j1")
    assert ran.code == 4
    kept = ["checkout-pay_twice.fozzy", "orders-slow_refund.fozzy", "programs-killed.fozzy"]
    assert sorted(path.name for path in Path("kept").iterdir()) == kept
    assert "  kept  kept/checkout-pay_twice.fozzy   1 step, 0 choices\n" in ran.out
    again = fz("test", "kept", "-j1")
    assert again.code == 4 and again.out.count("SAME") == 3
    document = fz("test", "--keep", "kept", "--seed", "8", "-j1", "--json").document()  # another seed, other times
    assert document["kept"] == [f"kept/{name}" for name in kept]
    assert "warnings" not in document
    assert sorted(path.name for path in Path("kept").iterdir()) == kept


def test_kept_traces_run_first(shop: Any, fz: Callable[..., Any]) -> None:
    """Whatever the order of the words; numbers follow, and a kept trace that fails is not kept again."""
    fz("test", "scenarios/checkout", "--keep", "kept", "-j1")
    document = fz("test", "scenarios/checkout", "kept", "-j1", "--json", "--keep", "more").document()
    assert [(member["number"], member["path"]) for member in document["scenarios"]] == [
        (1, "kept/checkout-pay_twice.fozzy"),
        (2, shop.failing),
    ]
    assert document["kept"] == ["more/checkout-pay_twice.fozzy"]


def test_a_mended_failure_passes(shop: Any, fz: Callable[..., Any]) -> None:
    """The trace carries its scenario; what it tests is a program, and once that is mended it is FIXED against it."""
    fz("test", "scenarios/checkout", "--keep", "kept", "-j1")
    header = json.loads(Path("kept/checkout-pay_twice.fozzy").read_bytes().splitlines()[0])
    mended = json.loads(header["scenario"]["text"])
    mended["steps"][-1]["b"] = mended.get("vars", {}).get("charges", 0)
    Path("mended.fozzy.json").write_text(json.dumps(mended))
    ran = fz("replay", "kept/checkout-pay_twice.fozzy", "--scenario", "mended.fozzy.json")
    assert (ran.code, "FIXED" in ran.out) == (0, True)


def test_a_suite_that_passes_keeps_nothing(shop: Any, fz: Callable[..., Any]) -> None:
    """Not even the folder is made."""
    ran = fz("test", "scenarios/cart", "--keep", "kept", "-j1")
    assert ran.code == 0 and "kept" not in ran.out
    assert not Path("kept").exists()


def test_what_cannot_be_kept_is_a_warning(
    shop: Any, scenario: Any, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are kept; the suite ends as it did."""
    from fozzy.engine import fresh

    scenario("scenarios/checkout/odd", [{"type": "fail", "message": "no"}], expect={"status": "timeout"})
    scenario("scenarios/checkout/passes", [{"type": "unfreeze"}], expect={"status": "fail"})
    check = fresh.check_replays

    def refuse(trace: Path, words: Any = ()) -> None:
        if "pay_twice" in trace.name:
            raise EvidenceError("trace.not_alone", "it differs", hint="")
        check(trace, words)

    monkeypatch.setattr(fresh, "check_replays", refuse)
    document = fz("test", "scenarios/checkout", "--keep", "kept", "-j1", "--json").document()
    assert document["kept"] == ["kept/checkout-odd.fozzy"]
    assert document["warnings"][0].startswith("checkout/passes: not kept: ")
    assert document["warnings"][1] == "checkout/pay_twice: not kept: it differs"


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
@pytest.mark.parametrize("inside", [True, False], ids=["at work", "before"])
def test_ctrl_c_ends_the_keeping(
    stop: Any, code: int, inside: bool, shop: Any, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is at work is kept with what it has, the others are left, the suite is told and stored, and the status is
    that of being stopped."""
    from fozzy.search.scenario import ScenarioSubject

    run, runs = ScenarioSubject.run, []

    def stopped(self: ScenarioSubject, candidate: Any) -> Any:
        runs.append(candidate)
        if len(runs) == (2 if inside else 1):
            raise stop
        return run(self, candidate)

    monkeypatch.setattr(ScenarioSubject, "run", stopped)
    ran = fz("test", "--keep", "kept", "--seed", "7", "-j1", "--json")
    document = ran.document()
    assert ran.code == code
    assert document.get("kept", []) == (["kept/checkout-pay_twice.fozzy"] if inside else [])
    left = ["orders/slow_refund", "programs/killed"]
    said = [f"{name}: not kept: stopped before its turn" for name in left]
    assert document["warnings"] == (said if inside else ["checkout/pay_twice: not kept: interrupted", *said])
    assert len(list(Path(".fozzy/runs").glob("*/summary.json"))) == 1


def test_each_failure_has_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A suite with many failures ends."""
    assert regression.BUDGET_NS == 5 * 10**9
