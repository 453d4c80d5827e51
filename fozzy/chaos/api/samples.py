"""What each operation answers on a sample session: the examples of the OpenAPI document. The clock stands still."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from fozzy.chaos.api.call import JSON, Call
from fozzy.chaos.api.cassettes import Collision, Mode, Recording, Replaying
from fozzy.chaos.api.controls import About, Controls
from fozzy.chaos.api.operation import Operation
from fozzy.chaos.journal import Journal
from fozzy.chaos.session import Session
from fozzy.core.blob import Blob
from fozzy.core.exchange import Answered, Asked, Exchange, Roll, Sent
from fozzy.faults.http import control
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan

SEED = 7
TEST = "checkout-7"
AT_S = 1_767_225_600.0
NOW_NS = 12_000_000_000
PLAN: dict[str, Any] = {
    "latency": {"fixed": "200ms", "jitter": 0.1, "probability": 0.8},
    "faults": {"status": {"codes": [500, 503], "probability": 0.2}},
    "routes": [{"method": "POST", "path": "/v1/chat/*", "upstream": "http://127.0.0.1:9000"}],
    "tests": {TEST: {"faults": {"drop": 1.0}}},
    "schedule": [{"start": "slow_backend", "at": "30s"}],
}
WORDS = {"test": TEST, "scenario": "network_degradation", "index": "0", "entry": "1"}
_REQUEST = Asked("POST", "/v1/chat/completions", [("Content-Type", JSON)], Blob(text='{"n": 1}'), 8)
_ANSWER = Answered(200, "OK", [("Content-Type", JSON)], Blob(text='{"ok": true}'), 12)
_EXCHANGE = Exchange(
    t=4_200_000_000,
    at="routes[0]",
    number=1,
    arrived=4_000_000_000,
    key="6f1c2b9d0a4e8375",
    occurrence=1,
    source="proxy",
    request=_REQUEST,
    answer=_ANSWER,
    sent=Sent(200, 12),
    rolls=[
        Roll("latency", 0.8, 8_000_000_000_000_000, True, "server"),
        Roll("status", 0.2, 1_000_000, False, "server"),
    ],
    delay_ns=190_000_000,
    waited_ns=190_100_000,
)
_STOPS = ("stop_scenario", "mockforge_stop", "mockforge_active")


class _Tape:
    """A recorder that only says what it was told."""

    def __init__(self, is_on: bool) -> None:
        self._is_on = is_on

    def recording(self) -> Recording:
        return Recording(is_on=self._is_on, file="traces/session.fozzy" if self._is_on else "", requests=12, bytes=4096)

    def start_recording(self, file: Path, collision: Collision) -> Recording:
        return Recording(is_on=True, file=file.as_posix())

    def stop_recording(self) -> Recording:
        return msgspec.structs.replace(self.recording(), is_on=False)

    def replaying(self) -> Replaying:
        return Replaying(is_on=self._is_on, file="traces/session.fozzy" if self._is_on else "", requests=12)

    def start_replay(self, file: Path, mode: Mode, as_recorded: bool, pace: float) -> Replaying:
        return Replaying(is_on=True, file=file.as_posix(), mode=mode, as_recorded=as_recorded, requests=12)

    def stop_replay(self) -> Replaying:
        return msgspec.structs.replace(self.replaying(), is_on=False)


def controls(name: str = "") -> Controls:
    """The controls of a sample session, in which the operation of this name can be done."""
    session = Session(Engine(msgspec.convert(PLAN, Plan), SEED, has_upstream=True), lambda: NOW_NS)
    made = Controls(
        session,
        journal=Journal(now_s=lambda: AT_S),
        about=About(listening="127.0.0.1:8080", upstream="http://127.0.0.1:9000"),
        cassettes=_Tape(name.startswith("stop_re")),
        metrics=lambda: b'fozzy_requests_total{method="POST",route="/v1/chat/*",status="200"} 1.0\n',
    )
    made.listen()
    made.journal.listen(_EXCHANGE)
    made.stats.listen(_EXCHANGE)
    if name in _STOPS:
        made.change(control.start(made.state, WORDS["scenario"], NOW_NS), "scenario started")
    return made


def call_of(operation: Operation) -> Call:
    """A call that does the operation."""
    path = re.sub(r"\{(\w+)\}", lambda word: WORDS[word[1]], operation.path)
    body = b"" if operation.takes is None else msgspec.json.encode(operation.example or {})
    return Call(operation.method, path, "", {"content-type": JSON}, body)


def answer_of(operation: Operation) -> Any:
    """What the operation answers; none for its own description."""
    from fozzy.chaos.api.dispatch import dispatch

    if operation.name == "openapi":
        return None
    answer = dispatch(controls(operation.name), call_of(operation))
    assert answer.status == 200, f"{operation.name}: {answer.body!r}"
    return answer.body.decode() if operation.text else msgspec.json.decode(answer.body)
