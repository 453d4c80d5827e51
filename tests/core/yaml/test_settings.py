"""The configuration in YAML says what it would in TOML, and its mistakes have the same codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.config import FILE_NAMES, load_config
from fozzy.core.yaml.settings import read_yaml
from fozzy.errors import ConfigError

TEXT = "# settings\ndet: yes\nlimits:\n  call_ms_max: 5\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without settings from outside."""
    monkeypatch.delenv("FOZZY_CONFIG", raising=False)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(text: str, name: str = "fozzy.yaml") -> ConfigError:
    Path(name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(None)
    return caught.value


@pytest.mark.parametrize("name", FILE_NAMES[1:])
def test_it_is_found_upward_and_knows_its_settings(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either ending is found as fozzy.toml is, and settings say where they came from."""
    Path(name).write_text("det: true\nredact: [a]\nlimits: {call_ms_max: 5}\n", encoding="utf-8")
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    config = load_config(None)
    assert (config.settings.det, config.settings.redact, config.settings.limits.call_ms_max) == (True, ["a"], 5)
    assert (config.root, config.origins["det"], config.origins["base_dir"]) == (folder, name, "default")
    assert load_config(str(folder / name)).settings == config.settings


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n", "{}\n"])
def test_a_file_that_says_nothing_sets_nothing(text: str) -> None:
    """As an empty file of TOML."""
    Path("fozzy.yaml").write_text(text, encoding="utf-8")
    assert load_config(None).settings.base_dir == ".fozzy"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("det: yes\n", "config.bad_value", (1, 6)),
        ("a: 1\nlimits:\n  cal_ms_max: 1\n", "config.unknown_key", (1, 1)),
        ("limits:\n  # c\n  cal_ms_max: 1\n", "config.unknown_key", (3, 3)),
        ("det: true\ndet: false\n", "config.syntax", (2, 1)),
        ("base_dir: &k det\ndet: true\n*k : false\n", "config.syntax", (3, 1)),
        ("base_dir: &k redact\n*k : 5\n", "config.bad_value", (2, 6)),
        ("limits: {call_ms_max: 1, call_ms_max: 2}\n", "config.syntax", (1, 26)),
        ("det: [\n", "config.syntax", (1, 6)),
        ("\tdet: true\n", "config.syntax", (1, 1)),
        ("det: true\n---\ndet: true\n", "config.syntax", (2, 1)),
        ("1: 2\n", "config.syntax", (1, 1)),
        ("- a\n", "config.bad_value", (1, 1)),
        ("\ufeffdet: true\n", "config.syntax", (1, 1)),
        ("a: " + "[" * 100_000, "config.syntax", (1, 131)),
        ("redact: &a [*a]\n", "config.syntax", (1, 13)),
    ],
)
def test_a_mistake_has_its_code_and_place(text: str, code: str, place: tuple[int, int]) -> None:
    """What it would be called in TOML, at the line and column it stands in."""
    error = refused(text)
    assert error.code == code
    assert error.where is not None and (error.where.file, error.where.line, error.where.col) == ("fozzy.yaml", *place)


def test_keys_may_be_aliases() -> None:
    """Two of them are two keys, called as what they repeat."""
    text = "base_dir: &one det\nproc_backend: &two redact\n*one : true\n*two : [a]\n"
    settings = read_yaml(text)
    assert (settings["det"], settings["redact"]) == (True, ["a"])


def test_bytes_that_are_no_text_are_refused() -> None:
    """As for TOML."""
    Path("fozzy.yaml").write_bytes(b"det: \xff\n")
    with pytest.raises(ConfigError) as caught:
        load_config(None)
    assert caught.value.code == "config.unreadable"


@pytest.mark.parametrize("other", FILE_NAMES[1:])
def test_two_beside_each_other_are_refused(other: str) -> None:
    """Neither is left out in silence; naming one is allowed, and one above is another folder's."""
    Path("fozzy.toml").write_text("det = true\n", encoding="utf-8")
    error = refused("det: false\n", other)
    assert error.code == "config.two_files" and "fozzy.toml" in error.message and other in error.message
    assert load_config("fozzy.toml").settings.det and not load_config(other).settings.det
