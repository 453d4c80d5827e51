"""Determinism: the same scenario and seed, run several times in surroundings that must not matter, says the same.

The first two runs are made in this process, the others each in a fresh one with everything around it different: hash
seed, folder, locale, time zone, environment, the order of files. Where one differs, `gate/causes` looks for the cause.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy import wall
from fozzy.core.backends import Backends
from fozzy.engine.discover import Chosen
from fozzy.engine.prepare import Options, env_names, header_of
from fozzy.errors import Problem, Where
from fozzy.gate.causes import Case, causes_of, is_call
from fozzy.gate.checked import Cause, Checked, Parted, judged, skipped
from fozzy.gate.checks.scenarios import is_distributed
from fozzy.gate.statements import Parting, Spot, parting
from fozzy.gate.ways import ASPECTS, VARIED, Aspect, Way, other_locale, site, too_large
from fozzy.gate.witness import WITNESS_S_MAX, Item, Job, items_of, prepared, send, statement, testify
from fozzy.report.text import count
from fozzy.trace.finalize import display_name

NAME = "determinism"
RUNS = 5
RUNS_MIN, RUNS_MAX = 2, 1000
EXPLAINED_MAX = 20  # scenarios whose cause is looked for; each takes a dozen runs
LIVE_TAG = "host"  # a scenario with this tag says of itself that it asks the real world


class Audit(NamedTuple):
    """What is audited, and how."""

    chosen: Sequence[Chosen]
    options: Options
    root: Path
    base_dir: Path
    seed: int
    runs: int = RUNS


def determinism(audit: Audit) -> Checked:
    """Run every scenario several times and compare what they say."""
    chosen = [each for each in audit.chosen if each.loaded is not None]
    if not chosen:
        return skipped(NAME, "there are no scenarios to run")
    audit = audit._replace(chosen=chosen, options=msgspec.structs.replace(audit.options, det=True))
    with tempfile.TemporaryDirectory(prefix="fozzy-audit-") as made:
        return _Auditor(audit, Path(made)).checked()


class _Auditor:
    """One audit under way."""

    def __init__(self, audit: Audit, folder: Path) -> None:
        self._audit = audit
        self._folder = folder
        self._items = items_of(audit.chosen, audit.seed)
        self._backends = [_backends(each, audit.options) for each in audit.chosen]
        self._tagged = [_is_tagged(each) for each in audit.chosen]
        self._declared = frozenset(_declared(audit))
        self._runs = 0
        self._too_large = too_large(audit.root)
        self._aspects: tuple[Aspect, ...] = tuple(each for each in ASPECTS if each != "folder" or not self._too_large)
        self._explained: list[int] = []  # scenarios whose cause is looked for; clusters in one process for each way
        self._made: dict[tuple[Way, int], Path] = {}
        self._differing = 0

    def checked(self) -> Checked:
        """Run, compare, explain."""
        parted: list[Parted] = []
        found: list[Problem] = []
        known: list[str] = []
        differences = list(self._differences())
        differing = [index for index, _ in differences if not self._tagged[index]]
        self._differing, self._explained = len(differing), differing[:EXPLAINED_MAX]
        for index, (way, seen) in differences:
            chosen = self._audit.chosen[index]
            if self._tagged[index]:
                known.append(display_name(chosen.name))
                continue
            told = self._parted(index, way, seen)
            parted.append(told)
            found.append(_problem(chosen, told, seen, self._backends[index]))
        numbers = count(len(self._items), "scenario"), count(self._audit.runs, "run")
        ran = f"{numbers[0]} x {numbers[1]}, seed {self._audit.seed}, each time with other surroundings"
        checked = judged(NAME, ran, found, left_out=[*self._about_tagged(known), *self._left_out()])
        return msgspec.structs.replace(checked, parted=parted)

    def _differences(self) -> Iterator[tuple[int, tuple[str, Parting]]]:
        """The first difference of each scenario, in order."""
        statements = self._statements()
        _, first = statements[0]
        for index in range(len(self._items)):
            for words, folder in statements[1:]:
                if not statement(folder, index).exists():
                    continue
                seen = self._compare(index, statement(first, index), statement(folder, index))
                if seen is not None:
                    yield index, (words, seen)
                    break

    def _statements(self) -> list[tuple[str, Path]]:
        """All runs of all scenarios: how they were made, and where the statements are."""
        everything = list(range(len(self._items)))
        untagged = [index for index in everything if not self._tagged[index]]
        made = [("this process", self._here(everything))]
        if self._audit.runs > RUNS_MIN:
            made.append(("this process, again", self._here(untagged)))
        left = everything  # once for those whose tag says that they are live
        while len(made) < self._audit.runs:
            way = Way(frozenset(self._aspects), hash_seed=len(made))
            made.append((way.words, self._sent(way, left)))
            left = untagged
        return made

    def _here(self, numbers: list[int]) -> Path:
        job = self._job(numbers, str(self._audit.root))
        testify(job)
        return Path(job.folder)

    def _sent(self, way: Way, numbers: list[int]) -> Path:
        with site(way._replace(kept=self._declared), self._audit.root, self._audit.base_dir) as where:
            job = self._job(numbers, where.root)
            process = send(job, where.environment, where.cwd)
            try:
                process.wait(WITNESS_S_MAX)
            except subprocess.TimeoutExpired:
                pass  # what it did not write differs from what the others wrote
            finally:
                process.kill()
                process.wait()
        for number in numbers:
            statement(job.folder, number).touch()
        return Path(job.folder)

    def _job(self, numbers: list[int], root: str) -> Job:
        self._runs += 1
        folder = self._folder / str(self._runs)
        folder.mkdir()
        items: list[Item] = [self._items[number] for number in numbers]
        return Job(items=items, numbers=numbers, options=self._audit.options, root=root, folder=str(folder))

    def _compare(self, index: int, first: Path, other: Path) -> Parting | None:
        return parting(first, other, is_live=self._is_live(index))

    def _is_live(self, index: int) -> bool:
        return "host" in msgspec.structs.astuple(self._backends[index])

    def _parted(self, index: int, way: str, seen: Parting) -> Parted:
        causes: list[Cause] = []
        spot = Spot()
        if index in self._explained:
            informant = self._folder / f"informant-{index}"
            is_cluster = is_distributed(self._audit.chosen[index])
            case = Case(self._again(index), self._comparing(index), informant, self._aspects, is_cluster)
            causes = causes_of(case, seen)
            spot = self._spot(index, seen) if is_cluster else Spot()
        chosen = self._audit.chosen[index]
        return Parted(
            scenario=audited_name(chosen),
            record=seen.number,
            first=seen.first,
            other=seen.other,
            way=way,
            causes=causes,
            time_ns=spot.time_ns,
            node=spot.node,
            at=spot.at,
        )

    def _spot(self, index: int, seen: Parting) -> Spot:
        from fozzy.gate.clusters import spot_of  # only clusters need the simulator

        return spot_of(prepared(self._items[index], self._audit.options, self._audit.root), seen)

    def _again(self, index: int) -> Callable[[Way], Path]:
        asked: Counter[Way] = Counter()
        together = [each for each in self._explained if is_distributed(self._audit.chosen[each])]

        def again(way: Way) -> Path:
            if way.informant or index not in together:
                return statement(self._sent(way, [index]), index)
            key = way, asked[way]
            asked[way] += 1
            if key not in self._made:
                self._made[key] = self._sent(way, together)
            return statement(self._made[key], index)

        return again

    def _comparing(self, index: int) -> Callable[[Path, Path], Parting | None]:
        return lambda first, other: self._compare(index, first, other)

    def _about_tagged(self, known: Sequence[str]) -> Iterator[str]:
        if any(self._tagged):
            yield f"{count(sum(self._tagged), 'scenario')} with the tag {LIVE_TAG}: run twice, what differs is no issue"
        if known:
            yield f"of these differ: {', '.join(known)}"

    def _left_out(self) -> Iterator[str]:
        live = [
            f"{name}=host in {count(number, 'scenario')}"
            for name in ("proc", "fs", "http")
            if (number := sum(getattr(each, name) == "host" for each in self._backends))
        ]
        if live:
            said = "times, memory, ports and dates differ by nature and were not compared; a recording replays exactly"
            yield f"{', '.join(live)}: {said}"
        kept = sorted(self._declared & {*VARIED})
        if kept:
            yield f"{' '.join(kept)}: kept as it is, since the project declares it"
        if self._too_large:
            yield f"another folder: {self._too_large}"
        if other_locale(wall.variables()) in ("C", "C.UTF-8"):
            yield "a locale with other letters: none is installed, C was used"
        if self._audit.runs <= RUNS_MIN:
            yield "twice in this process: --runs 3 or more does that"
        if self._differing > EXPLAINED_MAX:
            yield f"causes: looked for in the first {EXPLAINED_MAX} scenarios that differ"


def audited_name(chosen: Chosen) -> str:
    """What a scenario is called where it differs; each combination of a matrix has a name of its own."""
    return f"{display_name(chosen.name)} {chosen.label}".rstrip()


def _backends(chosen: Chosen, options: Options) -> Backends:
    assert chosen.loaded is not None
    return header_of(chosen.loaded, options, 0, "test", chosen.case)[0].backends


def _is_tagged(chosen: Chosen) -> bool:
    return LIVE_TAG in getattr(chosen.loaded.file if chosen.loaded else None, "tags", ())


def _declared(audit: Audit) -> Iterator[str]:
    """The variables that scenarios and configuration declare: programs get their values, whatever they are."""
    yield from audit.options.settings.proc_env
    for each in audit.chosen:
        if each.loaded is not None:
            yield from env_names(each.loaded)


def _problem(chosen: Chosen, told: Parted, seen: Parting, backends: Backends) -> Problem:
    where = f"from record #{told.record} on" if told.record >= 0 else "from their header on"
    why = "; ".join(f"{cause.message}{f' ({cause.at})' if cause.at else ''}" for cause in told.causes)
    return Problem(
        code="doctor.not_deterministic",
        message=f"{told.scenario}: two runs differ {where}{f': {why}' if why else ''}",
        where=Where(chosen.shown),
        hint=_hint(seen, backends),
    )


def _hint(seen: Parting, backends: Backends) -> str:
    if is_call(seen.record):
        return "give the function what it asks for as an argument: a time, a seed, a sorted list"
    record = seen.record
    label = getattr(record, "label", "").partition(".")[0]
    if label in ("proc", "http") and getattr(backends, label) == "host":
        return (
            f'script it with {label}_when, or keep it out of --det suites: "tags": ["host"], fozzy test --not-tag host'
        )
    if label == "env":
        return "set the variable to the same value everywhere, or use vars"
    return 'keep it out of --det suites: "tags": ["host"], fozzy test --not-tag host'
