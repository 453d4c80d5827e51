"""The words of `fozzy proxy tcp`: every flag as a text, read and checked with its variable by `chaos/tcp/flags`."""

from __future__ import annotations

from typing import Annotated

from fozzy.chaos.files.flags import Value
from fozzy.chaos.tcp.flags import TCP_FLAGS
from fozzy.cli.command import Command, Opt
from fozzy.cli.proxy_standing import texts_of

Text = str | None


class TcpFlags(Command, frozen=True, kw_only=True):
    """Between whom it stands, what goes wrong, what is kept, how it is controlled."""

    listen: Annotated[Text, Opt(("--listen",), "Where clients connect; a free port of 127.0.0.1.", "ADDR")] = None
    upstream: Annotated[Text, Opt(("--upstream",), "Where the server listens, as 127.0.0.1:6379.", "ADDR")] = None
    protocol: Annotated[
        Text,
        Opt(("--protocol",), "What is spoken, so that messages are told apart: raw, redis, postgres, http.", "NAME"),
    ] = None
    proxy: Annotated[
        list[str],
        Opt(
            ("--proxy",),
            "One of several, as db:upstream=127.0.0.1:5432; more behind commas: listen=, protocol=.",
            "NAME:…",
        ),
    ] = []
    toxic: Annotated[
        list[str],
        Opt(
            ("--toxic",),
            "What goes wrong, as latency:latency=100,first=3 or drop_reply:match=INCR; of several proxies "
            "redis/latency:latency=100; may be repeated.",
            "[PROXY/]TYPE:…",
        ),
    ] = []
    chaos: Annotated[
        Text, Opt(("--chaos",), "Proxies and toxics, as TOML, JSON or YAML; Toxiproxy's config is read too.", "FILE")
    ] = None
    record: Annotated[Text, Opt(("--record",), "Write connections, messages and decisions here.", "FILE")] = None
    record_collision: Annotated[
        Text,
        Opt(("--record-collision",), "When the name is taken: error, overwrite or append (the default).", "POLICY"),
    ] = None
    control: Annotated[
        Text, Opt(("--control",), "Listen here for Toxiproxy's clients, as 127.0.0.1:8474; off unless given.", "ADDR")
    ] = None
    control_token: Annotated[
        Text, Opt(("--control-token",), "Who controls must say this; needed off loopback.", "TOKEN")
    ] = None
    journal_size: Annotated[Text, Opt(("--journal-size",), "How many records are kept to look at; 1000.", "N")] = None

    def given(self) -> dict[str, list[Value]]:
        """The flags that were given, as texts under their names."""
        return texts_of(self, TCP_FLAGS, {})
