"""What the bytes of a protocol mean: where messages begin and end, which reply answers which request."""

from __future__ import annotations

from fozzy.faults.tcp.frames.base import Framer
from fozzy.faults.tcp.frames.http import Http
from fozzy.faults.tcp.frames.postgres import Postgres
from fozzy.faults.tcp.frames.raw import Raw
from fozzy.faults.tcp.frames.redis import Redis
from fozzy.faults.tcp.plan import Protocol

FRAMERS: dict[Protocol, type[Framer]] = {
    "raw": Raw,
    "redis": Redis,
    "postgres": Postgres,
    "http": Http,
}
