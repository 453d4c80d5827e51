"""All tests, and once more, alone, what failed beside others: `python -m tests.twice WORDS_OF_PYTEST`.

Tests here start real servers and programs and give them real time, so a machine that stands still for seconds can fail
one in ten thousand. Such a failure is shown whole and named at the end, and is somebody's next task; but it does not stop
a commit that has nothing to do with it. What fails again does, as do more than `AGAIN_MAX` failures, or anything that is
no failure of a test. `make soak` forgives nothing.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

AGAIN_MAX = 5  # a machine that is busy fails one test or two; more is a fault


class Failures:
    """The tests that failed, in the order in which they did."""

    def __init__(self) -> None:
        self.ids: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that failed, also before and after its own part."""
        if report.failed:
            self.ids[report.nodeid] = None


def main(words: list[str]) -> int:
    """The status of pytest, or 0 where all that failed passes alone."""
    failures = Failures()
    status = int(pytest.main(words, plugins=[failures]))
    if status != pytest.ExitCode.TESTS_FAILED or not 0 < len(failures.ids) <= AGAIN_MAX:
        return status
    print("\nonce more, alone:", flush=True)
    again = subprocess.run([sys.executable, "-m", "pytest", "-v", *failures.ids]).returncode
    if again == 0:
        print("FAILED BESIDE OTHERS, PASSED ALONE:", *failures.ids, sep="\n  ")
    return again


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
