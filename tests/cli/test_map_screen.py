"""The screens of `fozzy map`, word for word where it matters."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Fz = Callable[..., Any]
SHOP = """\
import time


def charge(amount, retries=3):
    for attempt in range(retries):
        time.sleep(1)
    raise ValueError


def refund(payment, lock):
    raise ValueError


def settle(invoice, cursor, retry):
    raise ValueError
"""


@pytest.fixture
def shop(project: Path, fz: Fz, scenario: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop with a function that was called, one that is only named, and one that nobody knows."""
    (project / "billing").mkdir()
    (project / "billing/shop.py").write_text(SHOP)
    os.utime(project / "billing/shop.py", (1_700_000_000, 1_700_000_000))
    call = {"type": "call", "function": "billing.shop:charge", "args": [1, 0], "expect_raises": "ValueError"}
    monkeypatch.setattr("fozzy.wall.fresh_run_id", iter(["7f3c2a1d", *(f"{each:08x}" for each in range(99))]).__next__)
    assert fz("run", scenario("scenarios/charge", [call]), "--allow-code").code == 0
    (project / "orders.py").write_text(SHOP.replace("charge", "order_and_pay").replace("refund", "cancel_payment"))
    scenario("scenarios/named", [{"type": "trace_event", "name": "cancel_payment"}])
    return project


SUITES = """\
  2 files, 6 hotspots at risk >= 40, 5 without a recorded run that touched them

  risk  hotspot                            why                    covered by
    72  billing/shop.py:14 settle()        retry + money + datab… imported (!)
    72  orders.py:14 settle()              retry + money + datab… -
    68  billing/shop.py:4 charge()         retry + money + clock  7f3c call
    68  orders.py:4 order_and_pay()        retry + money + clock  -
    60  billing/shop.py:10 refund()        money + concurrency +… imported (!)
    60  orders.py:10 cancel_payment()      money + concurrency +… name only (!)

  scenarios
    scenarios/charge.fozzy.json  touches 1
    scenarios/named.fozzy.json  only names 1

  "imported": its module was imported for something else; it did not run itself.
  "name only": a scenario mentions it but no recorded run reached it.
  there is no history of git here, so churn is not a signal

  start here
    billing/shop.py:14 settle   by a scenario to fill in
      fozzy init --scenario scenarios/billing/settle --calls billing.shop:settle
    run with --allow-code, and --coverage to see each line; all steps:
    fozzy schema --steps
"""


def test_suites(shop: Path, fz: Fz) -> None:
    """The whole screen: what is risky, what covers it, what only names it, where to begin."""
    ran = fz("map", "suites", "--profile", "pedantic")
    assert ran.code == 0 and ran.out == SUITES
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_what_is_pasted_runs(shop: Path, fz: Fz, pasted: Callable[[str], list[list[str]]]) -> None:
    """The commands at the end of the screen do something."""
    begins, lists = pasted(fz("map", "suites").out)
    assert (begins[:2], lists) == (["init", "--scenario"], ["schema", "--steps"])
    assert [fz(*words).code for words in (begins, lists)] == [0, 0]


def test_services(shop: Path, fz: Fz) -> None:
    """A line for each part, the riskiest first, with what it does most."""
    said = fz("map", "services", "--profile", "pedantic").out.splitlines()
    assert said[2] == "  risk  service                      files  hotspots  uncovered   touches"
    assert said[3] == "    72  .                                1         3          3   money, retry, database"
    assert said[4].startswith("    72  billing                          1         3          2")


def test_verbose_says_why_in_full(shop: Path, fz: Fz) -> None:
    """Every signal with weight and count, every run with its trace, every scenario that names it."""
    said = fz("map", "hotspots", "--profile", "pedantic", "-v").out
    assert "why  retry 35% (3), money 35% (2), clock 20% (1), failure paths 6% (1)" in said
    assert "covered  call billing.shop:charge  run 7f3c  scenarios/charge.fozzy.json" in said
    assert "named in scenarios/named.fozzy.json" in said


def test_quiet_is_one_line(shop: Path, fz: Fz) -> None:
    """Only how much there is and how much of it lacks evidence."""
    for word in ("hotspots", "services", "suites"):
        said = fz("map", word, "-q").out
        assert said == "  2 files, 6 hotspots at risk >= 60, 5 without a recorded run that touched them\n"


def test_long_names_are_cut_where_they_say_least(project: Path, fz: Fz) -> None:
    """A path is cut at its front, a name at its end; no line is wider than the screen."""
    folder = project / "a_very_long_folder_name/another_long_folder_name"
    folder.mkdir(parents=True)
    (folder / "module_name.py").write_text(SHOP.replace("charge", "charge_" + "x" * 60))
    said = fz("map", "hotspots", "--min-risk", "50").out
    assert "…" in said and "module_name.py" in said
    assert all(len(line) <= 80 for line in said.splitlines())
