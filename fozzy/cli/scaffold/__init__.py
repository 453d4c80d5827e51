"""What `fozzy init` writes: a configuration, three scenarios, and the editor's hint where their schema is."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from fozzy.cli.scaffold import yaml_files
from fozzy.core.forms import form_of_file

SETTINGS = ".vscode/settings.json"
SCENARIO_SCHEMA = ".vscode/fozzy.schema.json"

CONFIG = """\
# The settings of fozzy; `fozzy env` shows what is in force and where it came from.
det = true                 # virtual time: sleeps cost nothing
scenarios = "scenarios/"
# allow_code = true        # scenarios may call functions of this project, in `call` steps
# proc_backend = "host"    # run real programs; a scenario can also say so itself under "backends"
# http_base_url = "http://127.0.0.1:8080"
# redact = ["x-internal-key"]

# [limits]
# call_ms_max = 30000      # one call to the outside world
"""

FIRST = """\
{
  "$schema": "%s",
  "version": 1,
  "name": "retry until the service is back",
  "description": "A scripted service fails once; the second request, a second of virtual time later, succeeds.",
  "tags": ["example"],
  "steps": [
    { "type": "http_when", "method": "GET", "path": "/health", "status": 503, "times": 1 },
    {
      "type": "http_when",
      "method": "GET",
      "path": "/health",
      "status": 200,
      "json": { "ok": true }
    },
    { "type": "http_request", "method": "GET", "path": "/health", "expect_status": 503 },
    { "type": "sleep", "duration": "1s" },
    {
      "type": "http_request",
      "method": "GET",
      "path": "/health",
      "expect_status": 200,
      "expect_json": { "ok": true }
    },
    { "type": "trace_event", "name": "recovered", "fields": { "at_ms": "${now_ms}" } }
  ]
}
"""

SECOND = """\
#:schema ../.vscode/fozzy.schema.json

version = 1
name = "a program and its output"
description = "A real process: what it printed is in the trace, so a replay needs no python."
tags = ["example", "host"]

[backends]
proc = "host"

[[steps]]
type = "proc_spawn"
cmd = "python3"
args = ["-c", "print(6 * 7)"]
expect_exit = 0
expect_stdout = "42\\n"
"""


THIRD = """\
#:schema ../.vscode/fozzy.schema.json

# Three nodes, a network that is cut for a while, and what must hold in the end. Everything here is simulated: time
# costs nothing, and the same seed gives the same run.
#   fozzy test scenarios/cluster.fozzy.toml       as often as `seeds` says, each time differently
#   fozzy explore scenarios/cluster.fozzy.toml    a thousand times, and how to replay what fails

version = 1
name = "copies agree after the network heals"
description = "Clients write while one node is cut off; when all messages have arrived, every node has the same value."
tags = ["example", "distributed"]

[distributed]
node_count = 3
# A small key-value store of fozzy's own. Yours: program = "shop.orders:main" (async def main(node)), or asgi.
builtin = "kv"
# The newest write wins. With "arrival" the last message to arrive does: then explore finds copies that differ.
args = { merge = "newest" }
seeds = 20

[distributed.network]
latency = { uniform = ["1ms", "20ms"] }

# n0 is cut off at a drawn moment, and joined again after a drawn time; messages wait meanwhile.
[[distributed.faults]]
kind = "partition"
between = [["n0"], ["n1", "n2"]]
at = { within = ["0s", "50ms"] }
for = { within = ["10ms", "200ms"] }

# Two clients, ten operations each, to drawn nodes.
[[distributed.steps]]
type = "workload"
clients = 2
count = 10
operations = [
  { op = "put", args = { key = "stock", value = { unique = true } } },
  { op = "get", args = { key = "stock" } },
]
wait = true

# Time for what is still on its way.
[[distributed.steps]]
type = "tick"
duration = "1s"

# Judged at the end.
[[distributed.invariants]]
type = "kv_all_equal"
key = "stock"
"""


EDITOR = """\
{
  "json.schemas": [
    { "fileMatch": ["*.fozzy.json"], "url": "./%s" }
  ],
  "yaml.schemas": {
    "./%s": ["*.fozzy.yaml", "*.fozzy.yml"]
  }
}
"""


def files(config: str, schema: str, form: Literal["toml", "yaml"] = "toml") -> dict[str, str]:
    """Every file of a fresh project by its path: the configuration, in the form its name says, and the rest beside it."""
    editor = {SETTINGS: EDITOR % (SCENARIO_SCHEMA, SCENARIO_SCHEMA), SCENARIO_SCHEMA: schema}
    beside = {**_scenarios(f"../{SCENARIO_SCHEMA}", form), **editor}
    folder = PurePath(config).parent
    settings = yaml_files.CONFIG if form_of_file(config) == "yaml" else CONFIG
    return {config: settings, **{(folder / path).as_posix(): text for path, text in beside.items()}}


def _scenarios(schema: str, form: Literal["toml", "yaml"]) -> dict[str, str]:
    if form == "yaml":
        return {
            "scenarios/retry.fozzy.yaml": yaml_files.FIRST % schema,
            "scenarios/program.fozzy.yaml": yaml_files.SECOND % schema,
            "scenarios/cluster.fozzy.yaml": yaml_files.THIRD % schema,
        }
    return {
        "scenarios/retry.fozzy.json": FIRST % schema,
        "scenarios/program.fozzy.toml": SECOND,
        "scenarios/cluster.fozzy.toml": THIRD,
    }
