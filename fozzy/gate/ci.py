"""`ci`: what a trace is worth. It can be trusted, replays, agrees with what was kept, and is neither flaky nor slow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fozzy.config import Config
from fozzy.engine.code import Allowance
from fozzy.gate.checked import Checked, Step, guarded, skipped
from fozzy.gate.checks import artifacts, flake, replays, speed
from fozzy.gate.checks.evidence import evidence
from fozzy.gate.checks.flake import Budget
from fozzy.trace.store import Store

UNTRUSTED = "the trace cannot be trusted"


class Claim(NamedTuple):
    """A trace, and what is asked of it."""

    path: Path
    config: Config
    allow_code: bool = False
    strict: bool = True
    budget: Budget | None = None
    baseline: Path | None = None
    max_slowdown_percent: int = 0

    @property
    def allowance(self) -> Allowance:
        """What was said about user code: for a trace the configuration does not speak."""
        return Allowance(self.allow_code, self.config.root, self.config.settings.proc_env)


def ci(claim: Claim) -> Iterator[Checked]:
    """Every check, one after the other. Nothing of a trace is used once it is not trusted.

    *Errors*: `StoreError` for what is no trace, `NotAllowedError`.
    """
    trusted = evidence(claim.path, strict=claim.strict)
    yield trusted
    if trusted.status == "fail":
        for name in (replays.NAME, artifacts.NAME, flake.NAME, speed.NAME):
            yield skipped(name, UNTRUSTED)
        return
    checked, _ = replays.replays(claim.path, claim.allowance, names=claim.config.settings.redact, strict=claim.strict)
    yield checked
    store = Store(claim.config.base_dir())
    yield guarded(Step(artifacts.NAME, lambda: artifacts.artifacts(claim.path, store)))
    yield _flake(claim)
    yield _speed(claim)


def _flake(claim: Claim) -> Checked:
    budget = claim.budget
    if budget is None:
        return skipped(flake.NAME, "--flake-runs says how often to run it")
    return guarded(Step(flake.NAME, lambda: flake.flake(claim.path, budget, claim.config, claim.allowance)))


def _speed(claim: Claim) -> Checked:
    baseline = claim.baseline
    if baseline is None:
        return skipped(speed.NAME, "--baseline names a trace to compare with")
    return guarded(Step(speed.NAME, lambda: speed.speed(claim.path, baseline, claim.max_slowdown_percent)))
