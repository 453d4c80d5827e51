"""The image: what its file says is sound, and its pip steps, done here, make a fozzy that works.

No daemon that builds images is needed; what only one can show is that the base image has what its name promises.
"""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.packaging.built import ROOT, build, copied, environment

KNOWN = {"FROM", "LABEL", "WORKDIR", "COPY", "RUN", "ENV", "USER", "ENTRYPOINT", "CMD"}


class Instruction(NamedTuple):
    """A line of the file: what is done, and with what."""

    word: str
    rest: str


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, comments left out and continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines()
    found: list[list[Instruction]] = []
    for line in joined:
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append(Instruction(word, rest.strip()))
    return found


def of(stage: list[Instruction], word: str) -> list[str]:
    """What stands behind every instruction of that name."""
    return [each.rest for each in stage if each.word == word]


def is_sent(name: str) -> bool:
    """Whether a file at the top is sent to who builds: the last line of .dockerignore that fits decides."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = True
    for line in [line for line in lines if line and not line.startswith("#")]:
        if fnmatch.fnmatch(name, line.removeprefix("!")):
            sent = line.startswith("!")
    return sent


def test_two_stages_and_the_second_is_small() -> None:
    """One builds, of the other's files only the environment is taken; both have the same slim Python, which fozzy takes."""
    first, second = stages()
    assert {each.word for stage in (first, second) for each in stage} <= KNOWN
    assert of(first, "FROM") == ["python:3.13-slim AS build"] and of(second, "FROM") == ["python:3.13-slim"]
    assert of(second, "COPY") == ["--from=build /opt/fozzy /opt/fozzy"]
    assert not any("pip" in each or "apt-get" in each for each in of(second, "RUN"))


def test_it_is_not_root() -> None:
    """A number, so that a cluster can tell; it has a home and owns the folder of work, and nothing is done after it as root."""
    _, second = stages()
    (user,) = of(second, "USER")
    (made,) = of(second, "RUN")
    number, _, group = user.partition(":")
    assert number == group and int(number) >= 1000
    assert f"useradd --uid {number} --create-home fozzy" in made and of(second, "WORKDIR") == ["/work"]
    assert "install --directory --owner fozzy --group fozzy /work" in made
    words = [each.word for each in second]
    assert not {"RUN", "COPY"} & set(words[words.index("USER") :])


def test_it_says_what_it_is() -> None:
    """Title, description and licence, under the names of the OCI."""
    _, second = stages()
    labels = dict(word.split("=", 1) for word in shlex.split(of(second, "LABEL")[0]))
    assert labels["org.opencontainers.image.title"] == "fozzy"
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert all(name.startswith("org.opencontainers.image.") and text for name, text in labels.items())


def test_only_what_is_needed_is_sent() -> None:
    """What is copied exists and is sent; nothing else at the top of the repository is."""
    taken = {name for each in of(stages()[0], "COPY") for name in each.split()[:-1]}
    assert all((ROOT / name).exists() for name in taken)
    assert {path.name for path in ROOT.iterdir() if is_sent(path.name)} == taken


def test_its_steps_make_a_fozzy_that_works(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The pip step, in an environment of its own and without a network, and then what the image runs."""
    first, second = stages()
    source, home = tmp_path / "source", tmp_path / "opt"
    source.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for names in (each.split()[:-1] for each in of(first, "COPY")):
        for name in names:
            ours = ROOT / name
            shutil.copytree(ours, source / name, ignore=ignored) if ours.is_dir() else shutil.copy(ours, source / name)
    make, install = of(first, "RUN")
    assert make == "python -m venv /opt/fozzy"
    wheel = build("wheel", copied(tmp_path / "copy"), tmp_path / "dist")
    made = environment(home, wheel, (), ["pip", "setuptools"])
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "false", "PIP_NO_COMPILE": "1"}
    ran = made.run(*shlex.split(install.replace("/opt/fozzy", str(home))), cwd=source, env=offline)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    start = [*json.loads(of(second, "ENTRYPOINT")[0]), *json.loads(of(second, "CMD")[0])]
    shown = made.run(made.bin / start[0], *start[1:], cwd=tmp_path_factory.mktemp("work"))
    assert shown.returncode == 0 and "Usage: fozzy" in shown.stdout
    assert f"{Path('/opt/fozzy/bin')}:$PATH" in of(second, "ENV")[0]
