"""`fozzy init`: a project to begin with, never over what is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

import fozzy

FILES = {
    "scenarios/retry.fozzy.json",
    "scenarios/program.fozzy.toml",
    "scenarios/cluster.fozzy.toml",
    ".vscode/settings.json",
    ".vscode/fozzy.schema.json",
}


def below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, store aside."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".fozzy" not in path.relative_to(folder).parts
    }


@pytest.mark.parametrize("config", ["fozzy.toml", "custom.toml", "conf/custom.toml"])
def test_what_is_written_passes_untouched(config: str, project: Path, process: Callable[..., Any]) -> None:
    """Two commands from nothing to a passing suite, under the usual name and any other, in any folder."""
    flags = () if config == "fozzy.toml" else ("--config", config)
    made = process("init", *flags)
    assert made.code == 0, made.err
    assert set(below((project / config).parent)) == {*FILES, Path(config).name}
    assert (project / "fozzy.toml").exists() == (config == "fozzy.toml")
    ran = process(*flags, "test", "--det", "--strict")
    assert ran.code == 0, ran.out + ran.err
    assert "3 scenarios: 3 passed" in ran.out
    assert process("validate", *flags).out == "3 files valid\n"
    assert f"fozzy test --det --strict{''.join(f' {flag}' for flag in flags)}\n" in made.out


def test_a_configuration_is_not_overwritten(project: Path, fz: Callable[..., Any]) -> None:
    """One that exists is enough to write nothing at all; with --force everything is written."""
    (project / "fozzy.toml").write_text("mine")
    ran = fz("init")
    assert ran.code == 2
    assert "error[init.exists]: fozzy.toml exists already; nothing was written" in ran.err
    assert "fozzy init --force" in ran.err
    assert below(project) == {"fozzy.toml": b"mine"}
    again = fz("init", "--force", "-q")
    assert (again.code, again.out) == (0, "wrote 6 files\n")
    assert set(below(project)) == {*FILES, "fozzy.toml"}
    assert (project / "fozzy.toml").read_text() != "mine"


@pytest.mark.parametrize("taken", sorted(FILES - {".vscode/settings.json"}))
def test_what_is_there_is_kept(taken: str, project: Path, fz: Callable[..., Any]) -> None:
    """Another file that exists is kept and named, and the rest is written; --force overwrites it."""
    path = project / taken
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    ran = fz("init", "--json")
    assert ran.code == 0
    assert set(ran.document()["written"]) == {*FILES, "fozzy.toml"} - {taken}
    assert path.read_text() == "mine"
    assert fz("init", "--force").code == 0
    assert path.read_text() != "mine"


def test_a_second_configuration_beside_the_first(project: Path, fz: Callable[..., Any]) -> None:
    """`--config custom.toml init` writes custom.toml also where fozzy init was before."""
    fz("init")
    ran = fz("--config", "custom.toml", "init")
    assert ran.code == 0
    assert "kept  scenarios/retry.fozzy.json" in ran.out
    assert (project / "custom.toml").is_file()


def test_the_editor_finds_the_schema(project: Path, fz: Callable[..., Any]) -> None:
    """The settings of VS Code point to a file that is there, and that is the schema of scenarios; the scenario too."""
    fz("init")
    (entry,) = json.loads((project / ".vscode/settings.json").read_text())["json.schemas"]
    assert entry["fileMatch"] == ["*.fozzy.json"]
    schema = project / entry["url"]
    assert json.loads(schema.read_text())["title"] == "a fozzy scenario"
    scenario = json.loads((project / "scenarios/retry.fozzy.json").read_text())
    assert (project / "scenarios" / scenario["$schema"]).samefile(schema)
    assert Draft202012Validator(json.loads(schema.read_text())).is_valid(scenario)
    for path in (project / "scenarios").glob("*.toml"):
        directive, _, named = (
            path.read_text().partition("\n")[0].partition(" ")
        )  # as Taplo, behind editors of TOML, has it
        assert directive == "#:schema" and (path.parent / named).samefile(schema)


def test_an_environment_that_names_the_file(
    project: Path, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """FOZZY_CONFIG names the file to write, as --config does, and --config stands before it."""
    monkeypatch.setenv("FOZZY_CONFIG", "env.toml")
    assert fz("init").code == 0
    assert (project / "env.toml").is_file() and not (project / "fozzy.toml").exists()
    assert fz("test", "-j1").code == 0
    assert fz("init", "--config", "own/own.toml").code == 0
    assert (project / "own/own.toml").is_file()


def test_the_scenarios_can_be_replayed(project: Path, fz: Callable[..., Any]) -> None:
    """What it writes records and replays: the program's output is in the trace."""
    fz("init")
    for name in ("retry.fozzy.json", "program.fozzy.toml", "cluster.fozzy.toml"):
        assert fz("run", f"scenarios/{name}", "--record", "t.fozzy", "--record-collision", "overwrite").code == 0
        ran = fz("replay", "t.fozzy")
        assert ran.code == 0 and "SAME" in ran.out


