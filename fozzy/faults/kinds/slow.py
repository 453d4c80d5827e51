"""Slow: a program starts late."""

from __future__ import annotations

from fozzy.faults.kinds.latency import Latency


class Slow(Latency, frozen=True, kw_only=True, tag="slow"):
    """Waits before the program runs: `delay_ns`, or a drawn time up to `delay_max_ns`."""
