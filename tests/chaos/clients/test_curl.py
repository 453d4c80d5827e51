"""curl behind the proxy: each fault is the exit status that curl's manual names."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.http.harness import running
from tests.chaos.upstream import Upstream, plain, sse

BODY = b'{"ok": true, "text": "' + b"x" * 500 + b'"}'

# Of curl's manual, "EXIT CODES".
PARTIAL, HTTP_ERROR, TIMED_OUT, EMPTY, RECEIVING = 18, 22, 28, 52, 56

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def curl(plan: dict[str, Any], *said: str, path: str = "/") -> tuple[int, bytes]:
    """The exit status of curl and what it wrote, for one request through a proxy with this plan."""
    with Upstream() as upstream:
        upstream.on("/", plain(200, [("Content-Type", "application/json")], BODY))
        upstream.on("/events", sse(["one", "two", "three"]))
        with running(plan, upstream.url) as run:
            command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "10", *said, run.url + path]
            done = subprocess.run(command, capture_output=True, timeout=20)
            for each in run.wait(1):
                assert each.applied == each.planned
            return done.returncode, done.stdout


def faults(**said: Any) -> dict[str, Any]:
    return {"faults": said}


def test_without_faults() -> None:
    """Without faults curl gets the whole answer."""
    assert curl({}) == (0, BODY)


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        (faults(drop=1), HTTP_ERROR),
        (faults(rate_limit=1), HTTP_ERROR),
        (faults(status={"codes": [503]}), HTTP_ERROR),
        (faults(timeout={"after": "20ms"}), HTTP_ERROR),
        (faults(status_override={"status": 503}), HTTP_ERROR),
        ({"limits": {"loss": {"as": "408", "probability": 1}}}, HTTP_ERROR),
        (faults(disconnect=1), EMPTY),
        (faults(disconnect={"how": "rst"}), RECEIVING),
        (faults(connection_error=1), RECEIVING),
        ({"limits": {"loss": 1.0}}, RECEIVING),
        (faults(partial=1), PARTIAL),
        (faults(disconnect={"at": "after-headers"}), PARTIAL),
        (faults(disconnect={"after_bytes": 100}), PARTIAL),
        (faults(partial={"how": "rst"}), RECEIVING),
    ],
)
def test_exit_statuses(plan: Any, status: int) -> None:
    """A fault makes curl end with the status its manual has for what happened."""
    assert curl(plan)[0] == status


@pytest.mark.parametrize(
    "plan",
    [faults(timeout={"hang": True}), faults(stall=1), {"latency": {"fixed": "20s"}}],
    ids=["hang", "stall", "delay"],
)
def test_what_takes_too_long(plan: Any) -> None:
    """What is held longer than `--max-time` is a timeout."""
    assert curl(plan, "--max-time", "1", path="/events")[0] == TIMED_OUT


def test_malformed() -> None:
    """A damaged answer is a success to curl: the body has the length that was announced, and is another one."""
    status, body = curl(faults(malformed=1))
    assert status == 0 and body != BODY


def test_streams() -> None:
    """Of a stream what came before the cut arrives; a lost event is just not there."""
    status, body = curl(faults(cut_stream={"after_events": 2}), path="/events")
    assert (status, body) == (PARTIAL, b"data: one\n\ndata: two\n\n")
    assert curl(faults(drop_event={"event": 2}), path="/events") == (0, b"data: one\n\ndata: three\n\n")


def test_retries_of_curl(tmp_path: Path) -> None:
    """`--retry` tries again what a fault answered, and the journal has both occurrences."""
    with Upstream() as upstream:
        upstream.on("/", plain(200, [], BODY))
        with running(faults(status={"codes": [503], "first": 1}), upstream.url) as run:
            command = ["curl", "--silent", "--fail", "--retry", "2", "--retry-delay", "1", "--max-time", "10", run.url]
            assert subprocess.run(command, capture_output=True, timeout=20).stdout == BODY
            assert [(each.occurrence, each.applied) for each in run.wait(2)] == [(1, "status"), (2, "")]


def test_an_expected_body_goes_through() -> None:
    """A body that curl announces with `Expect: 100-continue` arrives whole."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        body = "x" * 200_000
        command = ["curl", "--silent", "--max-time", "10", "-H", "Expect: 100-continue", "--data-binary", "@-", run.url]
        done = subprocess.run(command, input=body.encode(), capture_output=True, timeout=20)
        assert done.returncode == 0 and upstream.requests[0].body == body.encode()
