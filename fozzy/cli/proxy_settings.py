"""From the words of `fozzy proxy http` to the settings of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fozzy.chaos.cassette.matching import Matching
from fozzy.chaos.files.flags import flag_name
from fozzy.chaos.files.planned import Planned
from fozzy.chaos.files.values import Address
from fozzy.chaos.http.origins import is_own, origin_of
from fozzy.chaos.http.wire import Listening, Upstream, Wire
from fozzy.chaos.journal import SIZE
from fozzy.chaos.settings import Cassette, Controlled, Settings
from fozzy.core.duration import parse_ns
from fozzy.errors import UsageError

LISTEN = Address("127.0.0.1", 8080)
CONNECTIONS_MAX = Wire().connections_max

# Flags that mean something only beside one of others.
_NEEDS: dict[str, tuple[str, ...]] = {
    "as_recorded": ("replay", "auto"),
    "replay_pace": ("replay", "auto"),
    "match_header": ("replay", "auto"),
    "match_body": ("replay", "auto"),
    "match_pattern": ("match_body",),
    "match_once": ("replay", "auto"),
    "record_collision": ("record",),
    "record_bytes": ("record", "auto"),
    "control_token": ("control",),
    "tls_key": ("tls_cert",),
}
_SECONDS = {
    "header_timeout": "header_timeout_s",
    "body_timeout": "body_idle_timeout_s",
    "connect_timeout": "connect_timeout_s",
    "answer_timeout": "answer_timeout_s",
    "idle_timeout": "idle_timeout_s",
}
_COUNTS = {
    "header_bytes": "header_bytes_max",
    "headers": "headers_max",
    "request_bytes": "request_bytes_max",
    "record_bytes": "record_bytes_max",
}


def settings_of(begun: Planned, *, strict: bool, redact: tuple[str, ...] = ()) -> Settings:
    """The settings of a run. *Errors*: `UsageError` for a flag that would do nothing, or a file that is not there."""
    _refuse_idle(begun)
    said = {field: given.value for field, given in begun.flags.items()}
    host, port = said.get("listen", LISTEN)
    _refuse_nobody(begun)
    _refuse_itself(begun, host, port)
    files = {name: _file(begun, name) for name in ("tls_cert", "tls_key", "upstream_ca")}
    return Settings(
        plan=begun.plan,
        scenario=begun.scenario,
        strict=strict,
        listening=Listening(host=host, port=port, tls_cert=files["tls_cert"], tls_key=files["tls_key"]),
        upstream=Upstream(
            url=begun.plan.upstream, verify=not said.get("upstream_insecure", False), ca=files["upstream_ca"]
        ),
        wire=_wire(said),
        cassette=_cassette(said, strict),
        control=Controlled(address=said["control"], token=said.get("control_token", "")) if "control" in said else None,
        journal_size=said.get("journal_size", SIZE),
        otlp=said.get("otlp"),
        redact=redact,
        chaos_path=begun.file or "flags",
    )


def _refuse_idle(begun: Planned) -> None:
    for field, needs in _NEEDS.items():
        if field in begun.flags and not any(each in begun.flags for each in needs):
            origin, wanted = begun.flags[field].origin, " or ".join(map(flag_name, needs))
            raise UsageError("chaos.idle_flag", f"{origin} needs {wanted}", hint=f"give {wanted}, or leave it out")


def _refuse_nobody(begun: Planned) -> None:
    """What a recording lacks is asked of upstream, so there must be one."""
    plan = begun.plan
    if "auto" in begun.flags and plan.upstream is None and not any(route.upstream for route in plan.routes):
        origin = begun.flags["auto"].origin
        raise UsageError(
            "chaos.no_upstream",
            f"{origin} asks upstream for what the recording lacks, and there is no upstream",
            hint="give --upstream URL, or --replay FILE to answer from the recording alone",
        )


def _refuse_itself(begun: Planned, host: str, port: int) -> None:
    """A proxy that asks itself goes round until nothing is left."""
    for url in (begun.plan.upstream, *(route.upstream for route in begun.plan.routes)):
        if url is not None and is_own(origin_of(url), host, port):
            raise UsageError(
                "chaos.own_upstream",
                f"the upstream {url} is where the proxy itself listens: {Address(host, port)}",
                hint="give another port to one of them: --listen :0 takes one that is free",
            )


def _file(begun: Planned, field: str) -> str | None:
    if field not in begun.flags:
        return None
    path, origin = begun.flags[field]
    if not Path(path).is_file():
        raise UsageError("usage.bad_value", f"{origin} must be a file, and there is none: {path}")
    return str(path)


def _wire(said: dict[str, Any]) -> Wire:
    fields: dict[str, Any] = {field: said[name] for name, field in _COUNTS.items() if name in said}
    fields |= {field: parse_ns(said[name]) / 1e9 for name, field in _SECONDS.items() if name in said}
    fields["connections_max"] = max(CONNECTIONS_MAX, said.get("max_connections", 0))  # the plan's limit counts then
    return Wire(**fields)


def _cassette(said: dict[str, Any], strict: bool) -> Cassette | None:
    for mode in ("record", "replay", "auto"):
        if mode in said:
            matching = Matching(
                body=said.get("match_body", "exact"),
                pattern=said.get("match_pattern", ""),
                headers=said.get("match_header", []),
                repeats=not said.get("match_once", False),
                strict=strict,
            )
            return Cassette(
                mode=mode,
                path=Path(said[mode]),
                has_slash=said[mode].endswith("/"),
                policy=said.get("record_collision", "append"),
                as_recorded=said.get("as_recorded", False),
                pace=said.get("replay_pace", 0.0),
                matching=matching,
            )
    return None
