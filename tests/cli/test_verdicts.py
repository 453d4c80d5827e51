"""What a replay came to, in lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from fozzy.cli.verdicts import CHANGED_LINES_MAX, LINE_CHARS_MAX, Given, opening_lines, verdict_lines
from fozzy.core.backends import Backends
from fozzy.core.limits import Limits
from fozzy.core.outcome import Finding, Status, Verdict
from fozzy.core.summary import Divergence
from fozzy.engine.replay import Replayed
from fozzy.report.text import plain
from fozzy.trace.format import FORMAT, VERSION, Counts, EmbeddedScenario, Footer, Header

THEN = '{\n  "steps": [\n    one,\n    two\n  ]\n}\n'


@dataclass
class Recording:
    """A recording whose scenario has this text."""

    text: str = THEN

    def header(self) -> Header:
        scenario = EmbeddedScenario(path="a [b]/c.fozzy.json", digest="", form="json", text=self.text, redacted=False)
        return Header(
            format=FORMAT,
            version=VERSION,
            mode="run",
            seed=7,
            det=True,
            backends=Backends(proc="scripted", fs="virtual", http="scripted"),
            scenario=scenario,
            timeout_ns=None,
            limits=Limits(),
            http_base_url="",
            leak_bytes_max=None,
        )


def footer() -> Footer:
    """How the recording ended."""
    return Footer(
        end="sealed",
        run_id="7f3c7f3c",
        engine="9.9.9",
        python="3.11.0",
        os="linux",
        hash_seed="0",
        started_at="2026-01-02T03:04:05.006Z",
        finished_at="2026-01-02T03:04:06.006Z",
        counts=Counts(records=1, draws=0, asks=0, events=1),
        blocks=[],
        summary=None,
    )


def said(
    verdict: Verdict,
    given: Given = Given("t.fozzy"),  # noqa: B008 it is a tuple
    text: str | None = None,
    status: Status = "fail",
    **divergence: Any,
) -> list[str]:
    """The lines of a verdict."""
    finding = Finding(kind="assertion", title="fail", message="no")
    findings = [finding] if status != "pass" else []
    came = Divergence(verdict=verdict, records=12, **divergence)
    replayed = Replayed(Recording().header(), footer(), status, came, findings, 0, 5, 3 if findings else 0)
    return [plain(each) for each in verdict_lines(replayed, given, text)]


def test_the_opening_says_which_recording_it_is() -> None:
    """Selector, scenario, seed and maker; what is not sealed is said to be so; nothing is wider than the screen."""
    lines = [plain(each) for each in opening_lines("@latest", Recording().header(), footer())]
    assert lines == ["  replaying @latest  a [b]/c.fozzy.json  seed 7", "  recorded 2026-01-02 by fozzy 9.9.9"]
    (line,) = [plain(each) for each in opening_lines("@latest", Recording().header(), None)]
    assert line.endswith("seed 7  not sealed")


def test_same() -> None:
    """As recorded: with the failure when it failed, and nothing more to do when it passed."""
    assert said("SAME", status="pass") == ["  SAME  5 steps, 12 records"]
    assert said("SAME")[0] == "  SAME  5 steps, 12 records, same failure at step 3"
    assert said("SAME")[-1] == "        fozzy trace show t.fozzy"


def test_fixed_and_changed() -> None:
    """A failure that is gone needs nothing; another one does."""
    assert said("FIXED", status="pass") == [
        "  FIXED  5 steps, 12 records as recorded, and the recorded failure is gone"
    ]
    assert said("CHANGED")[0] == "  CHANGED  another failure than the recorded one"
    assert said("CHANGED")[-1] == "        fozzy trace show t.fozzy"


def test_incomplete() -> None:
    """How far it went and how to take that for good, unless that was said."""
    lines = said("INCOMPLETE", record=12)
    assert lines[0] == "  INCOMPLETE  the recording ends after 12 records; so far everything was the same"
    assert lines[-1] == "        fozzy replay t.fozzy --unsafe"
    assert len(said("INCOMPLETE", Given("t.fozzy", unsafe=True), record=12)) == 1


def test_incomplete_where_records_are_missing() -> None:
    """What is missing, and nothing of a place where it stopped: it did not."""
    lines = said("INCOMPLETE", cause="2 records are not in this recording")
    assert lines[0] == "  INCOMPLETE  2 records are not in this recording"
    assert lines[-1] == "        fozzy trace show t.fozzy"


def test_drift_shows_both_sides_and_where_they_part() -> None:
    """The record, the cause, what was recorded and what is now, with a mark under the first difference."""
    lines = said(
        "DRIFT", record=14, recorded="ask http GET /users/42", now="ask http GET /users/43", cause="it changed"
    )
    assert lines[0] == "  record #14: it changed"
    assert lines[1].endswith("recorded   ask http GET /users/42")
    assert lines[2].endswith("now        ask http GET /users/43")
    assert lines[3].index("^^") == lines[2].index("43") + 1
    assert "  DRIFT  stopped at record #14; nothing after it can be trusted" in lines
    assert lines[-1] == "        fozzy trace show t.fozzy"


def test_drift_against_another_scenario_shows_what_changed_in_it() -> None:
    """The changed lines, the first one's number, and both ways out with the flags that were given."""
    given = Given("my t.fozzy", "new.fozzy.json", " --cwd x")
    lines = said("DRIFT", given, THEN.replace("two", "three"), record=1, recorded="a", now="b", cause="c")
    assert "  The scenario changed since the recording (line 4):" in lines
    assert "     -  two" in lines and "     +  three" in lines
    assert "        fozzy replay 'my t.fozzy' --cwd x" in lines
    assert lines[-1] == "        fozzy run new.fozzy.json --seed 7 --record new.fozzy --cwd x"


