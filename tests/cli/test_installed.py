"""Every command in a fresh environment that has the wheel, what it declares, and nothing else: not this repository, no
pytest, no parsers, no git, no Redis."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fozzy.version import VERSION
from tests.cli.test_matrix import CASES, stage  # noqa: F401
from tests.packaging.built import Installed, install


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The environment, made once."""
    return install(tmp_path_factory.mktemp("installed"))


def test_every_command_works(
    installed: Installed,
    stage: None,  # noqa: F811
    project: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Each line of the matrix ends as it does here, without a traceback."""
    folder = tmp_path_factory.mktemp("lines")

    def wrong(name: str) -> str:
        here = folder / name.replace(" ", "_")
        shutil.copytree(project, here)
        ran = installed.run(installed.bin / "fozzy", *CASES[name].words, cwd=here)
        as_meant = ran.returncode == CASES[name].code and "Traceback" not in ran.stdout + ran.stderr
        return "" if as_meant else f"{name}: {ran.returncode}\n{ran.stdout}{ran.stderr}"

    with ThreadPoolExecutor(2) as pool:
        assert "\n".join(filter(None, pool.map(wrong, CASES))) == ""


def test_the_module_is_the_program(installed: Installed, tmp_path: Path) -> None:
    """`python -m fozzy` is `fozzy`, and both come from the environment, wherever one stands."""
    for words in ((installed.bin / "fozzy",), (installed.python, "-m", "fozzy")):
        ran = installed.run(*words, "version", cwd=tmp_path)
        assert (ran.returncode, ran.stdout) == (0, f"fozzy {VERSION}\n")
    ran = installed.run(installed.python, "-c", "import fozzy; print(fozzy.__file__)", cwd=tmp_path)
    assert Path(ran.stdout.strip()).is_relative_to(installed.bin.parent)


def test_a_project_from_nothing(installed: Installed, tmp_path: Path) -> None:
    """A new project passes, and completion is there."""
    for words in (("init",), ("test", "--det", "--strict"), ("completion", "bash")):
        ran = installed.run(installed.bin / "fozzy", *words, cwd=tmp_path)
        assert ran.returncode == 0 and ran.stdout, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("chaos", "run"), 2, ("error[chaos.not_installed]", "pip install 'fozzy[pytest]'")),
        (("gate",), 2, ("error[gate.no_git]", "git is not installed")),
        (("map", "hotspots", "--root", ".", "--min-risk", "0"), 1, ("read line by line", "pip install 'fozzy[map]'")),
        (("doctor",), 0, ("not found",)),
    ],
)
def test_what_is_missing_is_said(
    words: tuple[str, ...], code: int, said: tuple[str, ...], installed: Installed, tmp_path: Path
) -> None:
    """A command that needs an optional part says so, with the way to get it; it never ends in a traceback."""
    (tmp_path / "shop.js").write_text(
        "export function pay(n) {\n  if (n < 0) throw new Error();\n}\n", encoding="utf-8"
    )
    assert installed.run(installed.bin / "fozzy", "init", cwd=tmp_path).returncode == 0
    ran = installed.run(installed.bin / "fozzy", *words, cwd=tmp_path)
    shown = ran.stdout + ran.stderr
    assert ran.returncode == code, shown
    assert all(each in shown for each in said) and "Traceback" not in shown, shown


def test_env_says_what_is_missing_and_how_to_get_it(installed: Installed, tmp_path: Path) -> None:
    """No optional Python package and no git is here: each is told with its command."""
    ran = installed.run(installed.bin / "fozzy", "env", "--json", cwd=tmp_path)
    parts = {each["name"]: each for each in json.loads(ran.stdout)["parts"]}
    missing = {name for name, each in parts.items() if not each["found"]}
    assert missing >= {"map parsers", "pytest", "xdist", "coverage", "git"}
    assert parts["pytest"]["get"] == "pip install 'fozzy[pytest]'"
