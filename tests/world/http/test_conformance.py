"""Scripted answers and a real server that gives the same ones are told from each other by nobody."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from fozzy.core.limits import Limits
from fozzy.world.http.base import HttpRequest
from fozzy.world.http.host import HostHttp
from fozzy.world.http.scripted import HttpRule, ScriptedHttp
from fozzy.world.rules import Rules

from .conformance import RULES, Asked, HttpConformance

REASON = b"HTTP/1.1 %d Because\r\n"


def made_rules() -> Rules[HttpRule]:
    rules: Rules[HttpRule] = Rules()
    for rule, times in RULES:
        rules.add(rule, times)
    return rules


class TestScripted(HttpConformance):
    @pytest.fixture
    def asked(self) -> Asked:
        return Asked(ScriptedHttp(made_rules(), lambda _: None), "")


class TestHost(HttpConformance):
    @pytest.fixture
    def asked(self, twice: Callable[..., Any], limits: Limits, serve: Callable[..., int]) -> Asked:
        rules, lock = made_rules(), threading.Lock()

        def handle(connection: socket.socket) -> None:
            head = connection.recv(65536).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = [(name, value) for name, _, value in (line.partition(": ") for line in head[1:] if line)]
            with lock:
                rule = rules.take(lambda rule: rule.matches(HttpRequest(method=method, url=target, headers=headers)))
            assert rule is not None
            time.sleep(rule.delay_ns / 1e9)
            connection.sendall(written(rule))

        http = twice(lambda choices, loop, _root: HostHttp(choices, loop, limits))
        return Asked(http, f"http://127.0.0.1:{serve(handle)}")


def written(rule: HttpRule) -> bytes:
    """A rule's answer as a server sends it."""
    body = rule.body.data()
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in rule.headers)
    length = b"" if rule.status in (101, 204) else b"content-length: %d\r\n" % len(body)
    return REASON % rule.status + lines + length + b"\r\n" + body