def test_lines_are_those_of_the_file() -> None:
    """A separator in a text, which no editor shows as the end of a line, moves no number."""
    odd = THEN.replace("one", '"\u2028\x85",')
    came = Divergence(verdict="DRIFT", records=12, record=1, recorded="a", now="b", cause="c")
    replayed = Replayed(Recording(odd).header(), footer(), "fail", came, [], 0, 5, 0)
    lines = [plain(each) for each in verdict_lines(replayed, Given("t", "s"), odd.replace("two", "three"))]
    assert "  The scenario changed since the recording (line 4):" in lines


def test_the_same_scenario_under_another_name_has_not_changed() -> None:
    """Nothing is said of changes where there are none."""
    lines = said("DRIFT", Given("t", "s"), THEN, record=1, recorded="a", now="b", cause="c")
    assert not any("changed since" in line for line in lines)


@pytest.mark.parametrize("lines_count", [CHANGED_LINES_MAX, 10_000])
def test_changes_are_bounded(lines_count: int) -> None:
    """A scenario that is another altogether fills no screen, however long its lines are."""
    text = "".join(f"{number} {'x' * 1000}\n" for number in range(lines_count))
    lines = said("DRIFT", Given("t", "s"), text, record=1, recorded="a", now="b", cause="c")
    assert len(lines) < CHANGED_LINES_MAX + 20
    assert max(map(len, lines)) <= LINE_CHARS_MAX + 5
    assert any(line.startswith("     … ") and line.endswith(" more lines") for line in lines)


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a\0b", "\u202e", "[/bold]"])
def test_what_a_trace_says_cannot_control_the_terminal(hostile: str) -> None:
    """Both sides, the cause and the selector are data."""
    lines = said("DRIFT", Given(hostile), record=1, recorded=hostile, now=hostile, cause=hostile)
    lines += [plain(each) for each in opening_lines(hostile, Recording().header(), footer())]
    assert all(line.isprintable() for line in lines)
