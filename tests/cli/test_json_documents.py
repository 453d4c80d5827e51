"""`--json` is one document, whatever happens, and the document is what its schema says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fozzy.cli.commands import COMMANDS
from fozzy.cli.commands.schema import FOLDER
from fozzy.cli.documents import DOCUMENTS

PASSING = "scenarios/cart/add_item.fozzy.json"
FAILING = "scenarios/checkout/pay_twice.fozzy.json"

# What is said, and the code of the error that must come of it; none when the command does its work.
SAID: dict[str, list[tuple[tuple[str, ...], int, str | None]]] = {
    "init": [
        (("init", "--config", "other/fozzy.toml"), 0, None),
        (("init",), 2, "init.exists"),
        (("init", "--nope"), 2, "usage.unknown_option"),
        (("init", "extra"), 2, "usage.mistake"),
        (("init", "--cwd", "nowhere"), 2, "usage.bad_folder"),
    ],
    "validate": [
        (("validate",), 0, None),
        (("validate", "bad"), 2, "scenario.duplicate_key"),
        (("validate", "nowhere.fozzy.json"), 2, "scenario.missing"),
        (("validate", "--reporter", "nope"), 2, "usage.bad_value"),
        (("validate", "--config", "bad.toml"), 2, "config.unknown_key"),
        (("validate", "--config", "none.toml"), 2, "config.missing"),
    ],
    "test": [
        (("test", "-j1"), 4, None),
        (("test", "-j1", "scenarios/cart"), 0, None),
        (("test", "-j1", "scenarios/checkout", "--keep", "kept"), 1, None),
        (("test", "-j1", "scenarios/checkout", "--keep", "pay.fozzy"), 2, "usage.bad_folder"),
        (("test", "-j1", "pay.fozzy", "damaged.fozzy"), 6, None),
        (("test", "-k", "nothing at all"), 5, "scenario.nothing_ran"),
        (("test", "bad", "nowhere.fozzy.json"), 2, "scenario.duplicate_key"),
        (("test", "cluster.fozzy.json"), 0, None),
        (("test", "--jobs", "0"), 2, "usage.bad_value"),
        (("test", "--jobs", "many"), 2, "usage.bad_value"),
        (("test", "--jobs"), 2, "usage.mistake"),
        (("test", "--reporter", "nope"), 2, "usage.unknown_reporter"),
        (("test", "--events"), 2, "usage.two_reports"),
        (("test", "--config", "bad.toml"), 2, "config.unknown_key"),
    ],
    "fmt": [
        (("fmt", "scenarios"), 0, None),
        (("fmt", "--check", "scenarios"), 1, None),
        (("fmt", "bad"), 2, "scenario.duplicate_key"),
        (("fmt", "nowhere.fozzy.json"), 2, "scenario.missing"),
        (("fmt", "--stdout", PASSING), 2, "usage.two_reports"),
    ],
    "run": [
        (("run", PASSING), 0, None),
        (("run", FAILING), 1, None),
        (("run", "scenarios/orders/slow_refund.fozzy.json"), 3, None),
        (("run", "scenarios/programs/killed.fozzy.toml"), 4, None),
        (("run", "bad/pay.fozzy.json"), 2, "scenario.duplicate_key"),
        (("run", "cluster.fozzy.json"), 0, None),
        (("run", "nowhere.fozzy.json"), 2, "scenario.missing"),
        (("run",), 2, "usage.missing"),
        (("run", PASSING, "extra"), 2, "usage.mistake"),
        (("run", PASSING, "--seed", "-1"), 2, "usage.bad_value"),
        (("run", PASSING, "--seed", "one"), 2, "usage.bad_value"),
        (("run", PASSING, "--timeout", "soon"), 2, "usage.bad_value"),
        (("run", PASSING, "--proc", "nobody"), 2, "usage.bad_value"),
        (("run", PASSING, "--record", "pay.fozzy", "--record-collision", "error"), 2, "trace.exists"),
        (("run", PASSING, "--sede", "1"), 2, "usage.unknown_option"),
    ],
    "replay": [
        (("replay", "pay.fozzy"), 1, None),
        (("replay", "pay.fozzy", "--scenario", "fixed.fozzy.json"), 0, None),
        (("replay", "pay.fozzy", "--scenario", "edited.fozzy.json"), 6, None),
        (("replay", "damaged.fozzy"), 6, "trace.seal_broken"),
        (("replay", "cut.fozzy"), 6, "trace.unsealed"),
        (("replay", "none.fozzy"), 2, "trace.unreadable"),
        (("replay", "ffff"), 2, "store.unknown_run"),
        (("replay", "pay.fozzy", "--until", "later"), 2, "usage.bad_value"),
        (("replay", "pay.fozzy", "--dump-events"), 2, "usage.two_reports"),
        (("replay",), 2, "usage.missing"),
    ],
    "shrink": [
        (("shrink", "pay.fozzy"), 0, None),
        (("shrink", FAILING, "--seed", "7"), 0, None),
        (("shrink", "passed.fozzy"), 2, "shrink.nothing_failed"),
        (("shrink", PASSING), 2, "shrink.nothing_failed"),
        (("shrink", "pay.fozzy", "--seed", "7"), 2, "shrink.trace_is_run"),
        (("shrink", "pay.fozzy", "--as-scenario"), 2, "usage.two_reports"),
        (("shrink", "pay.fozzy", "--budget", "long"), 2, "usage.bad_value"),
        (("shrink", "pay.fozzy", "--minimize", "nothing"), 2, "usage.bad_value"),
        (("shrink", "pay.fozzy", "--out", "pay.fozzy", "--record-collision", "error"), 2, "trace.exists"),
        (("shrink", "damaged.fozzy"), 6, "trace.seal_broken"),
        (("shrink", "cut.fozzy"), 6, "trace.unsealed"),
        (("shrink", "none.fozzy"), 2, "trace.unreadable"),
        (("shrink", "ffff"), 2, "store.unknown_run"),
        (("shrink",), 2, "usage.missing"),
    ],
    "fuzz": [
        (("fuzz", "scenario:limit.fozzy.json", "--runs", "9", "--seed", "1"), 0, None),
        (("fuzz", f"scenario:{FAILING}", "--runs", "9", "--seed", "1"), 1, None),
        (("fuzz", "py:parsing:parse", "--runs", "9", "--seed", "1"), 0, None),
        (("fuzz", "py:parsing:pay", "--runs", "300", "--seed", "1", "--keep", "kept"), 1, None),
        (("fuzz", "py:parsing:pay", "--mode", "property", "--runs", "50", "--seed", "1"), 1, None),
        (("fuzz", "cmd:./aborts", "--runs", "9", "--seed", "1", "--timeout", "20s"), 4, None),
        (("fuzz", "cmd:cat @@", "--runs", "9", "--mode", "blind", "--corpus", "seeds"), 0, None),
        (("fuzz", "shop:parse"), 2, "fuzz.bad_target"),
        (("fuzz", "py:parsing"), 2, "fuzz.bad_target"),
        (("fuzz", "cmd:"), 2, "fuzz.bad_target"),
        (("fuzz", "py:parsing:none"), 2, "fuzz.no_target"),
        (("fuzz", "cmd:./none"), 2, "fuzz.no_target"),
        (("fuzz", "py:parsing:later"), 2, "fuzz.cannot_call"),
        (("fuzz", "scenario:scenarios/programs/killed.fozzy.toml"), 2, "fuzz.needs_world"),
        (("fuzz", f"scenario:{FAILING}", "--mode", "property"), 2, "fuzz.no_property"),
        (("fuzz", "py:parsing:pay", "--mode", "property", "--time", "1s"), 2, "fuzz.no_property"),
        (("fuzz", "py:parsing:pay", "--mode", "property", "--corpus", "seeds"), 2, "fuzz.no_property"),
        (("fuzz", "py:parsing:parse", "--dict", "bad.toml"), 2, "fuzz.bad_dictionary"),
        (("fuzz", "py:parsing:parse", "--dict", "none.txt"), 2, "fuzz.bad_dictionary"),
        (("fuzz", "scenario:none.fozzy.json"), 2, "scenario.missing"),
        (("fuzz", "scenario:calls.fozzy.json"), 2, "code.not_allowed"),
        (("fuzz", "scenario:limit.fozzy.json", "--runs", "0"), 2, "usage.bad_value"),
        (("fuzz", "scenario:limit.fozzy.json", "--time", "soon"), 2, "usage.bad_value"),
        (("fuzz", "scenario:limit.fozzy.json", "--mode", "magic"), 2, "usage.bad_value"),
        (
            ("fuzz", f"scenario:{FAILING}", "--runs", "9", "--record", "pay.fozzy", "--record-collision", "error"),
            2,
            "trace.exists",
        ),
        (("fuzz",), 2, "usage.missing"),
    ],
    "explore": [
        (("explore", PASSING, "--seeds", "9"), 0, None),
        (("explore", PASSING, "--schedule", "dfs"), 0, None),
        (("explore", FAILING, "--schedule", "pct", "--seed", "7"), 1, None),
        (("explore", FAILING, "--seeds", "9", "--seed", "7", "--all", "--shrink", "--record", "new.fozzy"), 1, None),
        (("explore", "scenarios/orders/slow_refund.fozzy.json"), 3, None),
        (("explore", "scenarios/programs/killed.fozzy.toml"), 2, "explore.needs_world"),
        (("explore", "cluster.fozzy.json"), 0, None),
        (("explore", "calls.fozzy.json"), 2, "code.not_allowed"),
        (("explore", "bad/pay.fozzy.json"), 2, "scenario.duplicate_key"),
        (("explore", "nowhere.fozzy.json"), 2, "scenario.missing"),
        (("explore", PASSING, "--depth", "3"), 2, "explore.idle_flag"),
        (("explore", PASSING, "--schedule", "pct", "--bound", "1"), 2, "explore.idle_flag"),
        (("explore", PASSING, "--schedule", "bfs", "--jobs", "2"), 2, "explore.idle_flag"),
        (("explore", PASSING, "--seeds", "0"), 2, "usage.bad_value"),
        (("explore", PASSING, "--time", "soon"), 2, "usage.bad_value"),
        (("explore", PASSING, "--schedule", "best"), 2, "usage.bad_value"),
        (("explore", PASSING, "--resume", "ffff"), 2, "store.unknown_run"),
        (("explore", PASSING, "--resume", "@latest"), 2, "explore.not_resumable"),
        (("explore", FAILING, "--record", "pay.fozzy", "--record-collision", "error"), 2, "trace.exists"),
        (("explore",), 2, "usage.missing"),
    ],
    "corpus minimize": [
        (("corpus", "minimize", "py:parsing:parse", "--corpus", "seeds"), 0, None),
        (("corpus", "minimize", "py:parsing:pay", "--corpus", "seeds", "--dry-run"), 0, None),
        (("corpus", "minimize", "cmd:cat", "--corpus", "seeds"), 0, None),
        (("corpus", "minimize", "py:parsing:parse", "--corpus", "none"), 2, "corpus.missing"),
        (("corpus", "minimize", "seeds"), 2, "fuzz.bad_target"),
        (("corpus", "minimize", "py:parsing:none", "--corpus", "seeds"), 2, "fuzz.no_target"),
        (("corpus", "minimize"), 2, "usage.missing"),
    ],
    "trace verify": [
        (("trace", "verify", "pay.fozzy"), 0, None),
        (("trace", "verify", "damaged.fozzy"), 6, None),
        (("trace", "verify", "cut.fozzy"), 6, None),
        (("trace", "verify", "none.fozzy"), 2, "trace.unreadable"),
        (("trace", "verify", "@latst"), 2, "store.unknown_run"),
        (("trace", "verify"), 2, "usage.missing"),
    ],
    "trace recover": [
        (("trace", "recover", "cut.fozzy"), 0, None),
        (("trace", "recover", "pay.fozzy"), 2, "trace.sealed_already"),
        (("trace", "recover", "none.fozzy"), 2, "trace.unreadable"),
    ],
    "trace show": [
        (("trace", "show", "pay.fozzy"), 0, None),
        (("trace", "show", "pay.fozzy", "--from", "2", "--to", "3"), 0, None),
        (("trace", "show", "damaged.fozzy"), 6, None),
        (("trace", "show", "cut.fozzy", "--unsafe"), 0, None),
        (("trace", "show", "none.fozzy"), 2, "trace.unreadable"),
    ],
    "report show": [
        (("report", "show", "pay.fozzy"), 0, None),
        (("report", "show", "damaged.fozzy"), 6, "trace.seal_broken"),
        (("report", "show", "cut.fozzy"), 6, "trace.unsealed"),
        (("report", "show", "ffff"), 2, "store.unknown_run"),
        (("report", "show", "pay.fozzy", "--format", "tap"), 2, "usage.two_reports"),
        (("report", "show"), 2, "usage.missing"),
    ],
    "report query": [
        (("report", "query", "pay.fozzy", "--path", "$.records[*].kind"), 0, None),
        (("report", "query", "pay.fozzy", "--list-paths"), 0, None),
        (("report", "query", "pay.fozzy", "--path", "$.nothing"), 5, None),
        (("report", "query", "pay.fozzy", "--path", "nothing"), 2, "report.bad_path"),
        (("report", "query", "pay.fozzy"), 2, "usage.missing"),
        (("report", "query", "pay.fozzy", "--list-paths", "--path", "$"), 2, "usage.missing"),
        (("report", "query", "damaged.fozzy", "--path", "$"), 6, "trace.seal_broken"),
    ],
    "report flaky": [
        (("report", "flaky", "pay.fozzy", "other.fozzy"), 0, None),
        (("report", "flaky", "pay.fozzy", "passed.fozzy"), 5, None),
        (("report", "flaky", "pay.fozzy"), 2, "usage.missing"),
        (("report", "flaky", "pay.fozzy", "pay.fozzy"), 2, "report.same_run"),
        (("report", "flaky", "pay.fozzy", "other.fozzy", "--budget", "101"), 2, "usage.bad_value"),
        (("report", "flaky", "pay.fozzy", "other.fozzy", "--budget", "much"), 2, "usage.bad_value"),
        (("report", "flaky", "pay.fozzy", "ffff"), 2, "store.unknown_run"),
    ],
    "trace diff": [
        (("trace", "diff", "pay.fozzy", "pay.fozzy"), 0, None),
        (("trace", "diff", "pay.fozzy", "other.fozzy"), 1, None),
        (("trace", "diff", "pay.fozzy", "none.fozzy"), 2, "trace.unreadable"),
        (("trace", "diff", "pay.fozzy"), 2, "usage.missing"),
    ],
    "artifacts ls": [
        (("artifacts", "ls"), 0, None),
        (("artifacts", "ls", "@latest"), 0, None),
        (("artifacts", "ls", "cut.fozzy"), 6, "trace.unsealed"),
        (("artifacts", "ls", "cut.fozzy", "--unsafe"), 0, None),
        (("artifacts", "ls", "ffff"), 2, "store.unknown_run"),
    ],
    "artifacts export": [
        (("artifacts", "export", "pay.fozzy", "--out", "new"), 0, None),
        (("artifacts", "export", "pay.fozzy", "--out", "new.zip"), 0, None),
        (("artifacts", "export", "@latest", "--out", "new.fozzy"), 0, None),
        (("artifacts", "export", "@latest", "--out", "pay.fozzy"), 2, "artifacts.exists"),
        (("artifacts", "export", "@latest", "--out", "pay.fozzy", "--force"), 0, None),
        (("artifacts", "export", "@latest", "--out", "bad.toml/new.zip"), 2, "artifacts.unwritable"),
        (("artifacts", "export", "damaged.fozzy", "--out", "new"), 6, "trace.seal_broken"),
        (("artifacts", "export", "@latest"), 2, "usage.missing"),
    ],
    "artifacts pack": [
        (("artifacts", "pack", "pay.fozzy"), 0, None),
        (("artifacts", "pack", "pay.fozzy", "--out", "pay.fozzypack"), 2, "artifacts.exists"),
        (("artifacts", "pack", "damaged.fozzy"), 6, "trace.seal_broken"),
        (("artifacts", "pack", "cut.fozzy", "--unsafe"), 2, "artifacts.no_run"),
    ],
    "artifacts unpack": [
        (("artifacts", "unpack", "pay.fozzypack"), 0, None),
        (("artifacts", "unpack", "pay.fozzypack", "--out", "new"), 0, None),
        (("artifacts", "unpack", "pay.fozzypack", "--out", "seeds"), 2, "artifacts.exists"),
        (("artifacts", "unpack", "pay.fozzy"), 2, "artifacts.bad_pack"),
        (("artifacts", "unpack", "none.fozzypack"), 2, "artifacts.unreadable"),
    ],
    "artifacts bundle": [
        (("artifacts", "bundle", "pay.fozzy"), 0, None),
        (("artifacts", "bundle", "cut.fozzy", "--unsafe", "--out", "new.zip"), 0, None),
        (("artifacts", "bundle", "cut.fozzy"), 6, "trace.unsealed"),
        (("artifacts", "bundle", "damaged.fozzy"), 6, "trace.seal_broken"),
        (("artifacts", "bundle", "pay.fozzy", "--out", "seeds.zip"), 2, "artifacts.exists"),
        (("artifacts", "bundle"), 2, "usage.missing"),
    ],
    "artifacts diff": [
        (("artifacts", "diff", "pay.fozzy", "pay.fozzy"), 0, None),
        (("artifacts", "diff", "pay.fozzy", "other.fozzy"), 1, None),
        (("artifacts", "diff", "pay.fozzy", "damaged.fozzy"), 6, "trace.seal_broken"),
        (("artifacts", "diff", "pay.fozzy", "none.fozzy"), 2, "trace.unreadable"),
        (("artifacts", "diff", "pay.fozzy"), 2, "usage.missing"),
    ],
    "profile top": [
        (("profile", "top", "pay.fozzy"), 0, None),
        (("profile", "top", "pay.fozzy", "--by", "real"), 2, "profile.not_timed"),
        (("profile", "top", "pay.fozzy", "--limit", "0"), 2, "usage.bad_value"),
        (("profile", "top", "nowhere"), 2, "store.unknown_run"),
    ],
    "profile flame": [
        (("profile", "flame", "pay.fozzy", "--out", "new/pay.folded"), 0, None),
        (("profile", "flame", "pay.fozzy"), 2, "usage.two_reports"),
    ],
    "profile timeline": [
        (("profile", "timeline", "pay.fozzy", "--out", "new/pay.html"), 0, None),
        (("profile", "timeline", "damaged.fozzy", "--out", "new/pay.html"), 6, "trace.seal_broken"),
    ],
    "profile export": [
        (("profile", "export", "pay.fozzy", "--format", "pprof", "--out", "new/pay.pb.gz"), 0, None),
        (("profile", "export", "pay.fozzy", "--format", "otlp", "--by", "real", "--out", "x"), 2, "profile.not_timed"),
        (("profile", "export", "pay.fozzy"), 2, "usage.missing"),
        (("profile", "export", "pay.fozzy", "--out", "scenarios"), 2, "report.unwritable"),
    ],
    "profile diff": [
        (("profile", "diff", "pay.fozzy", "pay.fozzy"), 0, None),
        (("profile", "diff", "pay.fozzy", "other.fozzy"), 0, None),
        (("profile", "diff", "pay.fozzy", ","), 2, "usage.bad_value"),
        (("profile", "diff", "pay.fozzy", "damaged.fozzy"), 6, "trace.seal_broken"),
    ],
    "profile explain": [
        (("profile", "explain", "pay.fozzy"), 0, None),
        (("profile", "explain"), 2, "usage.missing"),
    ],
    "profile doctor": [
        (("profile", "doctor", "pay.fozzy"), 0, None),
        (("profile", "doctor", "nowhere"), 2, "store.unknown_run"),
    ],
    "memory top": [
        (("memory", "top", "pay.fozzy"), 0, None),
        (("memory", "top", "pay.fozzy", "--budget", "-1"), 2, "usage.bad_value"),
    ],
    "memory graph": [
        (("memory", "graph", "pay.fozzy"), 0, None),
        (("memory", "graph", "nowhere"), 2, "store.unknown_run"),
    ],
    "memory diff": [
        (("memory", "diff", "pay.fozzy", "pay.fozzy"), 0, None),
        (("memory", "diff", "pay.fozzy"), 2, "usage.missing"),
    ],
    "artifacts prune": [
        (("artifacts", "prune"), 0, None),
        (("artifacts", "prune", "--dry-run", "--runs", "0"), 0, None),
        (("artifacts", "prune", "--runs", "many"), 2, "usage.bad_value"),
    ],
    "corpus list": [
        (("corpus", "list"), 0, None),
        (("corpus", "list", "seeds"), 0, None),
        (("corpus", "list", "py:shop:parse"), 0, None),
        (("corpus", "list", "nowhere"), 2, "corpus.missing"),
        (("corpus", "list", "pay.fozzy"), 2, "corpus.unreadable"),
        (("corpus", "list", "py:"), 2, "usage.bad_value"),
    ],
    "corpus add": [
        (("corpus", "add", "new", "pay.fozzy", "--text", "a", "--text", "a"), 0, None),
        (("corpus", "add", "new"), 2, "usage.missing"),
        (("corpus", "add", "new", "pay.fozzy", "nowhere"), 2, "corpus.unreadable"),
        (("corpus", "add", "new", "-", "-"), 2, "usage.bad_value"),
        (("corpus", "add", "bad.toml/new", "--text", "a"), 2, "corpus.unwritable"),
    ],
    "corpus export": [
        (("corpus", "export", "seeds", "new.zip"), 0, None),
        (("corpus", "export", "seeds", "seeds.zip", "--force"), 0, None),
        (("corpus", "export", "seeds", "seeds.zip"), 2, "corpus.exists"),
        (("corpus", "export", "seeds", "seeds/seeds.zip"), 2, "corpus.inside"),
        (("corpus", "export", "nowhere", "new.zip"), 2, "corpus.missing"),
    ],
    "corpus import": [
        (("corpus", "import", "seeds", "seeds.zip"), 0, None),
        (("corpus", "import", "cmd:new", "seeds.zip"), 0, None),
        (("corpus", "import", "seeds", "pay.fozzy"), 2, "corpus.not_an_archive"),
        (("corpus", "import", "seeds"), 2, "usage.missing"),
    ],
    "map hotspots": [
        (("map", "hotspots", "--root", "code"), 0, None),
        (("map", "hotspots", "--root", "code", "--scenario-root", "bad"), 1, None),
        (("map", "hotspots", "--root", "code", "--scenario-root", "bad", "--unsafe"), 0, None),
        (("map", "hotspots", "--root", "code", "--profile", "overkill", "--all"), 0, None),
        (("map", "hotspots", "--root", "nowhere"), 2, "map.no_folder"),
        (("map", "hotspots", "--min-risk", "101"), 2, "usage.bad_value"),
        (("map", "hotspots", "--all", "--limit", "3"), 2, "usage.bad_value"),
    ],
    "map services": [
        (("map", "services", "--root", "code"), 0, None),
        (("map", "services", "--scenario-root", "nowhere"), 2, "map.no_folder"),
    ],
    "map suites": [
        (("map", "suites", "--root", "code", "--min-risk", "0"), 0, None),
        (("map", "suites", "--limit", "0"), 2, "usage.bad_value"),
    ],
    "doctor": [
        (("doctor",), 0, None),
        (("doctor", "--deep", "--runs", "2", "--scenario", "scenarios/cart"), 0, None),
        (("doctor", "--scenario", "bad"), 1, None),
        (("doctor", "--scenario", "nowhere.fozzy.json"), 2, "scenario.missing"),
        (("doctor", "--runs", "2"), 2, "usage.bad_value"),
        (("doctor", "--config", "bad.toml"), 2, "config.unknown_key"),
    ],
    "ci": [
        (("ci", "passed.fozzy"), 0, None),
        (("ci", "pay.fozzy"), 1, None),
        (("ci", "damaged.fozzy"), 6, None),
        (("ci", "cut.fozzy"), 6, None),
        (("ci", "none.fozzy"), 2, "trace.unreadable"),
        (("ci", "pay.fozzy", "--flake-budget", "5"), 2, "usage.bad_value"),
        (("ci",), 2, "usage.missing"),
    ],
    "gate": [
        (("gate", "--scope", "cart"), 0, None),
        (("gate", "--scope", "checkout"), 1, None),
        (("gate", "--scope", "orders"), 3, None),
        (("gate", "--scope", "nowhere"), 5, "gate.nothing"),
        (("gate",), 2, "gate.no_git"),
        (("gate", "--scope", ","), 2, "usage.bad_value"),
    ],
    "full": [
        (("full", "--runs", "2"), 4, None),
        (("full", "--runs", "2", "--config", "sound/fozzy.toml"), 0, None),
        (("full", "--required-steps", "trace"), 2, "usage.bad_value"),
        (("full", "--runs", "1"), 2, "usage.bad_value"),
    ],
    "proxy http": [
        (("proxy", "http", "--drop", "1.5"), 2, "usage.bad_value"),
        (("proxy", "http", "--latency", "1s", "--latency-range", "1s..2s"), 2, "chaos.exclusive_flags"),
        (("proxy", "http", "--jitter", "5%"), 2, "chaos.idle_flag"),
        (("proxy", "http", "--scenario", "none"), 2, "chaos.unknown_scenario"),
        (("proxy", "http", "--chaos", "none.toml"), 2, "chaos.unreadable"),
        (("proxy", "http", "--chaos", "bad.toml"), 2, "chaos.unknown_key"),
        (("proxy", "http", "--replay", "damaged.fozzy"), 6, "trace.seal_broken"),
        (("proxy", "http", "--events", "--json"), 2, "usage.two_reports"),
        (("proxy", "http", "extra"), 2, "usage.mistake"),
    ],
    "proxy tcp": [
        (("proxy", "tcp"), 2, "chaos.no_proxy"),
        (("proxy", "tcp", "--toxic", "laten", "--upstream", "127.0.0.1:1"), 2, "usage.bad_value"),
        (
            ("proxy", "tcp", "--toxic", "slicer:average_size=1,size_variation=2", "--upstream", "127.0.0.1:1"),
            2,
            "chaos.conflict",
        ),
        (("proxy", "tcp", "--chaos", "none.toml"), 2, "chaos.unreadable"),
        (("proxy", "tcp", "--listen", "127.0.0.1:0"), 2, "chaos.no_upstream"),
        (("proxy", "tcp", "--upstream", "127.0.0.1:1", "--control-token", "12345678"), 2, "chaos.idle_flag"),
        (("proxy", "tcp", "--events", "--json"), 2, "usage.two_reports"),
        (("proxy", "tcp", "--det", "--upstream", "127.0.0.1:1"), 2, "chaos.real_time"),
    ],
    "proxy scenarios": [
        (("proxy", "scenarios"), 0, None),
        (("proxy", "scenarios", "slow_backend"), 0, None),
        (("proxy", "scenarios", "none"), 2, "chaos.unknown_scenario"),
    ],
    "proxy status": [
        (("proxy", "status"), 2, "chaos.no_control"),
        (("proxy", "status", "--control", "127.0.0.1:1"), 2, "chaos.control_unreachable"),
    ],
    "proxy start": [
        (("proxy", "start", "slow_backend"), 2, "chaos.no_control"),
        (("proxy", "start", "slow_backend", "--for", "soon", "--control", "127.0.0.1:1"), 2, "usage.bad_value"),
        (("proxy", "start"), 2, "usage.missing"),
    ],
    "proxy stop": [(("proxy", "stop"), 2, "chaos.no_control")],
    "proxy journal": [
        (("proxy", "journal"), 2, "chaos.no_control"),
        (("proxy", "journal", "--limit", "0", "--control", "127.0.0.1:1"), 2, "usage.bad_value"),
    ],
    "chaos run": [
        (("chaos", "run", "--runs", "0"), 2, "usage.bad_value"),
        (("chaos", "run", "--jobs", "2", "--coverage"), 2, "usage.bad_value"),
        (("chaos", "run", "--timeout", "soon"), 2, "usage.bad_value"),
        (("chaos", "run", "nowhere"), 2, "chaos.refused"),
    ],
    "explain": [
        (("explain", "scenario.unknown_step"), 0, None),
        (("explain", "scenario.unknown_stp"), 2, "explain.unknown"),
    ],
    "completion": [
        (("completion", "bash"), 0, None),
        (("completion", "none"), 2, "usage.bad_value"),
    ],
    "schema": [
        (("schema", "--for", "nothing"), 2, "usage.unknown_schema"),
        (("schema", "--for"), 2, "usage.mistake"),
    ],
    "env": [
        (("env",), 0, None),
        (("env", "--config", "none.toml"), 2, "config.missing"),
        (("env", "--config", "broken.toml"), 2, "config.syntax"),
    ],
    "version": [
        (("version",), 0, None),
        (("version", "--nope"), 2, "usage.unknown_option"),
    ],
}
# Their documents need a proxy or a suite that runs: tests/cli/commands/test_proxy_*.py and test_chaos_run.py hold them to their schemas.
NEEDS_PROXY = ("chaos run", "proxy http", "proxy tcp", "proxy status", "proxy start", "proxy stop", "proxy journal")
EACH = [(command, *said) for command, list_of in SAID.items() for said in list_of]


@cache
def validator(command: str) -> Draft202012Validator:
    """What checks a document of this command."""
    schema = json.loads((FOLDER / f"{command.replace(' ', '-')}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture
def stage(shop: Any, broken: str, distributed: str, fz: Callable[..., Any]) -> None:
    """The files the command lines name."""
    fz("run", shop.failing, "--seed", "7", "--record", "pay.fozzy")
    whole = Path("pay.fozzy").read_bytes()
    Path("cut.fozzy").write_bytes(b"".join(whole.splitlines(keepends=True)[:-2]))
    Path("damaged.fozzy").write_bytes(whole.replace(b'"t":12000000', b'"t":12000001', 1))
    fz("corpus", "add", "seeds", "--text", "a")
    fz("corpus", "add", "py:shop:parse", "--text", "a")
    fz("corpus", "export", "seeds", "seeds.zip")
    shop.targets()
    fz("artifacts", "pack", "pay.fozzy", "--out", "pay.fozzypack")
    Path("code").mkdir()
    Path("code/shop.py").write_text("def charge(amount):\n    raise ValueError\n")
    Path("bad.toml").write_text("dett = true\n")
    Path("broken.toml").write_text("det = \n")
    Path("sound").mkdir()
    Path("sound/fozzy.toml").write_text("det = true\nscenarios = '../scenarios/cart'\n")
    fz("run", shop.failing, "--seed", "8", "--record", "other.fozzy")
    fz("run", shop.passing, "--record", "passed.fozzy")
    shop.edited("edited", ("12ms", "13ms"))
    shop.edited("fixed", ('"b": 1', '"b": 2'))


def keys(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every key of a document with its path; what users wrote (fields, details, answers) is theirs."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield path, key
            if key not in (
                "details",
                "value",
                "header",
                "records",
                "footer",
                "counts",
                "signals",
                "languages",
                "leftOut",
                "config",
                "answer",
            ):
                yield from keys(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from keys(item, path)


@pytest.mark.parametrize("before", [False, True], ids=["after", "before"])
@pytest.mark.parametrize(("command", "words", "code", "error"), EACH, ids=[" ".join(each[1]) for each in EACH])
def test_stdout_is_one_document_that_its_schema_describes(
    command: str,
    words: tuple[str, ...],
    code: int,
    error: str | None,
    before: bool,
    stage: None,
    fz: Callable[..., Any],
) -> None:
    """--json before or after the command: one valid document of this command, nothing on stderr, the right status."""
    takes_it = words[-1] in ("--for", "--jobs")  # as its value
    ran = fz("--json", *words) if before or takes_it else fz(*words, "--json")
    assert ran.code == code, ran.said
    assert ran.err == ""
    assert ran.out.endswith("\n") and ran.out.count("\n") == 1
    document = ran.document()
    assert [each.message for each in validator(command).iter_errors(document)] == []
    assert document["command"] == command
    assert document.get("error", {}).get("code") == error
    nothing_to_say = command in ("test", "replay") and code == 6
    assert (document["status"] == "error") == (error is not None or nothing_to_say)
    assert [each for each in keys(document) if not re.fullmatch("[a-z][a-zA-Z0-9]*", each[1])] == []


def test_every_command_is_said_with_and_without_success() -> None:
    """No command is left out here, and each has a document whose schema can be printed."""
    assert set(SAID) == set(COMMANDS) == set(DOCUMENTS)
    for command, said in SAID.items():
        assert any(error for _, _, error in said)
        assert command in ("schema", *NEEDS_PROXY) or any(code == 0 for _, code, _ in said)


@pytest.mark.parametrize(
    "words", [("tset",), ("--json", "--json"), ("trace",), ("trace", "nope"), ("--sed", "3", "run")]
)
def test_mistakes_before_any_command_have_the_envelope(words: tuple[str, ...], fz: Callable[..., Any]) -> None:
    """A command that does not exist, or none at all, is an error document too: the schema of any error holds."""
    ran = fz(*words, "--json")
    document = ran.document()
    assert ran.code == 2
    assert [each.message for each in validator("schema").iter_errors(document)] == []
    assert document["command"] in ("fozzy", "trace")
    assert document["error"]["code"].startswith("usage.")
    assert document["problems"][0]["code"] == document["error"]["code"]


def test_an_error_names_the_first_problem_and_lists_all(stage: None, fz: Callable[..., Any]) -> None:
    """`error` is the first of `problems`, and each problem has its code, message and place."""
    document = fz("run", "bad/pay.fozzy.json", "--json").document()
    assert [problem["code"] for problem in document["problems"]] == [
        "scenario.duplicate_key",
        "scenario.unknown_step",
        "scenario.missing_field",
        "scenario.unknown_field",
        "scenario.bad_value",
    ]
    assert document["error"] == document["problems"][0]
    assert document["problems"][1]["where"] == {"file": "bad/pay.fozzy.json", "line": 6, "col": 15}
    assert document["problems"][1]["hint"] == 'did you mean "sleep"?'


@pytest.mark.parametrize(
    "words", [("run", FAILING), ("run", "bad/pay.fozzy.json"), ("test", "-j1", "scenarios/checkout"), ("test", "bad")]
)
@pytest.mark.parametrize("reporter", [("--reporter", "json"), ("--reporter=json",)])
def test_the_json_reporter_is_the_same_as_json(
    reporter: tuple[str, ...], words: tuple[str, ...], stage: None, still: None, fz: Callable[..., Any]
) -> None:
    """`--reporter json` prints what `--json` prints, errors included."""
    one, other = fz(*words, "--json"), fz(*words, *reporter)
    assert (other.code, other.err) == (one.code, "")
    assert steady(other.document()) == steady(one.document())


@pytest.mark.parametrize("command", ["replay", "validate"])
def test_single_reporters_know_json_too(command: str, stage: None, still: None, fz: Callable[..., Any]) -> None:
    """Commands with one report understand `--reporter json` as `--json`, also in an error."""
    for words in ((command, "pay.fozzy"), (command, "none.fozzy"), (command, "--config", "none.toml", "pay.fozzy")):
        one, other = fz(*words, "--json"), fz(*words, "--reporter", "json")
        assert (other.code, other.document(), other.err) == (one.code, one.document(), "")


def test_a_file_holds_the_same_document(stage: None, still: None, fz: Callable[..., Any]) -> None:
    """`--reporter json=FILE` writes the document and leaves the screen."""
    one = fz("run", FAILING, "--json", "--seed", "7")
    other = fz("run", FAILING, "--seed", "7", "--reporter", "json=out/report.json")
    written = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert steady(written) == steady(one.document())
    assert "reproduce" in other.out


def steady(value: Any) -> Any:
    """A document without the names that are fresh in every run."""
    return json.loads(re.sub(r'(?<="runId": ")[0-9a-f]{8}|(?<=runs/)[0-9a-f]{8}', "", json.dumps(value)))


def test_the_trace_of_a_run_embeds_the_summary_that_was_printed(stage: None, fz: Callable[..., Any]) -> None:
    """What `--json` says of a run is what its trace says of it, the path included."""
    printed = fz("run", FAILING, "--record", "pay.fozzy", "--json").document()
    assert printed["identity"]["tracePath"] == "pay.1.fozzy"
    footer = json.loads(Path("pay.1.fozzy").read_bytes().splitlines()[-1])
    assert footer["summary"] == printed


def test_the_schema_of_a_schema_is_printed_as_json(fz: Callable[..., Any]) -> None:
    """`schema --json`, and with it `schema --steps --json`, print one JSON document: a schema."""
    for words in ((), ("--steps",), ("--for", "trace verify"), ("--for", "config")):
        document = fz("schema", *words, "--json").document()
        Draft202012Validator.check_schema(document)
        assert document["$schema"].endswith("2020-12/schema")
