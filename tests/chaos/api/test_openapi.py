"""The OpenAPI document is valid, complete and true: its examples fit its schemas, and schemathesis finds no lie in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator

from fozzy.chaos.api.openapi import document
from fozzy.chaos.api.operations import OPERATIONS
from fozzy.chaos.api.samples import PLAN
from tests.chaos.api.running import Both, both

EXAMPLES = 3  # of each operation, good ones and as many bad ones
SEED = 20261120


def operations() -> Iterator[tuple[str, str, Any]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def against(schema: Any, value: Any) -> list[str]:
    """What is wrong with a value, by its schema in the document."""
    whole = {**schema, "components": document()["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def test_every_operation_is_described() -> None:
    """Each operation stands in it once, with what it takes, what it gives and every way it is refused."""
    described = {(method.upper(), path) for method, path, _ in operations()}
    assert described == {(each.method, each.path) for each in OPERATIONS}
    for _, path, operation in operations():
        assert {"200", "400", "401", "403"} <= set(operation["responses"]), path
        assert ("requestBody" in operation) == ("413" in operation["responses"])
        words = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert words == set(re.findall(r"\{(\w+)\}", path))


def test_every_example_fits_its_schema() -> None:
    """Examples of bodies and of answers are what the schemas beside them say."""
    checked = 0
    for method, path, operation in operations():
        said = [operation["responses"]["200"], operation.get("requestBody", {"content": {}})]
        for content in [each for one in said for each in one["content"].values()]:
            if "example" in content:
                assert against(content["schema"], content["example"]) == [], (method, path)
                checked += 1
    assert checked > 60


def test_every_schema_is_one() -> None:
    """Each type is a valid JSON Schema, and every reference leads somewhere."""
    schemas = document()["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document())))
    assert references <= set(schemas)
    assert len(schemas) > 50


def test_the_kept_document_is_this_one() -> None:
    """The file in the repository is what a running proxy serves."""
    kept = Path(__file__).parents[3] / "docs" / "reference" / "chaos-api.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == json.loads(json.dumps(document()))


@pytest.fixture(scope="module")
def running() -> Iterator[Both]:
    """A control port that is thrown at."""
    with both({**PLAN, "scenarios": {"own": {"for": "1s"}}}) as made:
        yield made


@pytest.mark.filterwarnings("ignore")  # of the libraries schemathesis is made of
def test_schemathesis_finds_nothing(running: Both) -> None:
    """Generated requests, good and bad, are answered as the document says: no 500, no status, type or shape it lacks."""
    schemathesis = pytest.importorskip("schemathesis")
    wanted = [
        getattr(schemathesis.checks, name)
        for name in (
            "not_a_server_error",
            "status_code_conformance",
            "content_type_conformance",
            "response_schema_conformance",
            "response_headers_conformance",
            "negative_data_rejection",
            "unsupported_method",
        )
    ]
    base = f"http://127.0.0.1:{running.control_port}"
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document())))
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in schemathesis.GenerationMode:
            tried += _throw(operation, mode, base, wanted)
    assert tried > EXAMPLES * len(OPERATIONS)
    assert running.control().get("/fozzy/health")["status"] == "ok"


def _throw(operation: Any, mode: Any, base: str, checks: list[Any]) -> int:
    tried = 0

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def throw(case: Any) -> None:
        nonlocal tried
        tried += 1
        case.call_and_validate(base_url=base, checks=checks)

    try:
        throw()
    except Unsatisfiable:
        assert mode is not None and not operation.definition.raw.get("parameters"), "there is something to spoil"
    return tried
