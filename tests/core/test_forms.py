"""Names tell forms."""

from __future__ import annotations

import pytest

from fozzy import complete
from fozzy.core.forms import ENDINGS, ENDINGS_SAID, form_of_file, form_of_scenario, without_ending
from fozzy.pytest_plugin import items


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("a.fozzy.json", "json"),
        ("x/a.fozzy.toml", "toml"),
        ("x/a.fozzy.yaml", "yaml"),
        ("a.fozzy.yml", "yaml"),
        ("a.yaml", None),
        ("a.json", None),
        ("a.fozzy", None),
        ("a.fozzy.json.bak", None),
        ("a.fozzy.JSON", None),
    ],
)
def test_the_name_tells_the_notation(path: str, form: str | None) -> None:
    """A scenario file is known by its ending."""
    assert form_of_scenario(path) == form


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("fozzy.yml", "yaml"),
        ("a.yaml", "yaml"),
        ("a.toml", "toml"),
        ("a.fozzy.json", "json"),
        ("a.txt", None),
        ("", None),
    ],
)
def test_any_name_tells_its_form(path: str, form: str | None) -> None:
    """A file that is no scenario is known by its ending too."""
    assert form_of_file(path) == form


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_is_taken_off_once(ending: str) -> None:
    """A name loses its ending, and nothing that only looks like one."""
    assert without_ending(f"a/b{ending}") == "a/b"
    assert without_ending(f"b{ending}{ending}") == f"b{ending}"
    assert without_ending(f"b{ending}.min") == f"b{ending}.min"


def test_each_form_is_told_and_completed() -> None:
    """The hint names an ending of each form, and the shell completes them all."""
    assert {form for ending, form in ENDINGS.items() if ending in ENDINGS_SAID} == set(ENDINGS.values())
    assert set(complete.SCENARIOS) == set(items.ENDINGS) == set(ENDINGS)
