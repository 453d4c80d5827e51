"""The words of `fozzy proxy http`: every flag as a text, read and checked with its variable by `chaos/files/flags`.

They are texts here so that a flag and its variable are read by one function, and all mistakes are told at once.
"""

from __future__ import annotations

from typing import Annotated

from fozzy.chaos.files.flags import FLAGS, Value
from fozzy.chaos.files.older import OLDER
from fozzy.cli.command import Command, Opt
from fozzy.cli.proxy_standing import texts_of

Text = str | None
Switch = bool | None


class ListenFlags(Command, frozen=True, kw_only=True):
    """Between whom it stands."""

    listen: Annotated[
        Text, Opt(("--listen",), "Where to listen; 127.0.0.1:8080, port 0 for any that is free.", "ADDR")
    ] = None
    upstream: Annotated[Text, Opt(("--upstream",), "Whom to ask, as http://127.0.0.1:9000.", "URL")] = None


class FaultFlags(ListenFlags, frozen=True, kw_only=True):
    """What goes wrong."""

    chaos: Annotated[
        Text,
        Opt(("--chaos",), "What goes wrong, as TOML, JSON or YAML; without a file, as in MockForge, nothing.", "FILE"),
    ] = None
    scenario: Annotated[
        Text, Opt(("--scenario",), "Begin with this scenario; fozzy proxy scenarios lists them.", "NAME")
    ] = None
    disabled: Annotated[Switch, Opt(("--disabled",), "Begin with chaos off; the control API turns it on.")] = None
    latency: Annotated[Text, Opt(("--latency",), "Delay every request, such as 500ms.", "DURATION")] = None
    latency_range: Annotated[Text, Opt(("--latency-range",), "A delay evenly within, as 100ms..500ms.", "RANGE")] = None
    jitter: Annotated[Text, Opt(("--jitter",), "Vary the delay by so much of it both ways, as 20%.", "SHARE")] = None
    latency_probability: Annotated[
        Text, Opt(("--latency-probability",), "How likely a request is delayed, as 0.8 or 80%.", "P")
    ] = None
    latency_max: Annotated[Text, Opt(("--latency-max",), "The longest delay that is allowed; 30s.", "DURATION")] = None
    status: Annotated[
        Text, Opt(("--status",), "Answer with one of these statuses, as 500,503@0.2; without @P always.", "CODES[@P]")
    ] = None
    status_probability: Annotated[
        Text, Opt(("--status-probability",), "How likely a status is, in place of @P.", "P")
    ] = None
    drop: Annotated[Text, Opt(("--drop",), "How likely 500 chaos_drop is, upstream not asked.", "P")] = None
    malformed: Annotated[Text, Opt(("--malformed",), "How likely the body is damaged.", "P")] = None
    disconnect: Annotated[Text, Opt(("--disconnect",), "How likely the connection ends without a byte.", "P")] = None
    timeout_fault: Annotated[
        Text, Opt(("--timeout-fault",), "Hold so long and answer 504, as 5s@0.1; without @P always.", "DURATION[@P]")
    ] = None
    connection_error: Annotated[Text, Opt(("--connection-error",), "How likely the connection is reset.", "P")] = None
    rate_limit: Annotated[
        list[str],
        Opt(
            ("--rate-limit",),
            "At most so many, as 50/s:10: for everybody, per client: or per route:; may be repeated.",
            "[SCOPE:]RATE[:BURST]",
        ),
    ] = []
    bandwidth: Annotated[Text, Opt(("--bandwidth",), "Bytes per second each way, as 100KB/s.", "RATE")] = None
    loss: Annotated[Text, Opt(("--loss",), "How likely a request is lost.", "P")] = None
    loss_as: Annotated[Text, Opt(("--loss-as",), "What a loss is: 408, reset (the default) or hang.", "HOW")] = None
    concurrency: Annotated[Text, Opt(("--concurrency",), "Requests in flight; more get 503.", "N")] = None
    max_connections: Annotated[Text, Opt(("--max-connections",), "Open connections; more get 503.", "N")] = None
    connection_timeout: Annotated[
        Text, Opt(("--connection-timeout",), "How long a connection may last in all.", "DURATION")
    ] = None
    idle_timeout: Annotated[
        Text, Opt(("--idle-timeout",), "How long a connection may stay without a request.", "DURATION")
    ] = None
    exclusive: Annotated[Switch, Opt(("--exclusive",), "One draw decides among all faults; shares add up.")] = None
    evidence_headers: Annotated[
        Switch, Opt(("--evidence-headers",), "Answers say in a header what was done to them.")
    ] = None
    client_header: Annotated[
        Text, Opt(("--client-header",), "A trusted header that says whom a request is from.", "NAME")
    ] = None
    key_bytes: Annotated[Text, Opt(("--key-bytes",), "So much of a body counts for its draws; 65536.", "BYTES")] = None


