"""A recorded run of a proxy in the store and on the screen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fozzy.cli.cassette_screen import Requests, proxy_lines, proxy_verdict
from fozzy.core.outcome import Finding
from fozzy.report.text import plain
from tests.chaos.cassette.door import summary
from tests.chaos.started import ROOT, Started
from tests.chaos.upstream import Upstream

GOLDEN = ROOT / "tests/fixtures/traces/v1.proxy.fozzy"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server that counts."""
    with Upstream() as server:
        yield server


def fozzy(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of its own process."""
    command = [sys.executable, "-m", "fozzy", *words]
    return subprocess.run(command, cwd=cwd, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60)


def test_a_run_id_names_what_a_proxy_recorded(tmp_path: Path, upstream: Upstream) -> None:
    """The store keeps the trace under the run's own name, and finds it when the file is gone."""
    with Started("--upstream", upstream.url, "--drop", "0.5", "--record", "t.fozzy", cwd=tmp_path) as proxy:
        for n in range(6):
            proxy.take(f"/{n}")
    (tmp_path / "t.fozzy").unlink()
    done = fozzy(tmp_path, "replay", "@latest")
    assert done.returncode == 0 and "SAME  6 requests" in done.stdout
    assert "6 requests" in fozzy(tmp_path, "report", "show", "@latest").stdout


def test_a_report_of_a_proxy_names_a_command_that_works(tmp_path: Path, upstream: Upstream) -> None:
    """A run of a proxy is replayed; a chaos file is no scenario that could be run."""
    (tmp_path / "when.toml").write_text("[faults]\ndrop = 1\n")
    words = ("--upstream", upstream.url, "--chaos", "when.toml", "--record", "t.fozzy")
    with Started(*words, cwd=tmp_path) as proxy:
        proxy.take("/a")
        proxy.stop()
    for words in (("t.fozzy", "--format", "html"), ("t.fozzy", "--format", "junit")):
        told = fozzy(tmp_path, "report", "show", *words).stdout
        assert "fozzy run" not in told and (
            "t.fozzy" in told or "junit" in words
        )  # where nothing failed JUnit names none
    assert fozzy(tmp_path, "report", "show", "t.fozzy", "--format", "html").stdout.count("fozzy replay t.fozzy")


def test_a_folder_is_one_run_with_members(tmp_path: Path, upstream: Upstream) -> None:
    """Each test's file is a member of the run, and the folder is replayed as one."""
    with Started("--upstream", upstream.url, "--drop", "0.5", "--record", "tapes/", cwd=tmp_path) as proxy:
        for n in range(8):
            proxy.take("/a", headers={"X-Test-Id": f"t{n % 2}"})
    assert sorted(path.name for path in (tmp_path / "tapes").iterdir()) == ["t0.fozzy", "t1.fozzy"]
    assert "SAME  8 requests" in fozzy(tmp_path, "replay", "tapes").stdout
    listed = fozzy(tmp_path, "replay", "@latest")
    assert listed.returncode == 2 and "/1 " in listed.stderr and "/2" in listed.stderr
    assert fozzy(tmp_path, "replay", "@latest/1").returncode in (0, 6)
    told = fozzy(tmp_path, "report", "show", "@latest").stdout
    assert "tapes/t0.fozzy" in told


def test_a_screen_says_what_was_recorded() -> None:
    """Requests, what is counted of them, findings, and what to type next; only so many unless all are asked for."""
    seen = Requests(GOLDEN, 10)
    assert (seen.requests, seen.changes, seen.faulted, len(seen.lines)) == (50, 2, 27, 11)
    assert plain(seen.lines[-1]) == "  … 42 more records: -v shows all"
    lines = [plain(each) for each in proxy_lines(summary("p.fozzy"), GOLDEN, "7f3c", 1)]
    assert any("fozzy replay 7f3c" in each for each in lines)
    assert "50 requests" in plain(proxy_verdict(summary("p.fozzy"), GOLDEN))


def test_a_run_that_recorded_nothing_says_so() -> None:
    """A proxy without a recording has a summary, and a finding is told."""
    import msgspec

    found = Finding(kind="checker", title="cassette_miss", message="nothing recorded answers GET /a")
    told = msgspec.structs.replace(summary(""), findings=[found], status="fail")
    lines = [plain(each) for each in proxy_lines(told, None, "", 0)]
    assert "  FAIL  cassette_miss: nothing recorded answers GET /a" in lines
    assert any("nothing was recorded" in each for each in lines)


def test_more_of_each_request_is_shown_on_demand() -> None:
    """`trace show` of a recording: -v shows the rolls below each request, -vv headers and bodies, too."""
    shown = [fozzy(ROOT, "trace", "show", str(GOLDEN), *words).stdout for words in ((), ("-v",), ("-vv",))]
    assert [" of at least " in each for each in shown] == [False, True, True]
    assert ["truly answered" in each and "of body" in each for each in shown] == [False, False, True]
