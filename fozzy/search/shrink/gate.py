"""The gate: the only way a candidate becomes the best one.

Rule 1: every candidate is run here, once. The same one again is refused: the best only becomes smaller, so what was
not accepted then is not now. What came of it is remembered, without its draws.
Rule 2: it is accepted when it fails for the same reason and is smaller by `Size`. Nothing else matters.
Rule 3: the tape of an accepted candidate is the one its run really made, so later cuts cut what is there.
Rule 4: every run counts against the budget; when it is spent, `Spent` ends the passes and the best so far stands.
Rule 5: where runs share a process it is looked now and then whether the best fails alone too (`make_sure`); what does
not is taken back.
Rule 6: where a cluster answers what it should when nothing goes wrong, what is accepted must do so too: the weather makes
it fail, not that an expectation is left without what it was expected of.
Rule 7: what the user did not ask to change (`aims`) stays: faults as they are armed, the draws of the others.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Callable, Collection
from typing import Any, Literal, NamedTuple

from fozzy import wall
from fozzy.core.duration import UNITS_NS
from fozzy.core.sources import boring
from fozzy.search.clusters import number_of
from fozzy.search.script import Script, Uncuttable, is_below
from fozzy.search.subject import Candidate, Failure, Outcome, Subject, Tape

RUNS_MAX = 50_000  # a search that needs more is not going to end
SLIPS_MAX = 16
EXPECTING = ("expect", "equals", "is_null", "key")  # fields of a step that say what it wants
EXPECTATIONS = ("kv_node_equals", "kv_present_on_all")  # and invariants that do
STEPS_OF_WEATHER = ("crash", "restart", "pause", "partition")  # of a cluster; with them something goes wrong
PLAIN = "0"  # the character that says least
NUMBER = re.compile(r"(\d{1,18})(ns|us|ms|s|m|h)?", re.ASCII)
SURE_EVERY = 64  # candidates between two looks; each costs a fresh process
SCHEDULE = ("parallel", "net.", "sched.", "schedule.")  # labels of draws that decide about order, not about values
FAULTS = ("fault.",)  # and of those that decide whether a fault strikes

Aim = Literal["nodes", "input", "schedule", "faults"]
AIMS: tuple[Aim, ...] = ("nodes", "input", "schedule", "faults")


class Spent(Exception):
    """The budget is over."""


class Size(NamedTuple):
    """How large a candidate is; the first difference decides. `nodes` and `work` are of clusters."""

    nodes: int
    things: int  # steps, and of a cluster its faults and invariants
    work: int  # operations of clients
    loud: int  # draws that are not boring
    choices: int
    far: int  # how far the draws are from boring, all together
    weight: tuple[int, int, int, int]  # of what is written, see `weight`
    steps: int

    @property
    def shown(self) -> tuple[int, int]:
        """Steps and choices, which people count."""
        return self.steps, self.choices


def size_of(candidate: Candidate) -> Size:
    """The size of a candidate."""
    script, tape = candidate.script, candidate.tape
    far = [abs(draw.value - boring(draw.low, draw.high)) for draw in tape.draws]
    counts = len(script.machines), script.things, script.work
    return Size(*counts, sum(map(bool, far)), len(far), sum(far), weight(script), script.steps)


def faults_in(script: Script) -> int:
    """How many faults a script arms."""
    return sum(node.is_fault for node in script.nodes())


def armed(script: Script) -> list[tuple[str, Any]]:
    """The faults a script arms, with all they say."""
    return [(node.origin, node.fields) for node in script.nodes() if node.is_fault]


def aim_of(label: str) -> Aim:
    """What a draw decides about."""
    return "schedule" if label.startswith(SCHEDULE) else "faults" if label.startswith(FAULTS) else "input"


def weight(script: Script) -> tuple[int, int, int, int]:
    """How much is written: values, characters, characters that are not plain, and the size of numbers."""
    total = [0, 0, 0, 0]
    _weigh(script.raw, total)
    return (total[0], total[1], total[2], total[3])


def _weigh(value: Any, total: list[int]) -> None:
    total[0] += 1
    if isinstance(value, dict):
        for key, item in value.items():
            total[1] += len(key)
            _weigh(_bytes(item) if key == "$bytes" else item, total)
    elif isinstance(value, list):
        for item in value:
            _weigh(item, total)
    elif isinstance(value, str):
        number = NUMBER.fullmatch(value)
        total[1] += 1 if number and number[2] else len(value)
        if number:  # a duration, or digits: smaller numbers are simpler
            total[3] += int(number[1]) * UNITS_NS.get(number[2], 1)
        else:
            total[2] += len(value) - value.count(PLAIN)
    elif isinstance(value, bytes):
        plain = value.count(PLAIN.encode())
        total[1] += len(value)
        total[2] += len(value) - plain
        total[3] += sum(value) - plain * ord(PLAIN)
    elif isinstance(value, bool):
        total[3] += value
    elif isinstance(value, int | float):
        total[3] += abs(int(value)) * 2 + (value < 0) + (value != int(value))


def _bytes(text: Any) -> Any:
    """What stands in base64: the form itself says nothing about its size."""
    try:
        return a2b_base64(text)
    except (ValueError, TypeError):
        return text


class Slip(NamedTuple):
    """Another failure that a candidate ran into."""

    candidate: Candidate
    outcome: Outcome


class Gate:
    """Runs candidates and keeps the best. `failure` is the reason to keep.

    *Limits*: `budget_ns` of wall time, `RUNS_MAX` runs. *Errors*: `Spent`.
    """

    def __init__(self, subject: Subject, first: Candidate, failure: Failure, budget_ns: int) -> None:
        self.subject = subject
        self.best = first
        self.aims: Collection[Aim] = AIMS
        self.failure = failure
        self.size = size_of(first)
        self.tried = self.kept = 0
        self.slips: dict[Failure, Slip] = {}
        self.lowered: dict[tuple[str, int], int] = {}  # draws that went no lower, by label and place, with their values
        self.listen: Callable[[], None] = lambda: None
        self._sure = (first, self.size)
        self._looked = 0
        self.is_weather = False
        self._seen: dict[bytes, Outcome] = {}
        self._budget_ns = budget_ns
        self._began_ns = wall.elapsed_ns()

    @property
    def spent_ns(self) -> int:
        """How long it has been at work."""
        return wall.elapsed_ns() - self._began_ns

    def consider(self, candidate: Candidate) -> bool:
        """Run a candidate; true when it is the best now."""
        if self.spent_ns > self._budget_ns:
            raise Spent
        if self.tried - self._looked >= SURE_EVERY:
            self.make_sure()
        if candidate.key in self._seen or not self._is_allowed(candidate):
            return False
        outcome = self.run(candidate)
        if outcome.failure != self.failure:
            return False
        accepted = Candidate(candidate.script, Tape(outcome.draws, candidate.tape.asks), outcome.windows)
        size = size_of(accepted)
        if size >= self.size or (self.is_weather and self._fails_calm(accepted)):
            return False
        self.best, self.size = accepted, size
        self.kept += 1
        self._seen[accepted.key] = outcome._replace(draws=(), windows={})
        return True

    def look_at_calm(self) -> None:
        """Find out whether it is the weather that makes what a cluster is expected to answer wrong."""
        self.is_weather = self.best.script.is_cluster and self._expects and self._fails_calm(self.best) is False

    def _fails_calm(self, candidate: Candidate) -> bool | None:
        """Whether it fails alike when nothing goes wrong and the order of things is boring; none when that is no
        scenario."""
        try:
            script = candidate.script.edit(lambda node: () if node.is_fault or node.type in STEPS_OF_WEATHER else None)
        except Uncuttable:
            return None
        draws = tuple(draw for draw in candidate.tape.draws if aim_of(draw.label) == "input")
        outcome = self.run(Candidate(script, Tape(draws, candidate.tape.asks)))
        return None if outcome.status == "error" else outcome.failure == self.failure

    @property
    def _expects(self) -> bool:
        """Whether it fails because of a value that somebody wrote down, which is right for one input only."""
        return self.failure.field in EXPECTING or self.failure.title in EXPECTATIONS

    @property
    def is_alone(self) -> bool:
        """Whether every run has a process of its own, because it turned out that it must."""
        return bool(getattr(self.subject, "is_alone", False))

    def make_sure(self) -> bool:
        """Look whether the best fails in a process of its own too; if not, the last one that did is the best again."""
        is_sure = getattr(self.subject, "is_sure", None)
        self._looked = self.tried
        if is_sure is None or self.is_alone:
            return True
        stands: bool = is_sure(self.best, self.failure, was_sure=self.best is self._sure[0])
        if self.is_alone:
            self._seen.clear()  # what the shared process said is worth nothing
        if stands:
            self._sure = (self.best, self.size)
        else:
            self.best, self.size = self._sure
        return stands

    def run(self, candidate: Candidate) -> Outcome:
        """What comes of a candidate, whether or not it is better; its draws only the first time."""
        key = candidate.key
        known = self._seen.get(key)
        if known is not None:
            return known
        if self.tried >= RUNS_MAX or self.spent_ns > self._budget_ns:
            raise Spent
        self.tried += 1
        self.listen()
        outcome = self.subject.run(candidate)
        forgetful = self._seen[key] = outcome._replace(draws=(), windows={})
        failure = outcome.failure
        if failure is not None and failure != self.failure and len(self.slips) < SLIPS_MAX:
            self.slips.setdefault(failure, Slip(candidate, forgetful))
        return outcome

    def _is_allowed(self, candidate: Candidate) -> bool:
        """Whether a candidate changes only what may change; what draws may change is the passes' business."""
        script, best = candidate.script, self.best.script
        if "nodes" in self.aims and script.machines != best.machines:
            return True  # with a node goes what names it
        return "faults" in self.aims or armed(script) == armed(best)

    def without(self, origins: Collection[str]) -> bool:
        """Consider the best without some steps; then also without what others chose while they ran."""
        best = self.best
        try:
            candidate = best.without(origins)
        except Uncuttable:
            return False
        return self.consider(candidate) or (
            bool(best.windows) and self.consider(candidate._replace(tape=best.outside(origins)))
        )

    def with_script(self, script: Script) -> bool:
        """Consider the best with another script."""
        return self.consider(self.best._replace(script=script, windows={}))

    def with_tape(self, tape: Tape) -> bool:
        """Consider the best with another tape."""
        return self.consider(self.best._replace(tape=tape, windows={}))

    def is_kept(self, origin: str) -> bool:
        """Whether a step must stay: it fails, or holds what fails, or what is wanted counts what it does."""
        return is_below(self.failure.at, (origin,)) or self.is_counted(origin)

    def is_counted(self, origin: str) -> bool:
        """Whether this is a workload and the failing step wants a number that its operations may come to: nothing tells
        what fewer of them should come to."""
        if self.is_weather or not self._expects or not {"less", "greater"} & set(self.failure.cause):
            return False
        found = next((node for node in self.best.script.nodes() if node.origin == origin), None)
        return found is not None and found.type == "workload" and number_of(origin) < number_of(self.failure.at)
