"""Summaries for tests of reports: a suite that has every ending, single runs, replays, and hostile data."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.core.outcome import Finding, Location, Status
from fozzy.core.summary import SCHEMA_VERSION, Divergence, Identity, Member, Summary, Tests

HOSTILE = "<script>alert(1)</script> ]]> \"'&amp; \x00\x1b[31m \u202eevil\u2066 \ud800 # TODO \\ {{x}} \x85\ufeff\uffff"


class Made:
    """Makes summaries."""

    hostile = HOSTILE

    def finding(self, title: str = "assert_eq_int", message: str = "charged twice", **more: Any) -> Finding:
        """A finding with a place and a source line."""
        text = '{ "type": "assert_eq_int", "a": "${charges}", "b": 1 }'
        place = {"file": "scenarios/pay.fozzy.json", "line": 31, "col": 33, "path": "steps[8]", "text": text}
        location = Location(**{**place, "length": 12, "label": "is 2, wanted 1", **more})
        return Finding(
            kind="assertion", title=title, message=message, location=location, before="http_request POST /pay"
        )

    def member(self, number: int, status: Status, name: str = "", **more: Any) -> Member:
        """A scenario of a suite."""
        failed = status != "pass"
        usual: dict[str, Any] = {
            "name": name or f"area/{status}_{number}",
            "path": f"scenarios/area/{status} {number}.fozzy.json",
            "seed": 4180291377014 + number,
            "duration_ns": 12_000_000,
            "steps": 14,
            "failed_step": 9 if failed else 0,
            "passed": not failed,
            "trace_path": f".fozzy/runs/7f3c0a11/{number}.fozzy" if failed else None,
            "findings": [self.finding()] if failed else [],
        }
        return Member(number=number, status=status, **{**usual, **more})

    def suite(self, members: list[Member] | None = None, **more: Any) -> Summary:
        """A suite; without members one that has every ending."""
        every: tuple[Status, ...] = ("pass", "fail", "timeout", "crash", "error", "pass")
        found = [self.member(number, status) for number, status in enumerate(every, 1)] if members is None else members
        passed = sum(member.passed for member in found)
        tests = Tests(passed=passed, failed=len(found) - passed, skipped=more.pop("skipped", 0))
        status = "pass" if passed == len(found) else "fail"
        return self._summary("test", more.pop("status", status), tests=tests, scenarios=found, **more)

    def single(self, status: Status = "fail", **more: Any) -> Summary:
        """A run of one scenario."""
        usual = {"findings": [self.finding()] if status != "pass" else [], "steps": 14, "failed_step": 9}
        return self._summary("run", status, trace_path=".fozzy/runs/7f3c0a11/trace.fozzy", **{**usual, **more})

    def replay(self, **more: Any) -> Summary:
        """A replay that drifted."""
        verdict = {"verdict": "DRIFT", "records": 14, "record": 14, "recorded": "ask http GET /users/42"}
        parted = Divergence(**{**verdict, "now": "ask http GET /users/43", "cause": "the scenario changed", **more})
        status: Status = "pass" if parted.verdict in ("SAME", "FIXED") else "error"
        return self._summary("replay", status, trace_path="kept.fozzy", replay=parted)

    def _summary(self, mode: Any, status: Any, trace_path: str | None = None, **more: Any) -> Summary:
        identity = Identity(run_id="7f3c0a11", seed=1337, trace_path=trace_path, artifacts_dir=".fozzy/runs/7f3c0a11")
        return Summary(
            schema_version=SCHEMA_VERSION,
            command=mode,
            status=status,
            mode=mode,
            identity=identity,
            started_at="2026-01-31T12:00:00.000Z",
            finished_at="2026-01-31T12:00:02.000Z",
            duration_ms=2000,
            duration_ns=31_000_000,
            **more,
        )

    def evil(self) -> Summary:
        """A suite in which every text is hostile."""
        bad, huge = HOSTILE, "x" * 1_000_000
        found = [
            self.finding(bad, bad, text=bad, label=bad, file=bad),
            self.finding(message=huge, text=huge, file=huge),
        ]
        details = {"expected": {"a": bad, bad: [bad]}, "actual": {"a": huge}}
        found.append(self.finding(message=f"two\nlines\n{bad}", details=details))
        member = self.member(2, "fail", bad, path=bad, trace_path=bad, findings=found)
        made = self.suite([self.member(1, "pass", bad), member], warnings=[bad, huge])
        return msgspec.structs.replace(made, identity=msgspec.structs.replace(made.identity, artifacts_dir=bad))


@pytest.fixture
def made() -> Made:
    """Makes summaries to report."""
    return Made()
