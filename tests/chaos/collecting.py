"""Collectors to send spans to: one that decodes with OpenTelemetry's own types, and OpenTelemetry's own, built by Go."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.ports import free_port

PROGRAM = Path(__file__).parent / "collector"


def decoded(body: bytes) -> ExportTraceServiceRequest:
    """A posted body as OpenTelemetry's type; an unknown field is an error. OTLP writes ids in hexadecimal."""
    said = json.loads(body)
    for resource in said["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for name in ("traceId", "spanId", "parentSpanId"):
                    if name in span:
                        span[name] = b64encode(bytes.fromhex(span[name])).decode()
    return ParseDict(said, ExportTraceServiceRequest())


def attributes(span: Span) -> dict[str, Any]:
    """The attributes of a span as plain values."""
    found: dict[str, Any] = {}
    for pair in span.attributes:
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, kind)
        found[pair.key] = [each.string_value for each in value.values] if kind == "array_value" else value
    return found


class Collecting:
    """A server that answers each post as told, then 200; keeps what came."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        self.answers = list(answers)
        self.posts: list[tuple[str, str]] = []  # path and content type
        self.spans: list[Span] = []  # of posts that were answered with 200
        self.requests: list[ExportTraceServiceRequest] = []
        collecting = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collecting.take(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        self.posts.append((handler.path, handler.headers["content-type"]))
        request = decoded(body)
        status, headers, answer = self.answers.pop(0) if self.answers else (200, {}, b"{}")
        if status == 200:
            self.requests.append(request)
            self.spans += [
                span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans
            ]
        handler.send_response(status)
        for name, value in {**headers, "content-length": str(len(answer))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answer)

    def __enter__(self) -> Collecting:
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def has_collector() -> bool:
    """Whether OpenTelemetry's collector can be built here: that takes Go and a minute, so only when asked to."""
    return shutil.which("go") is not None and os.environ.get("FOZZY_REQUIRE_ALL") == "1"


def built(folder: Path) -> Path:
    """OpenTelemetry's collector with its OTLP receiver and its debug exporter, built by Go."""
    env = {**os.environ, "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
    command = ["go", "build", "-o", str(folder / "collector"), "."]
    done = subprocess.run(command, cwd=PROGRAM, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "collector"


@contextlib.contextmanager
def collector_at(program: Path, told: Path) -> Iterator[str]:
    """Run the collector; gives its address. What it received stands in the file `told`."""
    port = free_port()
    config = (
        f'yaml:{{receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}}}, '
        "exporters: {debug: {verbosity: detailed}}, service: {telemetry: {metrics: {level: none}}, "
        "pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}}"
    )
    with told.open("wb") as output:
        process = subprocess.Popen([str(program), "--config", config], stdout=output, stderr=output)
        try:
            until = time.monotonic() + 30
            while b"Everything is ready" not in told.read_bytes() and time.monotonic() < until:
                assert process.poll() is None, told.read_text()
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()
