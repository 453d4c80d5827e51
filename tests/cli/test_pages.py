"""The pages of `fozzy explain`: every code and title that the source can say has one, and none is about nothing.

The source is read with `ast`. A code or title that is made in a way this cannot follow fails the test: write it as a
text, or name it here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from fozzy.chaos.http.watch import Phase
from fozzy.cli.pages import FILES, FOLDER, heading, names, page_of, pages
from fozzy.dsl.steps import step_types
from fozzy.dsl.steps.cluster import ClusterSteps, Invariants, by_tag
from fozzy.trace.zipped import REASONS
from fozzy.world.failure import FailureKind

ROOT = Path(__file__).parent.parent.parent / "fozzy"
STEPS = {*step_types(), *by_tag(ClusterSteps), *by_tag(Invariants)}
TOPICS = {"exit-codes", "verdicts", "secrets"}
ERRORS = {
    "UsageError",
    "ConfigError",
    "InputError",
    "NotAllowedError",
    "EvidenceError",
    "StoreError",
    "FozzyError",
    "cls",
}
CODE, TITLE = re.compile(r"[a-z]+\.[a-z0-9_]+"), re.compile(r"[a-z0-9_]+")

# Where a code or title passes through that somebody else made: file and expression.
PASSED_ON = {
    ("chaos/files/flags.py", "problems[0].code"),
    ("chaos/files/remaining.py", "problem.code.partition('.')[2]"),
    ("cli/", "first.code"),
    ("cli/explore_failures.py", "failed.title"),
    ("cli/fuzz_crashes.py", "crash.title"),
    ("chaos/tcp/planned.py", "problems[0].code"),
    ("chaos/api/client.py", "code"),  # what the proxy says
    ("chaos/api/reading.py", "error.code"),
    ("dsl/checks.py", "issue.reason"),
    ("dsl/include.py", "error.code"),
    ("dsl/steps/base.py", "title"),
    ("pytest_plugin/keeping.py", "failure.title"),  # the error of a test of somebody's
    ("dsl/validate.py", "f'scenario.{flaw.reason}'"),
    ("dsl/steps/call.py", "found['title']"),
    ("engine/cluster/invariants.py", "title"),  # the invariant's type
    ("engine/discover.py", "invalid"),  # another class of the same name
    ("engine/place.py", "each.title"),
    ("engine/run.py", "failure.title"),
    ("engine/suite.py", "problem.code"),
    ("errors.py", "code"),
    ("errors.py", "first.code"),
    ("search/explore/scenario_bench.py", "failed.title"),
    ("search/fuzz/by_hypothesis.py", "crash.title"),
    ("search/fuzz/scenario_target.py", "first.title"),
    ("sim/findings.py", "title"),
    ("world/failure.py", "f'{capability}_{failure.kind}'"),
}
MADE = {
    "config_problems.py": {"code": {"config.unknown_key", "config.bad_value", "config.syntax"}},
    "engine/replay.py": {"divergence.verdict.lower()": {"drift", "incomplete", "changed"}},
    "search/fuzz/command_target.py": {"f'proc_{failure.kind}'": {f"proc_{kind}" for kind in get_args(FailureKind)}},
    "chaos/files/reading.py": {
        "f'chaos.{_CALLED.get(reason, reason)}'": {  # what a file of scenarios could also have wrong
            f"chaos.{reason}"
            for reason in (
                *("bad_value", "duplicate_key", "invalid", "missing_field", "not_utf8", "syntax", "too_large"),
                *("unknown_key", "unreadable"),
            )
        }
    },
    "search/corpus/archive.py": {"f'corpus.{flaw.reason}'": {f"corpus.{reason}" for reason in REASONS}},
}
# Where in a call the code or title stands: by place, by name, and what stands before it.
CALLS: dict[str, tuple[int, str, str]] = {
    **dict.fromkeys(ERRORS, (0, "code", "")),
    "Rejected": (1, "code", ""),
    "Problem": (99, "code", ""),
    "Trouble": (99, "code", ""),
    "Flaw": (3, "reason", "scenario."),
    "Issue": (3, "reason", "scenario."),
    "StepFailed": (0, "title", ""),
    "fail": (99, "title", ""),
    "Finding": (99, "title", ""),
    "Found": (3, "title", ""),
    "Crash": (99, "title", ""),
    "sim_failure": (0, "title", ""),
}


def argument(call: ast.Call, place: int, keyword: str) -> ast.expr | None:
    """One argument of a call, given by name or by place."""
    named = [each.value for each in call.keywords if each.arg == keyword]
    return named[0] if named else call.args[place] if len(call.args) > place else None


def texts(value: ast.expr, module: ast.Module) -> set[str] | None:
    """The texts an expression can be: a constant, a choice, or a name that is assigned such; none when unclear."""
    if isinstance(value, ast.Constant):
        return {value.value} if isinstance(value.value, str) and value.value else set()
    if isinstance(value, ast.IfExp):
        both = texts(value.body, module), texts(value.orelse, module)
        return None if None in both else set().union(*(each or set() for each in both))
    if isinstance(value, ast.Name):
        return assigned(value.id, module)
    return None


def assigned(name: str, module: ast.Module) -> set[str] | None:
    """The texts among everything a name is assigned anywhere in its module, or in the module it comes from."""
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and any(
            isinstance(each, ast.Name) and each.id == name for each in node.targets
        ):
            inner = [each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
            found |= {
                each for each in inner if isinstance(each, str) and (CODE.fullmatch(each) or TITLE.fullmatch(each))
            }
        if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            source = ROOT.parent / f"{(node.module or '').replace('.', '/')}.py"
            found |= assigned(name, parsed(source)) or set() if source.is_file() else set()
    return found or None


@cache
def parsed(path: Path) -> ast.Module:
    """A module's tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def calls() -> Iterator[tuple[str, str, ast.Call, ast.Module]]:
    """Every call of a name in the source: file, name, call and module."""
    for path in sorted(ROOT.rglob("*.py")):
        module = parsed(path)
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield path.relative_to(ROOT).as_posix(), node.func.id, node, module


