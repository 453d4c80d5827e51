"""MockForge's chaos block: its names and units as ours, and back. A file may hold it, and `/api/chaos/…` speaks it.

Rule 1: what it says and we cannot do is refused by name; nothing is dropped in silence.
Rule 2: a block that is there and does not say `enabled` is enabled. What is not said takes MockForge's own value,
but a list of statuses, which is none then.
Rule 3: a bucket of `rate_limit` is of all requests; `per_ip` and `per_endpoint` add one per client and per route.
Packet loss is answered with 408, which is what it is there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fozzy.core.duration import parse_ns
from fozzy.errors import InputError
from fozzy.faults.http import plan
from fozzy.faults.http.plan import Code, Ordinal, Section, Share

MS_MAX = 86_400_000  # a day
BYTES_MAX = 999_999_999_999

Milliseconds = Annotated[int, Meta(ge=0, le=MS_MAX, description="Milliseconds.")]
Percent = Annotated[float, Meta(ge=0, le=100, description="A percentage, 0 to 100.")]
Corruption = Literal["none", "random_bytes", "truncate", "bit_flip"]
BLOCKS = ("latency", "fault_injection", "rate_limit", "traffic_shaping")
_HOW = {"random_bytes": "random-bytes", "truncate": "truncate", "bit_flip": "bit-flip"}


class Spelled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all that the block says."""


class LatencyBlock(Spelled, frozen=True, kw_only=True):
    """MockForge's `latency`: a fixed delay or a range, never both."""

    enabled: bool = True
    fixed_delay_ms: Milliseconds | None = None
    random_delay_range_ms: tuple[Milliseconds, Milliseconds] | None = None
    jitter_percent: Percent = 0.0
    probability: Share = 1.0


class FaultBlock(Spelled, frozen=True, kw_only=True):
    """MockForge's `fault_injection`."""

    enabled: bool = True
    http_errors: list[Code] = []
    http_error_probability: Share = 0.1
    connection_errors: bool = False
    connection_error_probability: Share = 0.05
    timeout_errors: bool = False
    timeout_ms: Milliseconds = 5000
    timeout_probability: Share = 0.05
    partial_responses: bool = False
    partial_response_probability: Share = 0.05
    payload_corruption: bool = False
    payload_corruption_probability: Share = 0.05
    corruption_type: Corruption = "none"


class RateBlock(Spelled, frozen=True, kw_only=True):
    """MockForge's `rate_limit`."""

    enabled: bool = True
    requests_per_second: Annotated[int, Meta(ge=1, le=999_999_999)] = 100
    burst_size: Ordinal = 10
    per_ip: bool = False
    per_endpoint: bool = False


class TrafficBlock(Spelled, frozen=True, kw_only=True):
    """MockForge's `traffic_shaping`. `bandwidth_limit_bps` is bytes per second; 0 is no limit, of connections too."""

    enabled: bool = True
    bandwidth_limit_bps: Annotated[int, Meta(ge=0, le=BYTES_MAX)] = 0
    packet_loss_percent: Percent = 0.0
    max_connections: Annotated[int, Meta(ge=0)] = 0
    connection_timeout_ms: Milliseconds | None = None


