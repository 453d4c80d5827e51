"""The reference of chaos files: all that a file may say, every fault and every draw stands on the page."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import tomli
from jsonschema import Draft202012Validator

from fozzy.chaos.api.operations import OPERATIONS
from fozzy.chaos.files.load import load_plan
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.kinds import ACTS
from fozzy.faults.http.plan import Plan
from fozzy.faults.http.predefined import PREDEFINED

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "reference" / "chaos.md").read_text(encoding="utf-8")
SCHEMA = msgspec.json.decode((ROOT / "fozzy" / "cli" / "schemas" / "chaos-file.json").read_bytes())
TOML = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_every_table_of_a_file_is_on_the_page() -> None:
    """Each field of each type that a plan is made of has a row, and a meaning."""
    _, parts = msgspec.json.schema_components([Plan])
    fields = {name for part in parts.values() for name in part["properties"]}
    assert len(parts) > 25 and len(fields) > 80
    assert [name for name in sorted(fields) if f"| `{name}` |" not in PAGE and f"### `{name}`" not in PAGE] == []
    for name, part in parts.items():
        assert all(said.get("description") for said in part["properties"].values()), name


def test_every_fault_and_every_draw_is_on_the_page() -> None:
    """Faults have a section and a row on the wire; what the engine draws has a row."""
    for name in ACTS:
        assert f"### `{name}`" in PAGE and PAGE.count(f"| `{name}` |") >= 1
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "fozzy" / "faults" / "http").rglob("*.py"))
    drawn = set(re.findall(r'(?:draw|among)\((?:base, )?"([a-z_.]+)"', source))
    assert len(drawn) > 6
    assert [name for name in sorted(drawn) if f"| `{name}` |" not in PAGE] == []


def test_the_example_is_a_plan() -> None:
    """The file the page begins with is accepted by the schema, the types and the engine."""
    example = tomli.loads(TOML[0])
    Draft202012Validator(SCHEMA).validate(example)
    assert not Engine(msgspec.convert(example, Plan), 7).is_idle


def test_predefined_scenarios_are_shown_as_they_are() -> None:
    """Each scenario everybody has, as the page writes it, is the one in the product."""
    shown = {
        name: PAGE.partition(f"### `{name}`\n")[2].partition("```toml\n")[2].partition("```")[0] for name in PREDEFINED
    }
    for name, scenario in PREDEFINED.items():
        said = {key: value for key, value in msgspec.to_builtins(scenario).items() if key != "about"}
        assert tomli.loads(shown[name]) == msgspec.json.decode(msgspec.json.encode(said)), name


def test_the_schema_accepts_what_the_types_accept() -> None:
    """An editor marks what a start would refuse, and a file may name its schema."""
    check = Draft202012Validator(SCHEMA).is_valid
    assert check({"$schema": "./chaos.schema.json", "faults": {"drop": 0.5, "status": {"codes": [500]}}})
    assert not check({"faults": {"drop": 1.5}})
    assert not check({"fautls": {}})
    assert not check({"latency": {"fixed": "soon"}})
    assert not check({"limits": {"global": {"rate": "fast"}}})


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios" / "chaos").glob("*.*")), ids=lambda path: path.name)
def test_the_examples_are_plans(path: Path) -> None:
    """The example files are chaos files that an engine carries out, and the guide names each."""
    load_plan(path)
    document = (tomli.loads if path.suffix == ".toml" else msgspec.json.decode)(path.read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(document)
    assert f"scenarios/chaos/{path.name}" in (ROOT / "docs" / "guides" / "chaos.md").read_text(encoding="utf-8")


def test_every_operation_is_on_the_page_of_the_control_api() -> None:
    """Each has a heading, and every link within the two pages leads somewhere."""
    pages = {
        name: (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") for name in ("chaos.md", "chaos-api.md")
    }
    for operation in OPERATIONS:
        assert f"\n## {operation.method} {operation.path}\n" in pages["chaos-api.md"]
    for name, page in pages.items():
        links = re.findall(r"\]\((chaos(?:-api)?\.md)?#([\w-]+)\)", page)
        assert len(links) > 10
        assert [link for link in links if link[1] not in anchors(pages[link[0] or name])] == []


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them; of two equal ones the second has another."""
    found: set[str] = set()
    for heading in re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    ):
        anchor = "".join(each for each in heading.lower() if each.isalnum() or each in " -_").replace(" ", "-")
        assert anchor not in found, f"two headings are called {heading}"
        found.add(anchor)
    return found
