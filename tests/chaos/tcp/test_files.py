"""Chaos files for TCP: ours as TOML and JSON, Toxiproxy's as an array; of a bad one every problem has its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fozzy.chaos.tcp.files import load_tcp, plan_of
from fozzy.errors import InputError
from fozzy.faults.tcp.plan import Proxy, TcpPlan, Toxic

OURS = """\
#:schema ./chaos-tcp.schema.json
seed = 7

[[proxies]]
name = "redis"
listen = "127.0.0.1:26379"
upstream = "127.0.0.1:6379"
protocol = "redis"

[[proxies.toxics]]
type = "latency"
attributes = { latency = 100, jitter = 20 }
match = "GET"
first = 3

[[proxies]]
name = "pg"
upstream = "127.0.0.1:5432"
enabled = false
"""
PLAN = TcpPlan(
    seed=7,
    proxies=[
        Proxy(
            name="redis",
            listen="127.0.0.1:26379",
            upstream="127.0.0.1:6379",
            protocol="redis",
            toxics=[Toxic(type="latency", attributes={"latency": 100, "jitter": 20}, match="GET", first=3)],
        ),
        Proxy(name="pg", upstream="127.0.0.1:5432", enabled=False),
    ],
)
# What Toxiproxy reads with `-config`.
THEIRS: list[Any] = [
    {"name": "web_dev_frontend_1", "listen": "[::]:18080", "upstream": "webapp.domain:8080", "enabled": True},
    {"name": "web_dev_mysql_1", "listen": "[::]:13306", "upstream": "database.domain:3306", "enabled": True},
]


def written(folder: Path, text: str, name: str = "chaos.toml") -> Path:
    """A file."""
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def problems_of(path: Path) -> list[tuple[str, int, int, str]]:
    """What is wrong with a file: code, line, column, the source line."""
    with pytest.raises(InputError) as caught:
        load_tcp(path, path.name)
    found = []
    for problem in caught.value.problems:
        assert problem.where is not None and problem.where.file == path.name
        found.append((problem.code, problem.where.line, problem.where.col, problem.text))
    return found


def test_one_plan_as_toml_and_as_json(tmp_path: Path) -> None:
    """Both say the same; what is for editors is no part of it."""
    assert load_tcp(written(tmp_path, OURS)) == PLAN
    from msgspec import to_builtins

    text = json.dumps({"$schema": "./x.json", **to_builtins(PLAN)})
    assert load_tcp(written(tmp_path, text, "chaos.json")) == PLAN
    assert load_tcp(written(tmp_path, text, "chaos")) == PLAN


@pytest.mark.parametrize("name", ["toxiproxy.json", "toxiproxy"])
def test_toxiproxys_own_config_is_read(name: str, tmp_path: Path) -> None:
    """An array of proxies, whatever the file is called; toxics may stand in it."""
    plan = load_tcp(written(tmp_path, json.dumps(THEIRS), name))
    assert [(each.name, each.listen, each.upstream) for each in plan.proxies] == [
        (each["name"], each["listen"], each["upstream"]) for each in THEIRS
    ]
    more = [{**THEIRS[0], "toxics": [{"type": "latency", "attributes": {"latency": 5}}]}]
    plan = load_tcp(written(tmp_path, json.dumps(more), name))
    assert [toxic.called for toxic in plan.proxies[0].toxics] == ["latency_downstream"]
    assert load_tcp(written(tmp_path, "[]", name)).proxies == []


def test_a_table_of_toml_is_no_array(tmp_path: Path) -> None:
    """A file without a name that says so begins with `[[proxies]]` too."""
    plan = load_tcp(written(tmp_path, '[[proxies]]\nname = "a"\nupstream = "127.0.0.1:1"\n', "chaos"))
    assert [each.name for each in plan.proxies] == ["a"]


def test_every_problem_has_its_place(tmp_path: Path) -> None:
    """A type that is none, parts of a schedule that contradict: one does not hide the other."""
    contrary = OURS.replace('match = "GET"', 'match = "GET"\nafter = 3')
    assert problems_of(written(tmp_path, contrary + '[[proxies.toxics]]\ntype = "laten"\n')) == [
        ("chaos.conflict", 14, 9, "after = 3"),
        ("chaos.bad_value", 22, 8, 'type = "laten"'),
    ]
    text = OURS.replace("first = 3", "first = 0\nfrist = 3").replace("jitter = 20", 'jitter = "x"')
    assert [(code, line) for code, line, _, _ in problems_of(written(tmp_path, text))] == [
        ("chaos.bad_value", 12),
        ("chaos.bad_value", 14),
        ("chaos.unknown_key", 15),
    ]


def test_a_problem_of_an_array_stands_where_it_is_written(tmp_path: Path) -> None:
    """Lines are those of the file."""
    text = (
        '[{"name": "a",\n  "upstream": "127.0.0.1:1", "toxics": [{"type": "latency", "toxicity": 2}]},\n {"nam": "b"}]'
    )
    found = problems_of(written(tmp_path, text, "t.json"))
    assert [line for _, line, _, _ in found] == [2, 3, 3, 3]
    assert found[0][2] == text.splitlines()[1].index("2}") + 1


@pytest.mark.parametrize("text", ["[", "[{]", '[{"name"', "[1, 2]", '["a"]', '[{"name": "a"}, {"name": "a"}'])
def test_what_is_no_plan_is_refused_with_a_place(text: str, tmp_path: Path) -> None:
    """Nothing of it is guessed."""
    for _, line, _, _ in problems_of(written(tmp_path, text, "t.json")):
        assert line >= 1


def test_a_plan_comes_in_any_form(tmp_path: Path) -> None:
    """A plan, what a file holds, Toxiproxy's array, a path."""
    from msgspec import to_builtins

    forms: list[Any] = [PLAN, to_builtins(PLAN), written(tmp_path, OURS), str(written(tmp_path, OURS))]
    assert [plan_of(form) for form in forms] == [PLAN] * 4
    assert plan_of(None) == TcpPlan()
    assert [each.name for each in plan_of(THEIRS).proxies] == [each["name"] for each in THEIRS]
    with pytest.raises(InputError):
        plan_of({"proxies": [{"name": "a"}]})