class CassetteFlags(FaultFlags, frozen=True, kw_only=True):
    """What is kept, and what is served from it."""

    record: Annotated[
        Text, Opt(("--record",), "Write what was asked and truly answered here; of DIR/ a file per test.", "FILE")
    ] = None
    replay: Annotated[
        Text, Opt(("--replay",), "Answer from this recording; what it does not hold is refused.", "FILE")
    ] = None
    auto: Annotated[
        Text, Opt(("--auto",), "Answer from this recording, and ask upstream for the rest and add it.", "FILE")
    ] = None
    record_collision: Annotated[
        Text,
        Opt(
            ("--record-collision",),
            "When the name is taken: error, overwrite or append; append of a file, overwrite in a folder.",
            "POLICY",
        ),
    ] = None
    record_bytes: Annotated[
        Text, Opt(("--record-bytes",), "Longer bodies are relayed and not recorded; 8388608.", "BYTES")
    ] = None
    as_recorded: Annotated[Switch, Opt(("--as-recorded",), "With --replay: also the faults of the recording.")] = None
    replay_pace: Annotated[
        Text, Opt(("--replay-pace",), "0 answers at once, 1 as slowly as recorded, 2 twice as slowly.", "FACTOR")
    ] = None
    match_header: Annotated[
        list[str], Opt(("--match-header",), "This header must be as recorded too; may be repeated.", "NAME")
    ] = []
    match_body: Annotated[
        Text, Opt(("--match-body",), "exact (the default), subset, substring, regex or any.", "HOW")
    ] = None
    match_pattern: Annotated[
        Text, Opt(("--match-pattern",), "With --match-body regex: what it finds in both must be the same.", "REGEX")
    ] = None
    match_once: Annotated[
        Switch, Opt(("--match-once",), "Asked more often than recorded is a miss, not the last answer again.")
    ] = None


class DoorFlags(CassetteFlags, frozen=True, kw_only=True):
    """How it is controlled and watched, what it trusts, what it bears."""

    control: Annotated[
        Text, Opt(("--control",), "Listen here for fozzy proxy status, start, stop …; off unless given.", "ADDR")
    ] = None
    control_token: Annotated[
        Text, Opt(("--control-token",), "Who controls must say this; needed off loopback.", "TOKEN")
    ] = None
    journal_size: Annotated[Text, Opt(("--journal-size",), "How many exchanges are kept to look at; 1000.", "N")] = None
    otlp: Annotated[Text, Opt(("--otlp",), "Send a span per exchange to this collector.", "URL")] = None
    tls_cert: Annotated[Text, Opt(("--tls-cert",), "Listen with TLS: the certificate chain, as PEM.", "FILE")] = None
    tls_key: Annotated[Text, Opt(("--tls-key",), "The certificate's key, as PEM.", "FILE")] = None
    upstream_ca: Annotated[Text, Opt(("--upstream-ca",), "Trust these authorities of upstream, as PEM.", "FILE")] = None
    upstream_insecure: Annotated[Switch, Opt(("--upstream-insecure",), "Do not check upstream's certificate.")] = None
    header_bytes: Annotated[Text, Opt(("--header-bytes",), "A longer head gets 431; 65536.", "BYTES")] = None
    headers: Annotated[Text, Opt(("--headers",), "More headers get 431; 256.", "N")] = None
    request_bytes: Annotated[Text, Opt(("--request-bytes",), "A longer request body gets 413; none.", "BYTES")] = None
    header_timeout: Annotated[Text, Opt(("--header-timeout",), "A slower head gets 408; 30s.", "DURATION")] = None
    body_timeout: Annotated[Text, Opt(("--body-timeout",), "The longest pause in a body; 60s.", "DURATION")] = None
    connect_timeout: Annotated[
        Text, Opt(("--connect-timeout",), "How long reaching upstream may take; 10s.", "DURATION")
    ] = None
    answer_timeout: Annotated[
        Text, Opt(("--answer-timeout",), "How long upstream's answer may take; 300s.", "DURATION")
    ] = None


class AllFlags(DoorFlags, frozen=True, kw_only=True):
    """All of them, MockForge's spellings last."""

    chaos_scenario: Annotated[Text, Opt(("--chaos-scenario",), "MockForge's spelling of --scenario.", "NAME")] = None
    chaos_latency_ms: Annotated[Text, Opt(("--chaos-latency-ms",), "MockForge's --latency.", "MS")] = None
    chaos_latency_range: Annotated[
        Text, Opt(("--chaos-latency-range",), "MockForge's --latency-range, as 100-500.", "MS-MS")
    ] = None
    chaos_latency_probability: Annotated[
        Text, Opt(("--chaos-latency-probability",), "MockForge's --latency-probability.", "P")
    ] = None
    chaos_http_errors: Annotated[
        Text, Opt(("--chaos-http-errors",), "MockForge's --status; 0.1 is its probability.", "CODES")
    ] = None
    chaos_http_error_probability: Annotated[
        Text, Opt(("--chaos-http-error-probability",), "MockForge's --status-probability.", "P")
    ] = None
    chaos_rate_limit: Annotated[
        Text, Opt(("--chaos-rate-limit",), "MockForge's --rate-limit: 100 is 100/s:10.", "N")
    ] = None
    chaos_bandwidth_limit: Annotated[
        Text, Opt(("--chaos-bandwidth-limit",), "MockForge's --bandwidth, in bytes per second.", "N")
    ] = None
    chaos_packet_loss: Annotated[
        Text, Opt(("--chaos-packet-loss",), "MockForge's --loss --loss-as 408, in percent.", "PERCENT")
    ] = None

    def given(self) -> dict[str, list[Value]]:
        """The flags that were given, as texts under their names."""
        return texts_of(self, (*FLAGS, *OLDER), {field: older.flag for field, older in OLDER.items()})
