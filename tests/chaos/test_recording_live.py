"""Recording from the command line: what is on disk when the proxy has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.chaos.started import ROOT, Started
from tests.chaos.upstream import Upstream


def test_what_is_told_of_a_recording_counts_requests_alone(tmp_path: Path) -> None:
    """A recording that begins at run time has no request yet, whatever was changed; then as many as were asked."""
    with Upstream() as upstream, Started("--upstream", upstream.url, cwd=tmp_path) as proxy:
        assert proxy.controls("POST", "/fozzy/recording/start", {"file": "a.fozzy"})["requests"] == 0
        proxy.controls("POST", "/fozzy/scenarios/peak_traffic")
        assert proxy.ask("/orders").status_code == 200
        assert proxy.controls("GET", "/fozzy/recording/status")["requests"] == 1
        told = proxy.controls("POST", "/fozzy/recording/stop")
        assert told["requests"] == 1 and not told["is_on"]
    assert (tmp_path / "a.fozzy").is_file()


def test_a_folder_gets_a_file_for_each_test(tmp_path: Path) -> None:
    """A name that ends with a slash is a folder, also when it is not there yet; each test id has a stable file in it."""
    with Upstream() as upstream, Started("--record", "tapes/", "--upstream", upstream.url, cwd=tmp_path) as proxy:
        for test in ("t1", "t2", "t1", ""):
            assert proxy.ask("/orders", headers={"x-test-id": test}).status_code == 200
        assert proxy.stop() == 0
    assert sorted(path.name for path in (tmp_path / "tapes").iterdir()) == ["default.fozzy", "t1.fozzy", "t2.fozzy"]
    with Started("--replay", "tapes/", cwd=tmp_path) as proxy:
        answers = [proxy.ask("/orders", headers={"x-test-id": test}).status_code for test in ("t1", "t1", "t2", "")]
        assert answers == [200] * 4
        assert proxy.stop() == 0


def test_what_was_recorded_is_decided_again_as_it_was(tmp_path: Path) -> None:
    """Faults that answer, change a body, cut it: `fozzy replay` of the recording says SAME, byte for byte."""
    faults = ("--drop", "0.3", "--malformed", "0.3", "--status", "503@0.3", "--disconnect", "0.2", "--latency", "1ms")
    words = ("--record", "a.fozzy", "--seed", "7", *faults)
    with Upstream() as upstream, Started(*words, "--upstream", upstream.url, cwd=tmp_path) as proxy:
        statuses = [proxy.take(f"/orders/{n}").status for n in range(30)]
        assert {0, 200, 500, 503} <= set(statuses)
        assert proxy.stop() == 0
    replay = [sys.executable, "-m", "fozzy", "replay", "a.fozzy"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(replay, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "SAME  30 requests" in done.stdout + done.stderr) == (0, True), done.stdout + done.stderr