@cache
def said() -> tuple[frozenset[str], frozenset[str]]:
    """Every code and title in the source, and every place that could not be followed."""
    found: set[str] = set()
    unclear: set[str] = set()
    for file, name, call, module in calls():
        if name == "fail_with":
            capability = texts(call.args[0], module) or set()
            found |= {f"{each}_{kind}" for each in capability for kind in get_args(FailureKind)}
            unclear |= set() if capability else {f"{file}:{call.lineno}"}
        if name not in CALLS:
            continue
        place, keyword, before = CALLS[name]
        value = argument(call, place, keyword)
        if value is None and before:
            found.add(f"{before}bad_value")  # what a problem of a file is where nobody says more
        if value is None or (file, ast.unparse(value)) in PASSED_ON or ("cli/", ast.unparse(value)) in PASSED_ON:
            continue
        made = MADE.get(file, {}).get(ast.unparse(value)) or texts(value, module)
        if made is None:
            unclear.add(f"{file}:{call.lineno}: {name} gets {ast.unparse(value)}")
        found |= {f"{before}{each}" for each in made or ()}
    return frozenset(found), frozenset(unclear)


# What writes a reason into the record of a request: the call, and where the reason stands.
WRITERS = {
    **dict.fromkeys(("bypass", "_bypass", "fail", "_failed", "_done", "apply"), 0),
    "UpstreamFailed": 0,
    **dict.fromkeys(("Refusal", "Bypassing", "CutOff", "_refusal"), 1),
}
REASONS_PASSED_ON = {
    *("reason", "flow.reason", "refusal.code", "failed.reason", "cut.reason", "bypassed or reason"),
    *("why.value", "action.at", "decisions_again(timeline)"),  # the last two reach no record
}
WAITS = {each.value for each in Phase} - {Phase.IDLE.value, Phase.HOLD.value}  # nothing is under way in these