def test_a_file_in_the_way(project: Path, fz: Callable[..., Any]) -> None:
    """A file where a folder must be ends it with 2, not with a traceback."""
    (project / "scenarios").write_text("mine")
    ran = fz("init")
    assert ran.code == 2
    assert "error[init.unwritable]: cannot write scenarios/" in ran.err
    assert (project / "scenarios").read_text() == "mine"


def test_an_editors_settings_are_never_overwritten(fz: Any, project: Path) -> None:
    """What an editor has in its settings stays, with --force too; what they lack is shown as it is to be written there."""
    settings = project / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text("{}")
    ran = fz("init")
    assert ran.code == 0
    assert fz("init", "--force", "--json").document()["kept"] == [".vscode/settings.json"]
    assert settings.read_text() == "{}"
    said = ran.out.partition("kept  .vscode/settings.json\n")[2].partition("\n\n")[0]
    settings.write_text("{" + said.replace(" add  ", "") + "}")
    assert set(json.loads(settings.read_text())) == {"json.schemas", "yaml.schemas"}
    assert '"json.schemas"' not in fz("init", "--force").out


def test_the_cluster_shows_what_it_says(project: Path, fz: Callable[..., Any]) -> None:
    """The starter with three nodes holds under many seeds; with the other merge its comment names, some fail."""
    fz("init")
    path = project / "scenarios/cluster.fozzy.toml"
    text = path.read_text()
    assert {fz("run", str(path), "--seed", str(seed)).code for seed in range(12)} == {0}
    path.write_text(text.replace('merge = "newest"', 'merge = "arrival"'))
    failed = [fz("run", str(path), "--seed", str(seed), "--json").document() for seed in range(12)]
    titles = {each["title"] for run in failed for each in run.get("findings", [])}
    assert titles == {"kv_all_equal"}


def test_what_is_written_is_formatted(project: Path, fz: Callable[..., Any]) -> None:
    """The scenarios look as `fozzy fmt` would write them."""
    fz("init")
    assert fz("fmt", "--check").code == 0


YAML_FILES = {name.replace(".json", ".yaml").replace(".toml", ".yaml") for name in FILES if name.startswith("scen")}


@pytest.mark.parametrize("flags", [["--format", "yaml"], ["--config", "fozzy.yml"], ["--config", "c/own.yaml"]])
def test_all_of_it_in_yaml(flags: list[str], project: Path, process: Callable[..., Any]) -> None:
    """By the flag or by the configuration's name; it passes untouched, stands as fmt writes it, and means the same."""
    made = process("init", *flags)
    assert made.code == 0, made.err
    config = project / (flags[1] if flags[0] == "--config" else "fozzy.yaml")
    editor = {name for name in FILES if name.startswith(".")}
    assert set(below(config.parent)) == {*YAML_FILES, *editor, config.name}
    again = flags if flags[0] == "--config" and "/" in flags[1] else []
    ran = process(*again, "test", "--det", "--strict")
    assert ran.code == 0 and "3 scenarios: 3 passed" in ran.out, ran.out + ran.err
    assert process(*again, "fmt", "--check").code == 0
    other = project / "other"
    other.mkdir()
    process("init", "--cwd", "other")
    for name in YAML_FILES:
        theirs = next(path for path in (other / "scenarios").iterdir() if path.name.split(".")[0] in name)
        ours = msgspec.to_builtins(fozzy.load(config.parent / name).file)
        wanted = msgspec.to_builtins(fozzy.load(theirs).file)
        assert {**ours, "$schema": None} == {**wanted, "$schema": None}


