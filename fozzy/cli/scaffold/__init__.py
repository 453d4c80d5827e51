"""What `fozzy init` writes: a configuration, two scenarios, and the editor's hint where their schema is."""

from __future__ import annotations

from pathlib import PurePath

SETTINGS = ".vscode/settings.json"
SCENARIO_SCHEMA = ".vscode/fozzy.schema.json"

CONFIG = """\
# The settings of fozzy; `fozzy env` shows what is in force and where it came from.
det = true                 # virtual time: sleeps cost nothing
scenarios = "scenarios/"
# proc_backend = "host"    # run real programs; a scenario can also say so itself under "backends"
# http_base_url = "http://127.0.0.1:8080"
# redact = ["x-internal-key"]

[limits]
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


def files(config: str, schema: str) -> dict[str, str]:
    """Every file of a fresh project by its path: the configuration, and the rest beside it."""
    beside = {
        "scenarios/retry.fozzy.json": FIRST % f"../{SCENARIO_SCHEMA}",
        "scenarios/program.fozzy.toml": SECOND,
        SETTINGS: (
            f'{{\n  "json.schemas": [\n    {{ "fileMatch": ["*.fozzy.json"], "url": "./{SCENARIO_SCHEMA}" }}\n  ]\n}}\n'
        ),
        SCENARIO_SCHEMA: schema,
    }
    folder = PurePath(config).parent
    return {config: CONFIG, **{(folder / path).as_posix(): text for path, text in beside.items()}}
