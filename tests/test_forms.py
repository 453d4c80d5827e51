"""A scenario means the same in each of its forms: the same records in any process, the same answers of every command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomlkit
import yaml

from fozzy.core.yaml.nodes import ALIASED_MAX, NODE_SIZE, load_yaml

Fz = Callable[..., Any]

SCENARIO = {
    "version": 1,
    "name": "each form",
    "tags": ["yes", "012"],
    "vars": {"order": {"id": 42, "rate": 1.5, "text": "no", "items": [1, [], {}]}, "token": "hunter2hunter2"},
    "steps": [
        {"type": "rand_u64", "key": "k"},
        {"type": "assert", "that": "${order}", "equals": {"id": 42, "rate": 1.5, "text": "no", "items": [1, [], {}]}},
        {"type": "group", "name": "g", "steps": [{"type": "sleep", "duration": "10ms"}]},
        {"type": "trace_event", "name": "seen", "fields": {"token": "${token}", "k": "${k}"}},
        {"type": "assert_eq_int", "a": 1, "b": 2},
    ],
}
BLOCK = yaml.safe_dump(SCENARIO, sort_keys=False)
TEXTS = {
    "json": json.dumps(SCENARIO, indent=1),
    "toml": tomlkit.dumps(SCENARIO),
    "yaml": f"# in blocks\n{BLOCK}",
    "yml": yaml.safe_dump(SCENARIO, sort_keys=False, default_flow_style=True, width=60),
}


def files(folder: Path) -> dict[str, Path]:
    """The scenario in each form, each in a folder of its own."""
    for form, text in TEXTS.items():
        path = folder / form / f"a.fozzy.{form}"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    return {form: folder / form / f"a.fozzy.{form}" for form in TEXTS}


def test_each_form_makes_the_same_trace(tmp_path: Path, fz_env: dict[str, str]) -> None:
    """In a process for each form: equal records byte for byte, a header that differs in nothing but the file, one finding."""
    traces = {}
    for number, (form, path) in enumerate(files(tmp_path).items()):
        words = ["run", path.name, "--det", "--seed", "7", "--record", "t.fozzy"]
        env = {**fz_env, "PYTHONHASHSEED": str(number)}
        done = subprocess.run(
            [sys.executable, "-m", "fozzy", *words], cwd=path.parent, env=env, capture_output=True, timeout=60
        )
        assert done.returncode == 1, done.stderr
        traces[form] = (path.parent / "t.fozzy").read_bytes().splitlines()
    headers = {form: json.loads(lines[0]) for form, lines in traces.items()}
    scenarios = {form: header.pop("scenario") for form, header in headers.items()}
    for form, lines in traces.items():
        assert (lines[1:-1], headers[form]) == (traces["json"][1:-1], headers["json"])
        assert len(lines) > 8 and b"hunter2" not in b"\n".join(lines)
        assert scenarios[form]["form"] == {"yml": "yaml"}.get(form, form)
        location = json.loads(lines[-1])["summary"]["findings"][0]["location"]
        assert (location["path"], location["file"]) == ("steps[4]", f"a.fozzy.{form}")
        text = TEXTS[form].splitlines()[location["line"] - 1][location["col"] - 1 :]
        assert text.startswith("1")


@pytest.mark.parametrize("form", ["yaml", "yml"])
def test_a_trace_carries_its_scenario_in_yaml(form: str, tmp_path: Path, project: Path, fz: Fz) -> None:
    """It replays without the file, against any form of it, and shrinks to a scenario that fails alike."""
    path = files(tmp_path)[form].relative_to(project)
    assert fz("run", str(path), "--det", "--seed", "7", "--record", "t.fozzy").code == 1
    for other in TEXTS:
        ran = fz("replay", "t.fozzy", "--scenario", f"{other}/a.fozzy.{other}")
        assert ran.code == 1 and "SAME" in ran.out, ran.out + ran.err
    path.unlink()
    ran = fz("replay", "t.fozzy")
    assert ran.code == 1 and "SAME" in ran.out, ran.out + ran.err
    ran = fz("shrink", "t.fozzy", "--out", "small.fozzy")
    assert ran.code == 0 and Path("small.fozzy").is_file(), ran.out + ran.err
    assert "a.min.fozzy.json" in Path("small.fozzy").read_text().splitlines()[0]


def test_forms_stand_beside_each_other(project: Path, fz: Fz) -> None:
    """Folders, globs, suites and includes take every form; what is found is run, validated and formatted."""
    step = {"type": "sleep", "duration": "1ms"}
    Path("part.fozzy.yml").write_text(yaml.safe_dump({"version": 1, "name": "part", "steps": [step]}))
    outer: dict[str, Any] = {"version": 1, "name": "outer", "steps": [{"type": "include", "file": "part.fozzy.yml"}]}
    Path("outer.fozzy.json").write_text(json.dumps(outer))
    Path("again.fozzy.yaml").write_text(
        "version: 1\nname: again\nsteps:\n- {type: include, file: outer.fozzy.json} # c\n"
    )
    Path("all.fozzy.yaml").write_text("version: 1\nname: all\nsuites: {mine: ['*.fozzy.yml', outer.fozzy.json]}\n")
    assert "3 scenarios: 3 passed" in fz("test", ".", "--det").out
    assert "2 scenarios: 2 passed" in fz("test", "all.fozzy.yaml", "--det").out
    assert fz("validate", "*.y*ml", ".").out == "4 files valid\n"
    assert fz("fmt", ".").code == 0
    assert Path("again.fozzy.yaml").read_text().endswith("steps:\n  - { type: include, file: outer.fozzy.json } # c\n")
    assert fz("fmt", "--check", ".").code == 0


def test_a_mistake_is_shown_under_its_caret(project: Path, fz: Fz) -> None:
    """The screen of `fozzy validate`, and where an include's mistakes stand."""
    Path("a.fozzy.yaml").write_text("version: 1\nname: a\nsteps:\n  - type: slep\n    duration: 1s\nnmae: b\n")
    Path("b.fozzy.yaml").write_text("version: 1\nname: a\nsteps:\n\t- type: sleep\n")
    ran = fz("validate", ".")
    assert ran.code == 2
    assert "  --> a.fozzy.yaml:4:11\n  |\n4 |   - type: slep\n  |           ^^^^ not a step type" in ran.out
    assert "  --> a.fozzy.yaml:6:1\n  |\n6 | nmae: b\n  | ^^^^ unknown field" in ran.out
    assert "error[scenario.syntax]: a tab stands where YAML wants spaces\n  --> b.fozzy.yaml:4:1" in ran.out


