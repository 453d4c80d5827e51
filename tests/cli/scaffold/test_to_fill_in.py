"""The scenario that is to be filled in, in every form. What `init` makes of it: tests/cli/commands/test_init.py."""

from __future__ import annotations

import json
import tomllib

import pytest
import yaml

from fozzy.cli.scaffold.to_fill_in import FILL_IN, file_of, to_fill_in

READ = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}


@pytest.mark.parametrize(
    ("path", "form", "file"),
    [
        ("a/b", None, "a/b.fozzy.json"),
        ("a/b", "toml", "a/b.fozzy.toml"),
        ("a/b", "yaml", "a/b.fozzy.yaml"),
        ("a/b.fozzy.yml", "toml", "a/b.fozzy.yml"),
        ("a/b.json", None, "a/b.json.fozzy.json"),
    ],
)
def test_a_name_gets_the_ending_of_its_form(path: str, form: str | None, file: str) -> None:
    """One that is a scenario's already is taken as it is."""
    assert file_of(path, form) == file  # type: ignore[arg-type]


@pytest.mark.parametrize("form", list(READ))
def test_it_says_the_same_in_every_form(form: str) -> None:
    """Names with anything in them, a function or none, the schema where editors look for it."""
    path = f'a/tö-"do"_now.fozzy.{form}'
    empty = READ[form](to_fill_in(path, None, None))
    assert empty["name"] == 'tö "do" now' and empty["steps"] == [{"type": "fail", "message": FILL_IN}]
    text = to_fill_in(path, "a.b:c", "../x.json")
    assert READ[form](text)["steps"] == [{"type": "call", "function": "a.b:c", "args": []}]
    assert "../x.json" in text and "a.b:c: fill it in" in READ[form](text)["description"]
