"""`fozzy chaos run`: resilience tests, in a pytest of their own."""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import msgspec

from fozzy.cli.chaos_screen import Seen, document_of, lines_of
from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.options import duration_option, seed_of
from fozzy.errors import Exit, InputError, Problem, UsageError
from fozzy.gate.parts import PARTS, way_to
from fozzy.gate.resilience.recovery import Covered, covered
from fozzy.gate.resilience.suite import LIMIT_S, Asked, Came, run


class Run(Command, frozen=True, kw_only=True):
    """Run resilience tests in a pytest of their own and give one verdict.

    Tests with a marker or a fixture of ours are run, others are left out and counted. Faults come from seeds and time is
    virtual, so the same command does the same; another --seed, or more --runs, has other faults. It ends with 1 when a test
    fails, 3 when one takes too long, 4 when pytest dies, 5 when there is none. Ctrl-C
    shows what there is, twice stops at once.
    """

    name: ClassVar[str] = "chaos run"
    paths: Annotated[list[str], Arg("Files, folders or tests; pytest's own choice when not given.", "PATH...")] = []
    seed: Annotated[
        int | None,
        Opt(("--seed",), "The session's seed, 0 to 2^53-1; 0. A test's own comes from it and its name.", "N"),
    ] = None
    require_services: Annotated[
        bool, Opt(("--require-services",), "A service that is not installed is a failure; else its tests are left out.")
    ] = False
    runs: Annotated[int, Opt(("--runs",), "Run each test with so many seeds; 1.", "N")] = 1
    match: Annotated[str | None, Opt(("-k",), "Only tests whose name matches, as for pytest.", "WORDS")] = None
    marked: Annotated[str | None, Opt(("-m",), "Only tests with these markers, as for pytest.", "WORDS")] = None
    jobs: Annotated[int, Opt(("--jobs", "-j"), "How many processes; 1. More need pytest-xdist.", "N")] = 1
    timeout: Annotated[
        str | None, Opt(("--timeout",), f"Real time for each phase of a test; {LIMIT_S:g}s.", "DURATION")
    ] = None
    junit: Annotated[
        str | None, Opt(("--junit",), "Write JUnit there; breakers and faults are properties.", "FILE")
    ] = None
    coverage: Annotated[
        bool, Opt(("--coverage",), "Say which recovery paths (except clauses) ran; needs coverage.")
    ] = False
    source: Annotated[
        list[str], Opt(("--source",), "Of what, for --coverage; its own configuration, else this folder.", "DIR")
    ] = []
    shrink: Annotated[bool, Opt(("--shrink",), "Find the fewest faults with which a failing test fails so.")] = False
    trace_dir: Annotated[str | None, Opt(("--trace-dir",), "Traces of failing tests; .fozzy/chaos.", "DIR")] = None

    def call(self, console: Console) -> Exit:
        _check(self)
        with tempfile.TemporaryDirectory(prefix="fozzy-chaos-") as made:
            folder = Path(made)
            data = folder / "coverage"
            said: list[str] = []
            came = run(self._asked(console, folder, data), lambda text: self._pass_on(console, text, said))
            found = covered(data) if self.coverage else None
        return self._told(console, came, found, said)

    def _asked(self, console: Console, folder: Path, data: Path) -> Asked:
        limit_ns = duration_option("--timeout", self.timeout)
        words = None
        if self.coverage:
            words = [f"--data-file={data}", *(f"--source={each}" for each in self._sources())]
        colour = ["--color=yes"] if console.is_coloured and not self.quiet else []
        return Asked(
            words=[*colour, *self._words()],
            told=folder / "told",
            limit_s=LIMIT_S if limit_ns is None else limit_ns / 1e9,
            coverage=words,
        )

    def _words(self) -> list[str]:
        """The words for pytest."""
        seed = seed_of(self)
        valued = {
            "--chaos-seed": seed,
            "--chaos-runs": self.runs if self.runs > 1 else None,
            "--junitxml": self.junit,
            "--chaos-trace-dir": self.trace_dir,
            "--chaos-time": "real" if self.det is False else None,
            "--chaos-strict": None if self.strict else "off",
        }
        words = [f"{flag}={value}" for flag, value in valued.items() if value is not None]
        words += [word for flag, value in (("-k", self.match), ("-m", self.marked)) if value for word in (flag, value)]
        words += ["--chaos-require-services"] if self.require_services else []
        words += ["--chaos-shrink"] if self.shrink else []
        words += [f"-n{self.jobs}"] if self.jobs > 1 else []
        return [*words, *["-v"] * self.verbose, *self.paths]

    def _sources(self) -> list[str]:
        if self.source:
            return [",".join(self.source)]
        return [] if _is_configured(Path()) else ["."]

    def _pass_on(self, console: Console, text: str, said: list[str]) -> None:
        """pytest's own words: on stdout; beside a document with -v on stderr; of one line only when it is not well."""
        said.append(text)
        if console.json:
            console.aside(text if self.verbose else "")
        elif not self.quiet:
            console.raw(text)

    def _told(self, console: Console, came: Came, found: Covered | None, said: list[str]) -> Exit:
        if self.quiet and not console.json and came.exit_status != Exit.PASS:
            console.aside("".join(said))
        if console.json:
            document = document_of(came, found, self.junit, said)
            console.raw(msgspec.json.encode(document).decode() + "\n")
        seen = Seen(came, found, runs=self.runs, no_data=self.coverage and found is None)
        console.answer(lines_of(seen, quiet=self.quiet, verbose=self.verbose > 0))
        return came.exit_status


