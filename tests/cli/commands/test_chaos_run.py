"""`fozzy chaos run` over projects that really run: its verdict, its one document, its files."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fozzy.cli.commands import chaos_run
from fozzy.cli.commands.schema import FOLDER
from fozzy.cli.console import Console
from tests.following import STRANGERS

ROOT = Path(__file__).parents[3]

SHOP = """
def read(client):
    try:
        return client.get("a")
    except OSError:
        return None
    except ValueError:
        return 0
"""

SUITE = """
import pytest
import redis
import shop
from redis.backoff import NoBackoff
from redis.retry import Retry

@pytest.mark.chaos_service
@pytest.mark.parametrize("broken", [False, True])
def test_reads(redis_proxy, chaos, broken):
    client = redis.Redis(port=redis_proxy.port, retry=Retry(NoBackoff(), 0))
    with redis_proxy.toxic("latency", latency=100), client:
        assert shop.read(client) is None
    chaos.transition("orders", "open")
    assert not broken

def test_plain():
    raise AssertionError
"""


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a suite."""
    (project / "shop.py").write_text(SHOP, encoding="utf-8")
    (project / "test_shop.py").write_text(SUITE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_ADDOPTS", STRANGERS)
    return project


def test_one_document(shop: Path, fz: Any) -> None:
    """It says what came of each test, what never ran, and where JUnit is; with -v pytest's words are on stderr."""
    ran = fz("chaos", "run", "--json", "--seed", "3", "--junit", "report.xml", "--coverage", "--require-services", "-v")
    document = ran.document()
    schema = json.loads((FOLDER / "chaos-run.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
    assert ran.code == document["exit"] == 1
    assert (document["status"], document["passed"], document["failed"], document["others"]) == ("fail", 1, 1, 1)
    assert document["seed"] == 3
    assert "test session starts" in ran.err
    good, bad = document["tests"]
    assert good["seed"] != bad["seed"] and "came to pass" in good["faults"][0]
    assert len(good["decisions"]) == 32 and good["decisions"] == bad["decisions"]  # the same, up to the last line
    assert good["breakers"][0].startswith("orders: closed -> open") and good["replay"] is None
    assert bad["replay"].startswith("pytest ") and Path(bad["tracePath"]).is_file()
    coverage = document["coverage"]
    assert (coverage["recoveryPaths"], coverage["recoveryPathsRan"]) == (2, 0)
    assert [each["text"] for each in coverage["neverRan"]] == ["except OSError", "except ValueError"]
    assert len(list(ET.parse(shop / document["junitPath"]).iter("testcase"))) == 2


def test_the_screen_says_what_to_do(shop: Path, fz: Any) -> None:
    """pytest's words, then the verdict and the command that replays; quiet is one line; a choice that passes is 0."""
    ran = fz("chaos", "run", "-k", "True", "-v")
    assert ran.code == 1
    assert "1 resilience test: 1 failed" in ran.out and "--chaos-replay" in ran.out
    assert "not run   1 test without a marker" in ran.out
    quiet = fz("chaos", "run", "-k", "False", "--quiet", "--runs", "2")
    assert (quiet.code, len(quiet.out.splitlines()), quiet.err) == (0, 1, "")
    assert quiet.out.endswith("   seed 0\n")


def test_the_seed_of_a_session_is_the_one_it_has(shop: Path, fz: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where pytest was told it by somebody else; the help says which it is when nobody does."""
    monkeypatch.setenv("PYTEST_ADDOPTS", f"{STRANGERS} --chaos-seed=random")
    document = fz("chaos", "run", "--json", "-k", "False").document()
    assert document["seed"] > 0
    assert "The session's seed, 0 to 2^53-1; 0." in fz("chaos", "run", "--help").out


def test_nothing_to_run_is_not_well(shop: Path, fz: Any) -> None:
    """No test of ours is 5."""
    assert fz("chaos", "run", "-k", "plain").code == 5


def test_what_is_not_there_is_named(shop: Path, fz: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without coverage installed, or with a source and no coverage, nothing is run."""
    ran = fz("chaos", "run", "--source", ".")
    assert ran.code == 2 and "--coverage" in ran.err
    monkeypatch.setattr(chaos_run, "find_spec", lambda name: None if name == "coverage" else True)
    ran = fz("chaos", "run", "--coverage")
    assert ran.code == 2 and "pip install coverage" in ran.err


def test_what_cannot_be_read_or_written_runs_nothing(shop: Path, fz: Any) -> None:
    """Every path that is not there is named, also where others are; so is a report that has no place."""
    ran = fz("chaos", "run", "test_shop.py", "nope.py", "gone/test_a.py::test_b")
    assert (ran.code, ran.out) == (2, "")
    assert "no file or folder nope.py" in ran.err and "no file or folder gone/test_a.py" in ran.err
    for report in (".", "shop.py/report.xml"):
        ran = fz("chaos", "run", "--junit", report)
        assert (ran.code, ran.out) == (2, "") and report in ran.err


def test_words_for_pytest() -> None:
    """Each option becomes pytest's or the plugin's; what was not said is left to them."""
    assert chaos_run.Run()._words() == []
    asked = chaos_run.Run(paths=["tests"], det=False, strict=False, jobs=2, shrink=True, marked="slow", trace_dir="t")
    words = asked._words()
    assert words == [
        "--chaos-trace-dir=t", "--chaos-time=real", "--chaos-strict=off", "-m", "slow", "--chaos-shrink", "-n2", "tests",
    ]  # fmt: skip
    for color, words in (("always", ["--color=yes"]), ("never", [])):
        console = Console(color=color)  # type: ignore[arg-type]
        assert chaos_run.Run()._asked(console, Path("a"), Path("b")).words == words