def test_only_yaml_imports_its_parser(project: Path, fz_env: dict[str, str]) -> None:
    """A run of JSON, with a configuration in TOML, starts without the library; a run of YAML with it."""
    Path("fozzy.toml").write_text("det = true\n")
    step = [{"type": "sleep", "duration": "1ms"}]
    for form in ("json", "yaml"):
        Path(f"a.fozzy.{form}").write_text(json.dumps({"version": 1, "name": "a", "steps": step}))
        code = f"import sys; from fozzy.cli.main import main; main(['run', 'a.fozzy.{form}']); print('yaml' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], env=fz_env, capture_output=True, text=True, timeout=60)
        assert done.stdout.endswith(f"{form == 'yaml'}\n"), done.stderr


def test_the_page_about_yaml_is_true(project: Path, fz: Fz) -> None:
    """Its scenario passes and is formatted, its configuration is read, and its tables say what values are."""
    page = (Path(__file__).parent.parent / "docs/reference/yaml.md").read_text(encoding="utf-8")
    scenario, config = (block.partition("```")[0] for block in page.split("```yaml\n")[1:])
    Path("a.fozzy.yaml").write_text(scenario, encoding="utf-8")
    Path("fozzy.yaml").write_text(config, encoding="utf-8")
    assert fz("test", "a.fozzy.yaml", "--strict").code == 0
    assert fz("fmt", "--check", "a.fozzy.yaml").code == 0
    values = [
        line.split("|")[1:3] for line in page.partition("## What is refused")[0].splitlines() if line[:3] == "| `"
    ]
    means = {"text": str, "numbers": float, "true or false": bool, "null": type(None)}
    looked = 0
    for written, said in values:
        for each in re.findall(r"`([^`]+)`", written):
            if said.strip() in means:
                looked += 1
                assert type(load_yaml(f"a: {each}", 9)["a"]) is means[said.strip()], each
    assert looked > 15
    assert load_yaml("[012, 0o17, 0x1F]", 9) == [12, 15, 31]
    assert str(ALIASED_MAX) in page and str(NODE_SIZE) in page
