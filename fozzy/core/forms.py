"""The forms a scenario may be written in, and the endings of file names that tell them apart.

To add a form: its endings here, a branch in `dsl/load.decode`, a `dsl/locate_<form>.py` and a `dsl/format_<form>.py`.
"""

from typing import Literal

Form = Literal["json", "toml", "yaml"]

ENDINGS: dict[str, Form] = {
    ".fozzy.json": "json",
    ".fozzy.toml": "toml",
    ".fozzy.yaml": "yaml",
    ".fozzy.yml": "yaml",
}
ENDINGS_SAID = ".fozzy.json, .fozzy.toml or .fozzy.yaml"
_PLAIN: dict[str, Form] = {".json": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}


def form_of_scenario(path: str) -> Form | None:
    """The form of a scenario file by its name, none when it is not named as one."""
    return next((form for ending, form in ENDINGS.items() if path.endswith(ending)), None)


def form_of_file(path: str) -> Form | None:
    """The form of any file by the end of its name, none when that says nothing."""
    return next((form for ending, form in _PLAIN.items() if path.endswith(ending)), None)


def without_ending(name: str) -> str:
    """A scenario's name without the ending that tells its form."""
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)