class OffBlock(Spelled, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A block that is for the caller's side and so not the proxy's: it may be there, but not enabled."""

    enabled: bool = False


class Block(Spelled, frozen=True, kw_only=True):
    """MockForge's chaos configuration, as in a file under `observability.chaos` and in its API."""

    enabled: bool = True
    scenario: str | None = None
    latency: LatencyBlock | None = None
    fault_injection: FaultBlock | None = None
    rate_limit: RateBlock | None = None
    traffic_shaping: TrafficBlock | None = None
    circuit_breaker: OffBlock | None = None
    bulkhead: OffBlock | None = None
    not_shown: list[str] = []  # what is in force and has no name here; in answers only


def section_of(block: Block) -> Section:
    """The section that does the same. `enabled` of the whole and `scenario` are the caller's to see to.

    *Errors*: `InputError` `chaos.mockforge` that names the field.
    """
    for name in ("circuit_breaker", "bulkhead"):
        if getattr(block, name) is not None and getattr(block, name).enabled:
            raise _refused(name, "is what a caller does against faults; this proxy has none", "Leave it out.")
    if block.not_shown:
        raise _refused("not_shown", "is in answers only; what it names would be lost", "Set it under /fozzy/config.")
    return Section(latency=latency_of(block.latency), faults=faults_of(block.fault_injection), limits=limits_of(block))


def latency_of(block: LatencyBlock | None) -> plan.Latency | None:
    """A delay as ours. *Errors*: `InputError`."""
    if block is None or not block.enabled:
        return None
    fixed, between = block.fixed_delay_ms, block.random_delay_range_ms
    if (fixed is None) == (between is None):
        said = "are both set" if fixed is not None else "are both missing, so that there is no delay"
        raise _refused("latency.fixed_delay_ms", f"and latency.random_delay_range_ms {said}", "Set one of the two.")
    if between is not None and between[0] > between[1]:
        raise _refused("latency.random_delay_range_ms", f"is reversed: {list(between)}", "The smaller one comes first.")
    return plan.Latency(
        fixed=None if fixed is None else f"{fixed}ms",
        uniform=None if between is None else (f"{between[0]}ms", f"{between[1]}ms"),
        jitter=block.jitter_percent / 100 if block.jitter_percent else None,
        probability=block.probability,
    )


def faults_of(block: FaultBlock | None) -> plan.Faults:
    """The faults as ours. *Errors*: `InputError`."""
    if block is None or not block.enabled:
        return plan.Faults()
    how = _HOW.get(block.corruption_type)
    if block.payload_corruption and how is None:
        hint = f"Set it to one of: {', '.join(_HOW)}."
        raise _refused("fault_injection.corruption_type", "is missing where payload_corruption is set", hint)
    status = plan.Status(codes=list(block.http_errors), probability=block.http_error_probability)
    timeout = plan.Timeout(after=f"{block.timeout_ms}ms", probability=block.timeout_probability)
    malformed = plan.Malformed(how=how, probability=block.payload_corruption_probability) if how else None  # type: ignore[arg-type]
    return plan.Faults(
        status=status if block.http_errors else None,
        timeout=timeout if block.timeout_errors else None,
        connection_error=block.connection_error_probability if block.connection_errors else None,
        partial=block.partial_response_probability if block.partial_responses else None,
        malformed=malformed if block.payload_corruption else None,
    )


def limits_of(block: Block) -> plan.Limits:
    """Rates and traffic as ours."""
    rate, traffic = block.rate_limit, block.traffic_shaping
    rated = rate if rate is not None and rate.enabled else None
    shaped = traffic if traffic is not None and traffic.enabled else TrafficBlock()
    bucket = plan.Bucket(rate=f"{rated.requests_per_second}/s", burst=rated.burst_size) if rated else None
    lost = shaped.packet_loss_percent / 100
    timeout_ms = shaped.connection_timeout_ms
    return plan.Limits(
        global_=bucket,
        client=bucket if rated and rated.per_ip else None,
        route=bucket if rated and rated.per_endpoint else None,
        bandwidth=f"{shaped.bandwidth_limit_bps}B/s" if shaped.bandwidth_limit_bps else None,
        loss=plan.Loss(probability=lost, as_="408") if lost else None,
        max_connections=shaped.max_connections or None,
        connection_timeout=None if timeout_ms is None else f"{timeout_ms}ms",
    )


def block_of(section: Section, enabled: bool = True) -> Block:
    """What a section is in MockForge's names; `not_shown` has the places of what has none there (but `mode`)."""
    unsaid: list[str] = []
    return Block(
        enabled=enabled,
        latency=_latency_block(section.latency, unsaid),
        fault_injection=_fault_block(section.faults, unsaid),
        rate_limit=_rate_block(section.limits, unsaid),
        traffic_shaping=_traffic_block(section.limits, unsaid),
        not_shown=unsaid,
    )


def _latency_block(latency: plan.Latency | None, unsaid: list[str]) -> LatencyBlock:
    if latency is None:
        return LatencyBlock(enabled=False)
    _rest("latency", latency, ("fixed", "uniform", "jitter", "probability"), unsaid)
    between = latency.uniform
    return LatencyBlock(
        fixed_delay_ms=None if latency.fixed is None else _ms(latency.fixed),
        random_delay_range_ms=None if between is None else (_ms(between[0]), _ms(between[1])),
        jitter_percent=_percent(latency.jitter),
        probability=1.0 if latency.probability is None else latency.probability,
    )


def _fault_block(faults: plan.Faults, unsaid: list[str]) -> FaultBlock:
    known = ("status", "timeout", "connection_error", "partial", "malformed")
    _rest("faults", faults, known, unsaid)
    status, codes = faults.status, _codes("faults.status", faults.status, unsaid)
    timeout = faults.timeout if isinstance(faults.timeout, plan.Timeout) else plan.Timeout()
    malformed = faults.malformed
    how = malformed.how if isinstance(malformed, plan.Malformed) else "invalid-json"
    corruption: dict[str, Any] = {ours: theirs for theirs, ours in _HOW.items()}
    if malformed is not None and how not in corruption:
        unsaid.append("faults.malformed.how")
    for name in ("timeout", "connection_error", "partial", "malformed"):
        fault = getattr(faults, name)
        if isinstance(fault, msgspec.Struct):
            _rest(f"faults.{name}", fault, ("probability", "after", "how"), unsaid)
    return FaultBlock(
        enabled=any(getattr(faults, name) is not None for name in known),
        http_errors=codes,
        http_error_probability=_share(status, 0.1),
        timeout_errors=faults.timeout is not None,
        timeout_ms=_ms(timeout.after),
        timeout_probability=_share(faults.timeout, 0.05),
        connection_errors=faults.connection_error is not None,
        connection_error_probability=_share(faults.connection_error, 0.05),
        partial_responses=faults.partial is not None,
        partial_response_probability=_share(faults.partial, 0.05),
        payload_corruption=malformed is not None,
        payload_corruption_probability=_share(malformed, 0.05),
        corruption_type=corruption.get(how, "none") if malformed is not None else "none",
    )


def _codes(place: str, status: plan.Status | None, unsaid: list[str]) -> list[int]:
    if status is None:
        return []
    _rest(place, status, ("codes", "probability"), unsaid)
    if any(isinstance(code, plan.Weighted) and code.weight != 1 for code in status.codes):
        unsaid.append(f"{place}.codes.weight")
    return [code.code if isinstance(code, plan.Weighted) else code for code in status.codes]


def _rate_block(limits: plan.Limits, unsaid: list[str]) -> RateBlock:
    bucket = limits.global_
    for name, other in (("global", bucket), ("client", limits.client), ("route", limits.route)):
        if other is not None and (other != bucket or not other.rate.endswith("/s")):
            unsaid.append(f"limits.{name}")
    if bucket is None or not bucket.rate.endswith("/s"):
        return RateBlock(enabled=False)
    return RateBlock(
        requests_per_second=int(bucket.rate.removesuffix("/s")),
        burst_size=bucket.burst,
        per_ip=limits.client == bucket,
        per_endpoint=limits.route == bucket,
    )


def _traffic_block(limits: plan.Limits, unsaid: list[str]) -> TrafficBlock:
    _rest("limits", limits, ("global_", "client", "route", *_TRAFFIC), unsaid)
    if not isinstance(limits.bandwidth, str | None):
        unsaid.append("limits.bandwidth")
    if isinstance(limits.loss, plan.Loss):
        _rest("limits.loss", limits.loss, ("probability", "as_"), unsaid)
    timeout = limits.connection_timeout
    return TrafficBlock(
        enabled=any(getattr(limits, name) is not None for name in _TRAFFIC),
        bandwidth_limit_bps=_bytes(limits.bandwidth) if isinstance(limits.bandwidth, str) else 0,
        packet_loss_percent=_percent(_share(limits.loss, 0.0)),
        max_connections=limits.max_connections or 0,
        connection_timeout_ms=None if timeout is None else _ms(timeout),
    )


_TRAFFIC = ("bandwidth", "loss", "max_connections", "connection_timeout")
_BYTES = {"KB/s": 10**3, "MB/s": 10**6, "GB/s": 10**9, "B/s": 1}


def _rest(place: str, struct: msgspec.Struct, known: tuple[str, ...], unsaid: list[str]) -> None:
    """Note the fields that are set and not known."""
    for field in msgspec.structs.fields(struct):
        usual = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        if field.name not in known and getattr(struct, field.name) != usual:
            unsaid.append(f"{place}.{field.encode_name}")


def _share(fault: Any, usual: float) -> float:
    """The probability of a fault; one without any strikes always."""
    if fault is None:
        return usual
    share = fault if isinstance(fault, int | float) else fault.probability
    return 1.0 if share is None else float(share)


def _ms(text: str) -> int:
    return parse_ns(text) // 1_000_000


def _percent(share: float | None) -> float:
    return round((share or 0.0) * 100, 9)


def _bytes(text: str) -> int:
    unit = next(unit for unit in _BYTES if text.endswith(unit))
    return int(text.removesuffix(unit)) * _BYTES[unit]


def _refused(field: str, said: str, hint: str) -> InputError:
    return InputError("chaos.mockforge", f"{field} {said}", hint=hint)