@pytest.mark.parametrize(
    ("name", "text", "there"),
    [
        ("a.toml", '[[proxies]]\nname = "a"\nupstream = "h:1"\n[[proxies.toxics]]\ntype = "drop_reply"\nend = "fin"', "attributes = { end = … }"),
        ("a.json", '{"proxies": [{"name": "a", "upstream": "h:1", "toxics": [{"type": "drop_reply", "end": "fin"}]}]}', '"attributes": {"end": …}'),
    ],
)  # fmt: skip
def test_an_attribute_that_stands_beside_them_is_shown_its_place(
    tmp_path: Path, name: str, text: str, there: str
) -> None:
    """The schedule stands there, so people put attributes there too."""
    with pytest.raises(InputError) as caught:
        load_tcp(written(tmp_path, text, name))
    (problem,) = caught.value.problems
    assert problem.hint == f"attributes of its type stand together: {there}"


IN_YAML = """\
# yaml-language-server: $schema=./chaos-tcp.schema.json
seed: 7
proxies:
  - name: redis
    listen: 127.0.0.1:26379
    upstream: 127.0.0.1:6379
    protocol: redis
    toxics:
      - type: latency
        attributes: { latency: 100, jitter: 20 }
        match: GET
        first: 3
  - name: pg
    upstream: 127.0.0.1:5432
    enabled: false
"""


@pytest.mark.parametrize("name", ["chaos.yaml", "chaos.yml"])
def test_a_file_in_yaml_is_the_same_plan(name: str, tmp_path: Path) -> None:
    """An address with a port is text without quotes."""
    assert load_tcp(written(tmp_path, IN_YAML, name)) == PLAN


def test_a_mistake_in_yaml_has_its_place(tmp_path: Path) -> None:
    """Its code and caret, and a hint as it is written there."""
    text = IN_YAML.replace("attributes: { latency: 100, jitter: 20 }", "latency: 100").replace("seed: 7", "seed: -7")
    with pytest.raises(InputError) as caught:
        load_tcp(written(tmp_path, text, "chaos.yaml"))
    places = [(each.code, each.where and (each.where.line, each.where.col)) for each in caught.value.problems]
    assert places == [("chaos.bad_value", (2, 7)), ("chaos.unknown_key", (10, 9))]
    assert caught.value.problems[1].hint == "attributes of its type stand together: attributes: { latency: … }"
    with pytest.raises(InputError, match="an object, got a list"):
        load_tcp(written(tmp_path, "- name: redis\n", "chaos.yaml"))
