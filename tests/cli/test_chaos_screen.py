"""What is shown of a suite of resilience tests: nothing that went wrong or was left out is missing."""

from __future__ import annotations

from fozzy.cli.chaos_screen import Seen, document_of, lines_of
from fozzy.errors import Exit
from fozzy.gate.resilience.recovery import Clause, Covered
from fozzy.gate.resilience.suite import Came
from fozzy.gate.resilience.told import Ended, Refused
from fozzy.report.text import plain

REPLAY = "pytest test_a.py::test_a --chaos-replay .fozzy/chaos/a.fozzy"
CAME = Came(
    tests=[
        Ended(test="test_a.py::test_a", outcome="failed", phase="call", message="no",
              properties=[("chaos.seed", "7"), ("chaos.fault", "redis/down came to pass once"),
                          ("chaos.breaker", "llm: closed -> open at 1.000 s"),
                          ("chaos.trace", ".fozzy/chaos/a.fozzy"), ("chaos.replay", REPLAY)]),
        Ended(test="test_a.py::test_b", outcome="skipped", message="redis_server is left out"),
        Ended(test="test_a.py::test_c", outcome="skipped", message="redis_server is left out"),
        Ended(test="test_a.py::test_d", outcome="passed"),
    ],
    others=3,
    chosen=7,
    seed=5,
    refused=[Refused(place="test_b.py", message="no module")],
    stuck=["test_a.py::test_e"],
    status=-9,
)  # fmt: skip
CLAUSES = [Clause(file="a.py", line=at, text="except OSError", ran=at < 3) for at in range(1, 30)]


def said(*, quiet: bool = False, verbose: bool = True) -> str:
    """The screen."""
    found = Covered(percent=51.2, files=2, clauses=CLAUSES)
    return "\n".join(map(plain, lines_of(Seen(CAME, found, runs=3), quiet=quiet, verbose=verbose)))


def test_nothing_is_missing() -> None:
    """Reasons once with their number, who is stuck, what cannot be collected, breakers, clauses, what to do next."""
    shown = said()
    for words in (
        "left out  2 tests: redis_server is left out",
        "not run   3 tests",
        "stuck   test_a.py::test_e",
        "refused test_b.py: no module",
        "llm: closed -> open",
        "recovery  2 of 29 except clauses ran, 51 % of 2 files",
        "a.py:3  except OSError",
        "and 7 more",
        "7 resilience tests with 3 seeds: 1 passed, 1 failed, 1 took too long, 2 left out, 2 not run",
        "   seed 5",
        f"next  {REPLAY}",
        f"{REPLAY} --chaos-shrink",
    ):
        assert words in shown
    assert "llm: closed" not in said(verbose=False)
    assert len(said(quiet=True).splitlines()) == 1


def test_the_document_has_all() -> None:
    """Every test with what its properties say, and all clauses that never ran."""
    found = document_of(CAME, Covered(percent=51.2, files=2, clauses=CLAUSES), None)
    assert (found.status, found.exit, found.failed, found.skipped, found.seed) == ("timeout", 3, 1, 2, 5)
    first = found.tests[0]
    assert (first.seed, first.replay, first.breakers) == (7, REPLAY, ["llm: closed -> open at 1.000 s"])
    assert found.coverage is not None and len(found.coverage.never_ran) == 27
    refused = document_of(Came(status=2, refused=CAME.refused), None, None)
    assert refused.status == "error" and refused.error is not None and "test_b.py" in refused.error.message


def shown(came: Came) -> str:
    """The screen of a suite."""
    return "\n".join(map(plain, lines_of(Seen(came), quiet=False, verbose=False)))


def test_what_ends_badly_without_a_failed_test_says_why() -> None:
    """Nothing that was ours, a pytest that failed by itself, one that somebody stopped: each has a line, and its document."""
    assert "resilience tests have a marker" in shown(Came(status=5))
    assert "pytest itself did" in shown(Came(status=1, tests=CAME.tests[3:]))
    assert "pytest itself did" not in shown(Came(status=1, tests=CAME.tests))
    stopped = Came(status=2, chosen=3, tests=CAME.tests[3:], stopped=Exit.INTERRUPTED)
    assert "stopped interrupted" in shown(stopped) and "3 resilience tests: 1 passed, 2 not run" in shown(stopped)
    document = document_of(stopped, None, None)
    assert (document.status, document.exit, document.not_run) == ("error", 130, 2)
    assert document.error is not None and document.error.code == "run.interrupted"
    wrong = document_of(Came(status=4), None, None, ["collected\n", "ERROR: Wrong expression\n"])
    assert wrong.error is not None and wrong.error.message == "Wrong expression"


def test_no_clause_is_no_clause_that_ran() -> None:
    """Where there is no except clause nothing is said of a share."""
    seen = Seen(Came(), Covered(percent=100.0, files=1, clauses=[]))
    assert "no except clause in 1 file" in "\n".join(map(plain, lines_of(seen, quiet=False, verbose=False)))