@cache
def reasons() -> tuple[frozenset[str], frozenset[str]]:
    """Every reason that a door writes, and every place that could not be followed."""
    found: set[str] = set(WAITS)
    unclear: set[str] = set()
    for path in sorted(ROOT.glob("chaos/**/*.py")):
        module = parsed(path)
        if path.parent.name not in ("chaos", "http", "flow"):
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef) and node.name == "_limit":  # gives the limit that was reached
                found |= {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and each.value}
            if isinstance(node, ast.Assign) and "_why" in ast.unparse(node.targets[0]):
                found |= {each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)}
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in WRITERS or len(node.args) <= WRITERS[name]:
                continue
            value = node.args[WRITERS[name]]
            inner = [each.value for each in ast.walk(value) if isinstance(each, ast.Constant)]
            made = texts(value, module) or {each for each in inner if isinstance(each, str) and each}
            if not made and ast.unparse(value) not in REASONS_PASSED_ON:
                unclear.add(f"{path.name}:{node.lineno}: {name} gets {ast.unparse(value)}")
            found |= made
    return frozenset(found), frozenset(unclear)


def test_every_reason_has_its_line() -> None:
    """Whatever a door writes as the reason of a request is explained, and only that."""
    found, unclear = reasons()
    assert not unclear
    assert {page.area for name in found for page in pages() if name in page.names} == {"reasons"}
    assert sorted(found - set(names())) == []
    assert sorted({name for page in pages() if page.area == "reasons" for name in page.names} - found) == []


def test_every_code_and_title_can_be_followed() -> None:
    """Whatever is raised or found has a code or title that stands in the source as a text."""
    assert not said()[1]


def test_every_code_and_title_has_a_page() -> None:
    """Nothing is said that is not explained; a title that is a step's type has that step's page."""
    assert sorted(said()[0] - set(names()) - STEPS) == []


def test_every_page_is_about_something() -> None:
    """No page is about a code or title that nothing can say."""
    assert sorted(set(names()) - said()[0] - TOPICS - reasons()[0]) == []


def test_the_search_finds_codes_of_every_form() -> None:
    """The walk over the source sees codes given by place, by name, by a constant and by a table."""
    found = said()[0]
    for code in (
        "usage.missing",
        "scenario.exclusive",
        "scenario.unknown_step",
        "http_timeout",
        "unknown_name",
        "drift",
    ):
        assert code in found


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.names[0])
def test_a_page_is_whole(page: Any) -> None:
    """A page says what it means, why it happens and what to do, in whole sentences."""
    for text in (page.meaning, page.why, page.do):
        assert text.endswith("."), text
        assert "  " not in text
    assert all(re.fullmatch(r"[a-z][a-z0-9_.-]*", name) for name in page.names)


def test_no_page_is_lost() -> None:
    """Every heading of every file is a page, every file is read, and no name has two pages."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert set(texts) == set(FILES)
    assert len(pages()) == sum(text.count("\n## ") for text in texts.values())
    assert len(set(names())) == len(names())
    assert all(title and said for title, said in map(heading, FILES))


@pytest.mark.parametrize("word", ["scenario.unknown_step", "error[scenario.unknown_step]:", " Scenario.Unknown_Step "])
def test_a_code_is_found_however_it_was_copied(word: str) -> None:
    """The code may be pasted with what stands around it."""
    page = page_of(word)
    assert page is not None and page.names == ("scenario.unknown_step",)


def test_steps_and_topics() -> None:
    """Every step type has a page, and so have topics of two words; what does not exist has none."""
    assert all(page_of(name) for name in STEPS)
    assert "it did not hold" in (page_of("kv_all_equal") or page_of("topics")).meaning  # type: ignore[union-attr]
    assert page_of("loss") is None  # a fault is nothing that is found
    assert page_of("exit codes") == page_of("exit-codes")
    assert page_of("nothing.like_it") is None
