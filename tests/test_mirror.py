"""Tests mirror the source: fozzy/a/b.py has tests/a/test_b.py. The exceptions are named with their reason."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent

COVERED_ELSEWHERE = {
    "__init__.py": "tests/test_exports.py",
    "__main__.py": "tests/cli/test_main.py",
    "trace/zipped.py": "tests/search/corpus/test_zipped.py",
    "trace/entry_names.py": "tests/search/corpus/test_names.py",
    "core/backends.py": "tests/engine/test_prepare.py",
    "faults/schedule.py": "tests/faults/test_rule.py",
    "world/fs/faulty.py": "tests/dsl/steps/test_fault.py",
    "world/proc/faulty.py": "tests/dsl/steps/test_fault.py",
    "search/shrink/passes/__init__.py": "tests/search/shrink/passes/test_init.py",
    "cli/run_documents.py": "tests/cli/test_json_documents.py",
    "cli/explore_documents.py": "tests/cli/test_json_documents.py",
    "cli/map_documents.py": "tests/cli/test_json_documents.py",
    "cli/profile_documents.py": "tests/cli/test_json_documents.py",
    **{f"cli/{name}.py": "tests/cli/test_json_documents.py" for name in ("documents", "check_documents")},
    "cli/problem_documents.py": "tests/cli/test_json_documents.py",
    **{f"cli/scaffold/{name}.py": "tests/cli/commands/test_init.py" for name in ("__init__", "yaml_files")},
    "dsl/document.py": "tests/dsl/test_load.py",
    "dsl/places.py": "tests/dsl/test_locate.py",
    "dsl/steps/__init__.py": "tests/dsl/steps/test_init.py",
    "dsl/steps/cluster/__init__.py": "tests/dsl/steps/test_cluster.py",
    "report/__init__.py": "tests/report/test_pretty.py",
    "sim/programs/__init__.py": "tests/sim/programs/test_init.py",
    "cli/commands/__init__.py": "tests/cli/test_words.py",
    "search/fuzz/python_job.py": "tests/search/fuzz/test_python_bench.py",
    "world/proc/child.py": "tests/world/proc/test_host.py",
    "world/proc/host_tasks.py": "tests/world/proc/test_host.py",
    "world/proc/probes.py": "tests/world/proc/test_host.py",
    "world/proc/strays.py": "tests/world/proc/test_host.py",
    "world/http/failures.py": "tests/world/http/test_host.py",
    "world/http/host_tasks.py": "tests/world/http/test_host.py",
    **{
        f"world/code/{name}.py": "tests/world/code/test_host.py"
        for name in ("base", "child", "server", "containment", "lines", "interpreter")
    },
    "world/code/executed.py": "tests/world/code/test_watching.py",
    "world/fs/below.py": "tests/world/fs/test_host.py",
    **{
        f"faults/kinds/{path.name}": "tests/faults/test_kinds.py"
        for path in (ROOT / "fozzy" / "faults" / "kinds").glob("*.py")
    },
    **{
        f"insight/verdict/{name}.py": "tests/insight/verdict/test_oracles.py"
        for name in ("model", "judgements", "matched", "said", "sequels", "events")
    },
    "insight/verdict/connections.py": "tests/insight/verdict/test_wires.py",
    "insight/verdict/facts.py": "tests/insight/verdict/test_text.py",
    **{f"insight/map/{name}.py": "tests/insight/map/test_topology.py" for name in ("model", "doubts", "suites")},
    **{f"insight/map/{name}.py": "tests/insight/map/test_evidence.py" for name in ("traced", "stored", "places")},
    **{
        f"gate/{name}.py": "tests/gate/checks/test_determinism.py"
        for name in ("causes", "statements", "ways", "witness")
    },
    "sim/patches/__init__.py": "tests/sim/patches/test_init.py",
    "sim/programs/served.py": "tests/sim/compat/test_libraries.py",
    "faults/actions.py": "tests/faults/test_kinds.py",
    "chaos/http/answers.py": "tests/chaos/http/test_lines.py",
    **{f"chaos/http/{name}.py": "tests/chaos/http/test_connection.py" for name in ("refusals", "wire")},
    **{
        f"faults/http/{name}.py": "tests/faults/http/test_engine.py" for name in ("armed", "compile", "dice", "program")
    },
    "faults/http/rolling.py": "tests/faults/http/test_engine.py",
    **{f"faults/http/{name}.py": "tests/faults/http/test_check.py" for name in ("flaws", "shares")},
    "faults/http/explained.py": "tests/faults/http/test_resolve.py",
    "faults/http/state.py": "tests/faults/http/test_control.py",
    "faults/http/decision.py": "tests/faults/http/test_kinds.py",
    **{
        f"faults/http/kinds/{path.name}": "tests/faults/http/test_kinds.py"
        for path in (ROOT / "fozzy" / "faults" / "http" / "kinds").glob("*.py")
        if path.name != "latency.py"
    },
    **{f"faults/tcp/frames/{name}.py": "tests/faults/tcp/test_answering.py" for name in ("__init__", "base")},
    "faults/tcp/frames/stepping.py": "tests/faults/tcp/frames/test_postgres.py",
    "faults/tcp/frames/pg_build.py": "tests/faults/tcp/kinds/test_pg_error.py",
    "faults/tcp/frames/redis_tables.py": "tests/faults/tcp/kinds/test_resp_error.py",
    "chaos/parts.py": "tests/chaos/test_running.py",
    "chaos/settings.py": "tests/cli/test_proxy_settings.py",
    "cli/chaos_documents.py": "tests/cli/test_json_documents.py",
    "cli/proxy_documents.py": "tests/cli/test_json_documents.py",
    "cli/proxy_run.py": "tests/cli/commands/test_proxy_http.py",
    **{f"chaos/{name}__init__.py": "tests/chaos/tcp/test_library.py" for name in ("", "tcp/")},
    "chaos/tcp/flags.py": "tests/chaos/tcp/test_planned.py",
    **{f"chaos/tcp/{name}.py": "tests/cli/commands/test_proxy_tcp.py" for name in ("parts", "settings")},
    **{
        f"cli/{name}.py": "tests/cli/commands/test_proxy_tcp.py"
        for name in ("proxy_standing", "proxy_tcp_control", "proxy_tcp_run")
    },
    "chaos/flow/base.py": "tests/chaos/flow/test_bodies.py",
    "chaos/flow/__init__.py": "tests/chaos/flow/test_bodies.py",
    **{f"chaos/{name}.py": "tests/chaos/test_transport.py" for name in ("carried", "door", "hands", "passage")},
    **{f"chaos/{name}.py": "tests/chaos/test_asgi.py" for name in ("asgi_scope", "asgi_turn")},
    "faults/http/fixtures.py": "tests/chaos/test_transport.py",
    **{f"chaos/{name}.py": "tests/chaos/test_journal.py" for name in ("journal_entry", "journal_filter")},
    **{f"chaos/api/{name}.py": "tests/chaos/api/test_openapi.py" for name in ("answers", "operation", "samples")},
    **{f"chaos/tcp/{name}.py": "tests/chaos/tcp/test_relay.py" for name in ("leaving", "side")},
    "chaos/api/call.py": "tests/chaos/api/test_dispatch.py",
    "chaos/api/controls.py": "tests/chaos/api/operations/test_power.py",
    "chaos/api/cassettes.py": "tests/chaos/api/operations/test_cassettes.py",
    "chaos/api/merging.py": "tests/chaos/api/operations/test_config.py",
    "chaos/api/numbers.py": "tests/chaos/api/operations/test_routes.py",
    **{
        f"chaos/tcp/api/{name}.py": "tests/chaos/tcp/api/test_dispatch.py"
        for name in ("controls", "failing", "operations", "shown")
    },
    "chaos/services/__init__.py": "tests/chaos/services/test_service.py",
    "chaos/services/ready.py": "tests/chaos/services/test_service.py",
    **{f"chaos/services/standins/{name}.py": "tests/chaos/services/test_standin.py" for name in ("__main__", "words")},
    **{f"pytest_plugin/{name}.py": "tests/pytest_plugin/test_plugin.py" for name in ("fixtures", "session")},
    **{f"pytest_plugin/{name}.py": "tests/pytest_plugin/test_runs.py" for name in ("failing",)},
    **{f"pytest_plugin/{name}.py": "tests/pytest_plugin/test_runners.py" for name in ("hosts", "loops", "trio_loops")},
    **{
        f"pytest_plugin/{name}.py": "tests/pytest_plugin/test_items.py"
        for name in ("engine_run", "scenarios", "screens")
    },
    "pytest_plugin/provided.py": "tests/pytest_plugin/test_options.py",
    **{f"pytest_plugin/{name}.py": "tests/pytest_plugin/test_simulated.py" for name in ("inside", "smaller")},
    **{
        f"pytest_plugin/{name}.py": "tests/pytest_plugin/test_chaos.py"
        for name in ("direct", "proxies", "state", "timing", "watching")
    },
    "chaos/services/standins/echo.py": "tests/pytest_plugin/test_chaos.py",
    "chaos/api/operations/__init__.py": "tests/chaos/api/test_dispatch.py",
    **{f"faults/tcp/{name}.py": "tests/faults/tcp/test_link.py" for name in ("message", "stage")},
    "faults/tcp/once.py": "tests/faults/tcp/kinds/test_limit_data.py",
    "faults/tcp/gates.py": "tests/faults/tcp/kinds/test_down.py",
    "faults/tcp/when.py": "tests/faults/tcp/test_check.py",
    "faults/tcp/kinds/__init__.py": "tests/faults/tcp/kinds/test_base.py",
    "faults/tcp/kinds/cutting.py": "tests/faults/tcp/kinds/test_limit_time.py",
    "core/wires.py": "tests/faults/tcp/test_link.py",
}


def sources() -> list[Path]:
    """Every module that holds code."""
    found = []
    for path in sorted((ROOT / "fozzy").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "import" in text or "def " in text:
            found.append(path.relative_to(ROOT / "fozzy"))
    return found


def test_every_module_has_its_test() -> None:
    """A module without a test file of its own name is an exception that names the file which covers it."""
    missing = []
    for source in sources():
        mirrored = f"tests/{source.parent.as_posix()}/test_{source.name}".replace("/./", "/")
        expected = COVERED_ELSEWHERE.get(source.as_posix(), mirrored)
        if not (ROOT / expected).is_file():
            missing.append(f"{source.as_posix()} -> {expected}")
    assert not missing


def test_no_exception_is_stale() -> None:
    """Every exception names a module that exists."""
    assert {name for name in COVERED_ELSEWHERE if not (ROOT / "fozzy" / name).is_file()} == set()
