"""A password in every place a run has: it reaches nothing that is kept or shown, and the replay is the same."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SECRETS = {
    "header": "in-the-header-zqxh",
    "query": "in-the-query-zqxq",
    "json": "in-the-json-zqxj",
    "argument": "in-the-argument-zqxt",
    "bearer": "in-the-bearer-zqxr",
    "env": "in-the-env-zqxv",
    "env_of_step": "in-the-step-zqxs",
    "userinfo": "in-the-userinfo-zqxu",
    "answer": "in-the-answer-zqxw",
}


def scenario(port: int) -> dict[str, Any]:
    """Uses every secret by its name, and has the program and the service say them all again without."""
    echo = 'import sys, os; print(*sys.argv[1:], os.environ["DB_PASSWORD2"], os.environ["API_TOKEN"], sep="\\n")'
    base = f"127.0.0.1:{port}"
    return {
        "version": 1,
        "name": "secrets",
        "backends": {"proc": "host", "http": "host"},
        "env": ["API_TOKEN"],
        "vars": {"hidden": SECRETS["header"]},
        "steps": [
            {
                "type": "proc_spawn",
                "cmd": sys.executable,
                "args": ["-c", echo, "--password", SECRETS["argument"], f"Authorization: Bearer {SECRETS['bearer']}"],
                "env": {"DB_PASSWORD2": SECRETS["env_of_step"]},
                "save_stdout_as": "out",
            },
            {"type": "trace_event", "name": "said", "fields": {"out": "${out}", "env": "${env.API_TOKEN}"}},
            {
                "type": "http_request",
                "method": "POST",
                "path": f"http://ada:{SECRETS['userinfo']}@{base}/login?access_token={SECRETS['query']}",
                "headers": {"X-Api-Key": "${hidden}"},
                "json": {"user": "ada", "password": SECRETS["json"]},
                "save": {"session": "$.token"},
            },
            {"type": "assert_eq_str", "a": "${session} ${out}", "b": "something else"},
        ],
    }


def answer(connection: socket.socket) -> None:
    heard = b""
    while SECRETS["json"].encode() not in heard:
        heard += connection.recv(65536)
    echo = [SECRETS["header"], SECRETS["query"], SECRETS["json"], "you said"]
    body = json.dumps({"token": SECRETS["answer"], "echo": echo}).encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@pytest.mark.parametrize("form", ["json", "junit", "html", "tap", "github"])
def test_no_secret_is_kept_or_shown(
    tmp_path: Path, fz_env: dict[str, str], serve: Callable[..., int], form: str
) -> None:
    """Header, query, JSON body, argument, environment, user info, answer: absent by name and by value everywhere."""
    (tmp_path / "a.fozzy.json").write_text(json.dumps(scenario(serve(answer)), indent=1))
    env = {**fz_env, "API_TOKEN": SECRETS["env"], "FOZZY_LOG": "debug"}

    def fozzy(*words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "fozzy", *words], cwd=tmp_path, env=env, capture_output=True, timeout=60
        )

    ran = fozzy("run", "a.fozzy.json", "--verbose", "--record", "t.fozzy", "--reporter", f"{form}=report")
    assert ran.returncode == 1, ran.stderr.decode()
    again = fozzy("replay", "t.fozzy", "--verbose")
    shown = ran.stdout + ran.stderr + again.stdout + again.stderr
    assert b"SAME" in again.stdout + again.stderr, shown.decode()
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "a.fozzy.json":
            shown += path.read_bytes()
    assert [name for name, secret in SECRETS.items() if secret.encode() in shown] == []
    assert [name for name, secret in SECRETS.items() if secret[-4:].encode() in shown] == []
    assert b"<redacted>" in shown
