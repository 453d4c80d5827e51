"""The same files of a fresh project in YAML, for `fozzy init --format yaml`."""

from __future__ import annotations

CONFIG = """\
# The settings of fozzy; `fozzy env` shows what is in force and where it came from.
det: true # virtual time: sleeps cost nothing
scenarios: scenarios/
# allow_code: true # scenarios may call functions of this project, in call steps
# proc_backend: host # run real programs; a scenario can also say so itself under backends
# http_base_url: http://127.0.0.1:8080
# redact: [x-internal-key]
# limits:
#   call_ms_max: 30000 # one call to the outside world
"""

FIRST = """\
# yaml-language-server: $schema=%s

version: 1
name: retry until the service is back
description: A scripted service fails once; the second request, a second of virtual time later, succeeds.
tags: [example]
steps:
  - { type: http_when, method: GET, path: /health, status: 503, times: 1 }
  - { type: http_when, method: GET, path: /health, status: 200, json: { ok: true } }
  - { type: http_request, method: GET, path: /health, expect_status: 503 }
  - { type: sleep, duration: 1s }
  - type: http_request
    method: GET
    path: /health
    expect_status: 200
    expect_json: { ok: true }
  - type: trace_event
    name: recovered
    fields: { at_ms: "${now_ms}" }
"""

SECOND = """\
# yaml-language-server: $schema=%s

version: 1
name: a program and its output
description: "A real process: what it printed is in the trace, so a replay needs no python."
tags: [example, host]
backends: { proc: host }
steps:
  - type: proc_spawn
    cmd: python3
    args: [-c, print(6 * 7)]
    expect_exit: 0
    expect_stdout: |
      42
"""

THIRD = """\
# yaml-language-server: $schema=%s
# Three nodes, a network that is cut for a while, and what must hold in the end. Everything here is simulated: time
# costs nothing, and the same seed gives the same run.
#   fozzy test scenarios/cluster.fozzy.yaml       as often as `seeds` says, each time differently
#   fozzy explore scenarios/cluster.fozzy.yaml    a thousand times, and how to replay what fails

version: 1
name: copies agree after the network heals
description: Clients write while one node is cut off; when all messages have arrived, every node has the same value.
tags: [example, distributed]
distributed:
  node_count: 3
  # A small key-value store of fozzy's own. Yours: program: shop.orders:main (async def main(node)), or asgi.
  builtin: kv
  # The newest write wins. With "arrival" the last message to arrive does: then explore finds copies that differ.
  args: { merge: newest }
  seeds: 20
  network:
    latency: { uniform: [1ms, 20ms] }
  faults:
    # n0 is cut off at a drawn moment, and joined again after a drawn time; messages wait meanwhile.
    - kind: partition
      between: [[n0], [n1, n2]]
      at: { within: [0s, 50ms] }
      for: { within: [10ms, 200ms] }
  steps:
    # Two clients, ten operations each, to drawn nodes.
    - type: workload
      clients: 2
      count: 10
      operations:
        - { op: put, args: { key: stock, value: { unique: true } } }
        - { op: get, args: { key: stock } }
      wait: true
    # Time for what is still on its way.
    - type: tick
      duration: 1s
  invariants:
    # Judged at the end.
    - type: kv_all_equal
      key: stock
"""
