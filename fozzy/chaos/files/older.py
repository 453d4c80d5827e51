"""MockForge's flags, `--chaos-latency-ms 500`, as ours, `--latency 500ms`: read as they mean it, told by our names.

Its bare `--chaos` turns chaos on; a proxy's is on anyway, so it says nothing here. `--chaos FILE` is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fozzy.chaos.files import values


class Older(NamedTuple):
    """A flag of MockForge, the field of ours it sets, how its text is written there, and what else it means."""

    flag: str
    field: str
    ours: Callable[[str], str]
    adds: tuple[tuple[str, str], ...] = ()  # fields and texts, unless they are given


def _range(text: str) -> str:
    return "..".join(values.millisecond_range(text))


def _codes(text: str) -> str:
    values.codes(text)
    return text


def _share(text: str) -> str:
    values.share(text)
    return text


def _rate(text: str) -> str:
    bucket = values.per_second(text).bucket
    return f"{bucket.rate}:{bucket.burst}"


def _percent(text: str) -> str:
    return f"{values.percent(text) * 100:.9g}%"


OLDER: dict[str, Older] = {
    "chaos_scenario": Older("--chaos-scenario", "scenario", values.text()),
    "chaos_latency_ms": Older("--chaos-latency-ms", "latency", values.milliseconds),
    "chaos_latency_range": Older("--chaos-latency-range", "latency_range", _range),
    "chaos_latency_probability": Older("--chaos-latency-probability", "latency_probability", _share),
    "chaos_http_errors": Older("--chaos-http-errors", "status", _codes, (("status_probability", "0.1"),)),
    "chaos_http_error_probability": Older("--chaos-http-error-probability", "status_probability", _share),
    "chaos_rate_limit": Older("--chaos-rate-limit", "rate_limit", _rate),
    "chaos_bandwidth_limit": Older("--chaos-bandwidth-limit", "bandwidth", values.plain_bytes_rate),
    "chaos_packet_loss": Older("--chaos-packet-loss", "loss", _percent, (("loss_as", "408"),)),
}