def test_the_editor_finds_the_schema_of_yaml(project: Path, fz: Callable[..., Any]) -> None:
    """Its settings name the files, and each scenario the schema in its first line."""
    fz("init", "--format", "yaml")
    settings = json.loads((project / ".vscode/settings.json").read_text())["yaml.schemas"]
    ((schema, names),) = settings.items()
    assert (project / schema).samefile(project / ".vscode/fozzy.schema.json")
    assert names == ["*.fozzy.yaml", "*.fozzy.yml"]
    for name in YAML_FILES:
        first = (project / name).read_text().splitlines()[0]
        named = first.removeprefix("# yaml-language-server: $schema=")
        assert named != first and (project / "scenarios" / named).samefile(project / schema)


def test_another_form_is_not_put_beside_a_configuration(project: Path, fz: Callable[..., Any]) -> None:
    """Two would be an error of every command, so not even --force writes the second; without a form it overwrites the first."""
    (project / "fozzy.yml").write_text("det: false\n")
    for words in (("--format", "yaml"), ("--format", "toml", "--force"), ("--format", "yaml", "--force")):
        ran = fz("init", *words)
        assert ran.code == 2 and "error[init.exists]: fozzy.yml exists already; nothing was written" in ran.err
    assert below(project) == {"fozzy.yml": b"det: false\n"}
    assert fz("init", "--force").code == 0
    assert (project / "fozzy.yml").read_text() != "det: false\n" and not (project / "fozzy.toml").exists()


@pytest.mark.parametrize("form", [None, "toml", "yaml"])
@pytest.mark.parametrize("calls", [None, "shop.orders:total"])
def test_one_scenario_to_fill_in(
    form: str | None, calls: str | None, project: Path, fz: Callable[..., Any], process: Callable[..., Any]
) -> None:
    """Only it is written, valid and formatted; without a call it fails and says what to do, with one it calls it."""
    (project / "shop").mkdir()
    (project / "shop/orders.py").write_text("def total() -> int:\n    return 3\n")
    before = set(below(project))
    more = [*(["--format", form] if form else []), *(["--calls", calls] if calls else [])]
    made = fz("init", "--scenario", "scenarios/shop/the-total", *more)
    path = f"scenarios/shop/the-total.fozzy.{form or 'json'}"
    assert made.code == 0 and set(below(project)) == {*before, path}
    assert f"  next  fozzy run {path}{' --allow-code' if calls else ''}\n" in made.out
    assert fz("validate", path).out == "1 file valid\n"
    assert fz("fmt", path, "--check").code == 0
    ran = process("run", path, *(["--allow-code"] if calls else []))
    assert ran.code == (0 if calls else 1)
    assert ("fill in what must hold" in ran.out) is not bool(calls)


def test_a_scenario_points_at_the_schema_of_the_project(project: Path, fz: Callable[..., Any]) -> None:
    """Where there is one; its name is what its file is called."""
    fz("init")
    assert fz("init", "--scenario", "scenarios/a/b_c.fozzy.json", "--json").document()["written"] == [
        "scenarios/a/b_c.fozzy.json"
    ]
    written = json.loads((project / "scenarios/a/b_c.fozzy.json").read_text())
    assert written["name"] == "b c"
    assert (project / "scenarios/a" / written["$schema"]).resolve() == project / ".vscode/fozzy.schema.json"


def test_a_scenario_that_is_there_is_not_overwritten(project: Path, fz: Callable[..., Any]) -> None:
    """Nor is one written that could not be read; --force overwrites."""
    words = ("init", "--scenario", "a.fozzy.toml")
    assert fz(*words, "--calls", "no function").err.startswith('error[usage.bad_value]: --calls "no function"')
    assert below(project) == {}
    assert fz(*words).code == 0
    before = below(project)
    again = fz(*words)
    assert again.code == 2 and "error[init.exists]: a.fozzy.toml exists already" in again.err
    assert below(project) == before
    assert fz(*words, "--force", "--calls", "a:b").code == 0
    assert below(project) != before
    assert "error[usage.missing]" in fz("init", "--calls", "a:b").err
