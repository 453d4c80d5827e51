"""Projects of planted clusters: what differs, what is prevented, what machines share."""

from __future__ import annotations

import shutil
from pathlib import Path

from fozzy.config import load_config
from fozzy.engine.discover import discover
from fozzy.engine.prepare import Options
from fozzy.gate.checks.determinism import Audit
from fozzy.gate.checks.drift import Clusters

HERE = Path(__file__).parent
# Each planted cluster that differs, and what must be named as its cause.
CAUSES = {
    "address": "address",
    "environment": "environment",
    "file_time": "file_time",
    "folder": "folder",
    "hash_order": "hash_order",
    "hash_text": "hash_order",
    "native_clock": "native",
    "system_file": "system_file",
    "thread": "address",
    "weak_order": "address",
}
PREVENTED = ("clock", "file_order", "garbage")
OTHERS = ("kv", "left_over", "shared")


def planted(project: Path, packages: Path) -> None:
    """Copy the planted project; its packages are installed out of it."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HERE / "planted_clusters", project, dirs_exist_ok=True, ignore=ignored)
    shutil.copytree(HERE / "planted_site", packages, ignore=ignored)
    for name in ("b", "d", "a", "c"):
        (packages / name).write_text("")
    (project / "site.txt").write_text(str(packages))


def audit_of(*names: str, runs: int = 3) -> Audit:
    """An audit of some of them."""
    clusters = clusters_of(*names)
    config = load_config(None)
    return Audit(clusters.chosen, clusters.options, config.root, config.base_dir(), clusters.seed, runs)


def clusters_of(*names: str) -> Clusters:
    """Some of them, to look at as clusters."""
    config = load_config(None)
    found = discover([f"scenarios/{name}.fozzy.toml" for name in names], config.root)
    assert not found.problems
    return Clusters(found.chosen, Options(settings=config.settings), config.root, 7)
