"""The GitHub Action: its file is what the documented format allows, and its steps do what they say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
import yaml

from tests.packaging.built import ROOT, Installed, build, copied, environment

PASSING = '{"version": 1, "name": "a", "steps": [{"type": "set_kv", "key": "a", "value": "b"}]}'
FAILING = '{"version": 1, "name": "b", "steps": [\n  {"type": "fail", "message": "no, 100%"}\n]}'
PROGRAMS = ("bash", "sh", "mkdir", "rm")
EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")

# The fields of an action's file and of a composite action's steps, by GitHub's reference of the metadata syntax.
TOP = {"name", "author", "description", "inputs", "outputs", "runs", "branding"}
STEP = {"name", "id", "if", "shell", "run", "env", "working-directory", "uses", "with", "continue-on-error"}


def action() -> Any:
    """The file."""
    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


class Runner(NamedTuple):
    """Does what GitHub's runner does with the steps of a shell."""

    installed: Installed
    workspace: Path
    temp: Path

    def steps(self, **inputs: str) -> tuple[int, str, dict[str, str], str]:
        """Status, output, outputs and summary of the steps, up to the first that fails."""
        given = {name: each.get("default", "") for name, each in action()["inputs"].items()} | inputs
        values = {f"inputs.{name}": value for name, value in given.items()}
        values |= {"github.action_path": str(ROOT), "runner.temp": str(self.temp)}
        files = {name: self.temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        for file in files.values():
            file.write_text("")
        status, said = 0, ""
        for step in action()["runs"]["steps"]:
            if "run" in step and status == 0:
                env = {name: filled(text, values) for name, text in step.get("env", {}).items()}
                env |= {name: str(file) for name, file in files.items()}
                env |= {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(self.workspace), "PIP_NO_INDEX": "1"}
                folder = self.workspace / filled(step.get("working-directory", "."), values)
                ran = self._shell(step["run"], folder, env)
                status, said = ran.returncode, said + ran.stdout + ran.stderr
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        return status, said, outputs, files["GITHUB_STEP_SUMMARY"].read_text()

    def _shell(self, script: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """As the runner starts `shell: bash`."""
        file = self.temp / "step.sh"
        file.write_text(script, encoding="utf-8")
        words = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", file)
        return self.installed.run(*words, cwd=folder, env=env)


def filled(text: str, values: dict[str, str]) -> str:
    """A text with its expressions evaluated; one that is not known is a mistake of the file."""
    return EXPRESSION.sub(lambda match: values[match[1]], text)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installed, Path]:
    """An environment with pip and all that the wheel needs, and the wheel, which the action installs."""
    folder = tmp_path_factory.mktemp("action")
    wheel = build("wheel", copied(folder / "source"), folder / "dist")
    return environment(folder / "venv", wheel, PROGRAMS, ["pip"]), wheel


@pytest.fixture
def runner(built: tuple[Installed, Path], tmp_path: Path) -> Runner:
    """A job with a repository that has its project in a folder."""
    project = tmp_path / "repository" / "shop"
    (project / "scenarios").mkdir(parents=True)
    (project / "fozzy.toml").write_text("det = true\n")
    (project / "scenarios" / "a.fozzy.json").write_text(PASSING)
    (project / "scenarios" / "b b.fozzy.json").write_text(FAILING)
    (tmp_path / "temp").mkdir()
    return Runner(built[0], project.parent, tmp_path / "temp")


def test_the_file_has_the_documented_fields() -> None:
    """Name, description, inputs, outputs and steps, with their fields and no others."""
    file = action()
    assert set(file) <= TOP and {"name", "description", "runs"} <= set(file)
    for name, each in file["inputs"].items():
        assert set(each) <= {"description", "required", "default", "deprecationMessage"} and each["description"]
        assert re.fullmatch(r"[a-z_][a-z0-9_-]*", name) and isinstance(each["default"], str)
    for each in file["outputs"].values():
        assert set(each) == {"description", "value"}
    assert set(file["runs"]) == {"using", "steps"} and file["runs"]["using"] == "composite"
    assert set(file["branding"]) == {"icon", "color"}
    assert file["branding"]["color"] in [
        "white",
        "black",
        "yellow",
        "blue",
        "green",
        "orange",
        "red",
        "purple",
        "gray-dark",
    ]


def test_its_steps_are_sound() -> None:
    """Each runs a shell it names or an action at a version; what an expression means exists; no input is pasted into code."""
    file = action()
    ids = {step["id"] for step in file["runs"]["steps"] if "id" in step}
    for step in file["runs"]["steps"]:
        assert set(step) <= STEP and ("run" in step) != ("uses" in step)
        assert "run" not in step or step["shell"] == "bash"
        assert "uses" not in step or re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        assert "${{" not in step.get("run", ""), "an input would be code there"
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(file["inputs"])
    assert set(re.findall(r"steps\.([\w-]+)", text)) == ids
    printed = set(re.findall(r'echo "(\w+)=', text))
    assert set(re.findall(r"steps\.\w+\.outputs\.([\w-]+)", text)) == printed == set(file["outputs"])


def test_a_job_that_fails(runner: Runner, built: tuple[Installed, Path]) -> None:
    """The wheel is installed, the failure annotated at its line from the root, summarised, and its trace replays it."""
    folder = {"working-directory": "shop", "version": str(built[1])}
    status, said, outputs, summary = runner.steps(**folder)
    assert status == 1 and outputs["status"] == "1", said
    assert "::error file=shop/scenarios/b b.fozzy.json,line=2,col=3,title=fail::no, 100%25\n" in said
    assert summary.startswith("## fozzy test: 1 passed, 1 failed\n")
    assert ElementTree.parse(outputs["report"]).getroot()[0].get("failures") == "1"
    traces = sorted(Path(outputs["traces"]).glob("*.fozzy"))
    assert len(traces) == 1
    replayed = runner.installed.run(runner.installed.python, "-m", "fozzy", "replay", traces[0], cwd=runner.temp)
    assert replayed.returncode == 1 and "SAME" in replayed.stdout


def test_a_job_that_passes(runner: Runner, built: tuple[Installed, Path]) -> None:
    """What `args` says is taken as words: no trace is left, and no word is run by the shell."""
    given = {"working-directory": "shop", "version": str(built[1])}
    status, said, outputs, summary = runner.steps(**given, args="'scenarios/a.fozzy.json' -j 1")
    assert status == 0 and outputs["traces"] == "" and outputs["status"] == "0", said
    assert summary.startswith("## fozzy test: 1 passed\n")
    status, said, outputs, _ = runner.steps(**given, args='"scenarios/$(touch evil)" ; touch evil')
    assert status == 2 and outputs == {"status": "2", "report": "", "traces": ""}, said
    assert not list(runner.workspace.rglob("evil"))


def test_arguments_that_are_no_words(runner: Runner, built: tuple[Installed, Path]) -> None:
    """A quotation that is not closed ends the step; nothing is tested in its place."""
    status, said, _, summary = runner.steps(**{"working-directory": "shop"}, version=str(built[1]), args="'a")
    assert status != 0 and "No closing quotation" in said and summary == ""


def test_a_version_that_is_not_there(runner: Runner) -> None:
    """pip says so, and no test is run with another."""
    status, said, outputs, _ = runner.steps(version="fozzy==99.0")
    assert status != 0 and "99.0" in said and outputs == {}


def test_the_guide_names_what_there_is() -> None:
    """Inputs, outputs and hooks that the guide for pipelines shows are those of the files."""
    text = (ROOT / "docs/guides/ci.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(each) for each in re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)]
    (ours,) = [step for step in blocks[0]["jobs"]["scenarios"]["steps"] if step["uses"].startswith("OWNER/fozzy@")]
    inputs, outputs = action()["inputs"], action()["outputs"]
    assert ours["with"] and set(ours["with"]) <= set(inputs)
    assert [name for name in {*inputs, *outputs} - set(ours["with"]) if f"`{name}`" not in text] == []
    hooks = {each["id"] for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert {hook["id"] for hook in blocks[-1]["repos"][0]["hooks"]} == hooks
