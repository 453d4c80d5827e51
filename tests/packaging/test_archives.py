"""Wheel and sdist: what they hold and what they say of themselves."""

from __future__ import annotations

import sys
import tarfile
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import trove_classifiers
from packaging.metadata import Metadata

from fozzy.version import VERSION
from tests.packaging.built import ROOT, build, copied, files_of, names_of, unpacked

INFO = f"fozzy-{VERSION}.dist-info"


class Archives(NamedTuple):
    """A wheel, an sdist, and the wheel that the sdist makes."""

    wheel: dict[str, bytes]
    sdist: Path
    again: dict[str, bytes]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    """All three, built once."""
    folder = tmp_path_factory.mktemp("archives")
    source = copied(folder / "source")
    sdist = build("sdist", source, folder / "dist")
    wheel = build("wheel", source, folder / "dist")
    again = build("wheel", unpacked(sdist, folder / "unpacked"), folder / "again")
    return Archives(names_of(wheel), sdist, names_of(again))


def test_the_wheel_holds_the_package_and_nothing_else(archives: Archives) -> None:
    """Every file below fozzy/ is in it, whatever its kind, and beside them only what says what it is."""
    ours = {f"fozzy/{name}" for name in files_of(ROOT / "fozzy")}
    about = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", "licenses/LICENSE"}
    assert set(archives.wheel) == ours | {f"{INFO}/{name}" for name in about}
    kinds = {Path(name).suffix for name in ours}
    assert kinds == {".py", ".typed", ".json", ".txt", ".md", ".js", ".css", ".bash", ".fish", ".zsh"}
    assert "fozzy/py.typed" in ours and archives.wheel["fozzy/py.typed"] == b""


def test_the_sdist_makes_the_same_wheel(archives: Archives) -> None:
    """File for file, byte for byte."""
    assert archives.again == archives.wheel


def test_the_sdist_holds_what_makes_the_wheel(archives: Archives) -> None:
    """The package, what builds it and what says what it is: no tests, no documentation's sources, no caches."""
    with tarfile.open(archives.sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames() if not packed.getmember(name).isdir()}
    outside = {name for name in names if not name.startswith(("fozzy/", "fozzy.egg-info/"))}
    files = {"pyproject.toml", "setup.cfg", "MANIFEST.in", "PKG-INFO", "README.md", "LICENSE", "CHANGELOG.md"}
    assert outside == files
    assert {name for name in names if name.startswith("fozzy/")} == {
        f"fozzy/{name}" for name in files_of(ROOT / "fozzy")
    }


def test_what_it_says_of_itself_is_valid(archives: Archives) -> None:
    """The metadata is what the standard allows; classifiers are known, and the README is what is shown."""
    about = Metadata.from_email(archives.wheel[f"{INFO}/METADATA"], validate=True)
    assert (about.name, str(about.version)) == ("fozzy", VERSION)
    assert about.license_expression == "MIT" and about.license_files == ["LICENSE"]
    assert about.classifiers is not None and set(about.classifiers) <= set(trove_classifiers.classifiers)
    assert about.description_content_type == "text/markdown"
    assert about.description == (ROOT / "README.md").read_text(encoding="utf-8")
    assert about.keywords and about.keywords == sorted(about.keywords)
    assert {"map", "pytest"} <= set(about.provides_extra or ())


def test_the_pythons_it_names_are_those_it_takes(archives: Archives) -> None:
    """The oldest classifier is the oldest that installs, and the Python of these tests is named or newer."""
    about = Metadata.from_email(archives.wheel[f"{INFO}/METADATA"], validate=True)
    named = [each.rpartition("3.")[2] for each in about.classifiers or [] if "Python :: 3." in each]
    assert str(about.requires_python) == f">=3.{min(map(int, named))}"
    assert min(map(int, named)) <= sys.version_info[1]


def test_it_names_no_address(archives: Archives) -> None:
    """No page of its own is known that will last, so none is named."""
    about = Metadata.from_email(archives.wheel[f"{INFO}/METADATA"], validate=True)
    assert not about.project_urls and not about.home_page and not about.author_email


def test_the_ways_in(archives: Archives) -> None:
    """One program, and the plugin of pytest."""
    text = archives.wheel[f"{INFO}/entry_points.txt"].decode()
    assert text.split() == [
        *("[console_scripts]", "fozzy", "=", "fozzy.__main__:main"),
        *("[pytest11]", "fozzy", "=", "fozzy.pytest_plugin.plugin"),
    ]


def test_data_is_declared_by_kind() -> None:
    """pyproject.toml names each kind of data in its folder, never everything."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (patterns,) = project["tool"]["setuptools"]["package-data"].values()
    assert patterns and not {"*", "**", "**/*"} & set(patterns)