def _check(command: Run) -> None:
    """What cannot be. *Errors*: `UsageError`."""
    for flag, number in (("--runs", command.runs), ("--jobs", command.jobs)):
        if number < 1:
            raise UsageError("usage.bad_value", f"{flag} must be at least 1, got {number}")
    if command.coverage and command.jobs > 1:
        hint = "leave --jobs out"
        raise UsageError("usage.bad_value", "--coverage sees one process, so --jobs must be 1 with it", hint=hint)
    if command.source and not command.coverage:
        raise UsageError("usage.bad_value", "--source says of what coverage is taken", hint="add --coverage")
    _check_places(command)
    wanted: list[Literal["pytest", "xdist", "coverage"]] = ["pytest"]
    wanted += ["xdist"] if command.jobs > 1 else []
    wanted += ["coverage"] if command.coverage else []
    for name in wanted:
        if find_spec(name) is None:
            message = f"{name} is not installed in the Python that runs fozzy"
            raise UsageError("chaos.not_installed", message, hint=way_to(PARTS[name]))


def _check_places(command: Run) -> None:
    """What is to be read is there, what is to be written can be. *Errors*: `InputError`, `UsageError`."""
    lacking = [each for each in command.paths if not os.path.lexists(each.partition("::")[0])]
    if lacking:
        hint = "name test files, their folders, or tests in them: test_shop.py::test_reads"
        said = [f"there is no file or folder {each.partition('::')[0]}" for each in lacking]
        raise InputError.of([Problem(code="chaos.refused", message=each, hint=hint) for each in said])
    if command.junit is not None:
        path = Path(command.junit)
        above = next((each for each in path.absolute().parents if os.path.lexists(each)), path)
        if path.is_dir() or not above.is_dir() or not os.access(path if path.exists() else above, os.W_OK):
            hint = "a report needs a file that can be written"
            raise UsageError("report.unwritable", f"cannot write the report {command.junit}", hint=hint)


def _is_configured(folder: Path) -> bool:
    """Whether coverage has a configuration of its own there."""
    if (folder / ".coveragerc").exists():
        return True
    known = {"pyproject.toml": "[tool.coverage", "setup.cfg": "[coverage:", "tox.ini": "[coverage:"}
    there = [(folder / name, words) for name, words in known.items() if (folder / name).is_file()]
    return any(words in path.read_text(encoding="utf-8", errors="replace") for path, words in there)
