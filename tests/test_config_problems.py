"""Mistakes in a configuration are told in the user's words, each under its own caret, alike in TOML and in YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.config import load_config
from fozzy.errors import ConfigError, Problem


def refused(text: str | bytes, name: str) -> list[Problem]:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load_config(name)
    return caught.value.problems


def under(problem: Problem) -> str:
    """What the caret stands below."""
    assert problem.where is not None and problem.text
    return problem.text[problem.where.col - 1 :][: problem.length]


BOTH = [
    ("det = 1", "det: 1", '"det" must be true or false, got number 1', "1", ""),
    ("reporter = 'x' # c", "reporter: 'x' # c", '"reporter" must be a list, got text "x"', "'x'", ""),
    ("redact = ['a', 3]", "redact: ['a', 3]", '"redact[1]" must be text, got number 3', "['a', 3]", ""),
    (
        'fs_backend = "hots"',
        'fs_backend: "hots"',
        '"fs_backend" must be one of "virtual", "host", got text "hots"',
        '"hots"',
        'did you mean "host"?',
    ),
    ("limits = 5", "limits: 5", '"limits" must be an object, got number 5', "5", ""),
    (
        "[retention]\n  days_max = -1",
        "retention:\n  days_max: -1",
        '"retention.days_max" must be a whole number of at least 1, got number -1',
        "-1",
        "",
    ),
    ("dett = 1", "dett: 1", 'there is no setting "dett"', "dett", 'did you mean "det"?'),
]


@pytest.mark.parametrize(("toml", "yaml", "message", "below", "hint"), BOTH, ids=[each[0] for each in BOTH])
def test_a_mistake_reads_the_same_in_both_forms(
    project: Path, toml: str, yaml: str, message: str, below: str, hint: str
) -> None:
    """What it must be, what it is, the value itself underlined, and the nearest word."""
    for text, name in ((toml, "a.toml"), (yaml, "a.yaml"), (yaml.replace("\n", "\r\n") + "\r\n", "b.yml")):
        (problem,) = refused(text, name)
        assert (problem.message, under(problem), problem.hint) == (message, below, hint)


def test_all_that_is_wrong_is_told_at_once(project: Path) -> None:
    """Also below different tables, and not only the first of each."""
    told = refused("det: no\nlimits: {call_ms_max: 0, stop_grace_ms: x}\n", "a.yaml")
    assert [each.message.partition(" ")[0] for each in told] == [
        '"det"',
        '"limits.call_ms_max"',
        '"limits.stop_grace_ms"',
    ]
    assert [under(each) for each in told] == ["no", "0", "x"]


@pytest.mark.parametrize(
    ("text", "name", "message", "hint"),
    [
        (b"\xef\xbb\xbfdet = true", "a.toml", "byte order mark", ""),
        (b"det = true\nx = \xe9", "a.toml", "byte 15 (0xe9) is not UTF-8", "save the file as UTF-8"),
        (b"det = yes", "a.toml", "a.toml is not TOML: Invalid value", ""),
        (b'{"det": true}', "a.json", "a.json is not TOML", "a configuration is TOML, or YAML"),
        (b"det:true", "a.yaml", 'got text "det:true"', "YAML wants a space"),
        (b"- a", "a.yaml", "got a list", ""),
    ],
)
def test_a_file_that_holds_no_settings(project: Path, text: bytes, name: str, message: str, hint: str) -> None:
    """Where it is, what is wrong, and what to do; the place is not said twice."""
    (problem,) = refused(text, name)
    assert message in problem.message and problem.hint.startswith(hint) and bool(problem.hint) == bool(hint)
    assert problem.where is not None and problem.where.line and "line" not in problem.message


def test_a_variable_has_no_place_in_the_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, and what the file says is not pointed at."""
    monkeypatch.setenv("FOZZY_DET", "maybe")
    (problem,) = refused("det: true\n", "a.yaml")
    assert problem.message == '"det" from FOZZY_DET must be true or false, got text "maybe"'
    assert problem.where is None
