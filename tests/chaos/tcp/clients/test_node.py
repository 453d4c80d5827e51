"""toxiproxy-node-client from npm, as it is, against a process of ours: what it was written for works.

npm puts it into a folder for temporary files, once for each version; the lock file says which bytes it must be.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from fozzy.faults.tcp.kinds import KINDS
from tests.chaos.tcp.clients.serving import SAMPLES, Api

PROGRAM = Path(__file__).parent / "node"
INSTALL_S = 120.0
RUN_S = 60.0
CLIENT = "toxiproxy-node-client"


@pytest.fixture(scope="session")
def modules() -> Path:
    """Where the client is installed. Another worker may install it meanwhile: the first that is done has it named."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip(f"needs node and npm, for {CLIENT}")
    lock = (PROGRAM / "package-lock.json").read_bytes()
    folder = Path(tempfile.gettempdir()) / f"fozzy-node-{os.getuid()}-{sha256(lock).hexdigest()[:16]}"
    if not (folder / "node_modules" / CLIENT).is_dir():
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix="fozzy-node-"))
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PROGRAM / name, made)
        words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(words, cwd=made, capture_output=True, text=True, timeout=INSTALL_S)
        if done.returncode != 0:
            shutil.rmtree(made)
            pytest.skip(f"npm could not install {CLIENT}: {done.stderr[-500:]}")
        try:
            made.rename(folder)
        except OSError:
            shutil.rmtree(made)
    return folder / "node_modules"


def seen(modules: Path, flow: str, api: Api, server: str, *more: str) -> Any:
    """What the client saw in a flow of `drive.cjs`."""
    command = ["node", str(PROGRAM / "drive.cjs"), flow, api.url, server, *more]
    env = {**os.environ, "NODE_PATH": str(modules)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=RUN_S)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_lock_file_says_which_bytes_and_not_from_where() -> None:
    """Each package has its digest; no address of a registry is written down."""
    lock = json.loads((PROGRAM / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert f"node_modules/{CLIENT}" in packages
    assert all("integrity" in package and "resolved" not in package for package in packages.values())


def test_a_proxy_and_its_life(modules: Path, api: Api, server: str) -> None:
    """Created where a port is free, turned off and on, moved, found, listed, removed."""
    told = seen(modules, "proxies", api, server)
    created = told["created"]
    assert created["listen"].startswith("127.0.0.1:")
    assert not created["listen"].endswith(":0")
    assert created == {"name": "p", "listen": created["listen"], "upstream": server, "enabled": True}
    assert (told["off"], told["on"]) == ({**created, "enabled": False}, created)
    assert told["moved"] == told["found"] == {**created, "upstream": "127.0.0.1:1"}
    assert (told["all"], told["left"]) == (["p"], [])
    assert told["version"]["version"].startswith("2.")


def test_populate_twice_and_reset(modules: Path, api: Api, server: str) -> None:
    """The second time all stay, with their addresses and toxics; a reset enables all and takes the toxics."""
    told = seen(modules, "populate", api, server)
    assert [proxy["name"] for proxy in told["first"]] == ["a", "b"]
    assert told["first"] == told["second"] == told["after"]
    assert told["mine"]["attributes"]["latency"] == 2
    assert told["its"]["attributes"]["latency"] == 1
    assert told["gone"].endswith("status code 404")


def test_every_toxic_is_created_updated_and_removed(modules: Path, api: Api, server: str) -> None:
    """All types that there are, in the directions in which they can be."""
    assert set(KINDS) <= set(SAMPLES), "each type has its line in SAMPLES"
    asked = [{"type": type_, "streams": kind.streams, **SAMPLES[type_]._asdict()} for type_, kind in KINDS.items()]
    told = seen(modules, "toxics", api, server, json.dumps(asked))
    assert len(told) == sum(len(kind.streams) for kind in KINDS.values()) > len(KINDS)
    for each in told:
        sample, created, changed = SAMPLES[each["type"]], each["created"], each["changed"]
        assert created["name"] == f"{each['type']}_{each['stream']}"
        assert created["toxicity"] == sample.toxicity
        assert sample.attributes.items() <= created["attributes"].items()
        assert changed == each["found"] == {**created, "attributes": {**created["attributes"], **sample.update}}
        assert each["gone"].endswith("status code 404")


def test_errors_have_the_statuses_it_knows(modules: Path, api: Api, server: str) -> None:
    """400 for what is wrong, 404 for what is unknown, 409 for what is taken, 500 for a port of somebody else."""
    told = seen(modules, "errors", api, server)
    statuses = {name: int(text.rpartition(" ")[2]) for name, text in told.items()}
    assert statuses == {
        "taken": 409,
        "nameless": 400,
        "unknown": 404,
        "type": 400,
        "stream": 400,
        "again": 409,
        "value": 400,
        "name": 400,
        "toxic": 404,
        "port": 500,
        "gone": 404,
    }
