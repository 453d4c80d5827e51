"""From flags to the settings of a run: each flag reaches what it speaks of, and none does nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.chaos.cassette.matching import Matching
from fozzy.chaos.files.flags import Value, flag_name
from fozzy.chaos.files.planned import planned
from fozzy.chaos.files.values import Address
from fozzy.chaos.http.wire import Listening, Upstream, Wire
from fozzy.chaos.settings import Cassette, Controlled, Settings
from fozzy.cli.proxy_settings import settings_of
from fozzy.errors import UsageError


def settings(*, strict: bool = True, **texts: str) -> Settings:
    """The settings of these flags."""
    given = {field: [Value(text, flag_name(field))] for field, text in texts.items()}
    return settings_of(planned(given, {}), strict=strict, redact=("pin",))


def test_without_flags() -> None:
    """This machine's port 8080, nobody to ask, nothing kept, strict."""
    assert settings() == Settings(listening=Listening(host="127.0.0.1", port=8080), redact=("pin",))


@pytest.mark.parametrize(
    ("texts", "field", "value"),
    [
        ({"listen": "[::1]:0"}, "listening", Listening(host="::1", port=0)),
        ({"upstream": "http://a:1"}, "upstream", Upstream(url="http://a:1")),
        ({"upstream_insecure": "true"}, "upstream", Upstream(verify=False)),
        ({"control": ":8474"}, "control", Controlled(address=Address("127.0.0.1", 8474))),
        (
            {"control": "0.0.0.0:1", "control_token": "hush-hush"},
            "control",
            Controlled(address=Address("0.0.0.0", 1), token="hush-hush"),
        ),
        ({"journal_size": "5"}, "journal_size", 5),
        ({"otlp": "http://a:4318"}, "otlp", "http://a:4318"),
        ({"header_bytes": "1024", "headers": "5"}, "wire", Wire(header_bytes_max=1024, headers_max=5)),
        ({"request_bytes": "5", "max_connections": "5"}, "wire", Wire(request_bytes_max=5)),
        ({"max_connections": "9000"}, "wire", Wire(connections_max=9000)),
        (
            {"header_timeout": "1s", "body_timeout": "2s", "connect_timeout": "3s", "answer_timeout": "500ms"},
            "wire",
            Wire(header_timeout_s=1, body_idle_timeout_s=2, connect_timeout_s=3, answer_timeout_s=0.5),
        ),
        ({"idle_timeout": "100s"}, "wire", Wire(idle_timeout_s=100)),
        ({"record": "a.fozzy"}, "cassette", Cassette(mode="record", path=Path("a.fozzy"))),
        (
            {"record": "a.fozzy", "record_collision": "error"},
            "cassette",
            Cassette(mode="record", path=Path("a.fozzy"), policy="error"),
        ),
        (
            {"replay": "a.fozzy", "as_recorded": "true", "replay_pace": "0.5"},
            "cassette",
            Cassette(mode="replay", path=Path("a.fozzy"), as_recorded=True, pace=0.5),
        ),
        (
            {
                "auto": "a.fozzy",
                "upstream": "http://a:1",
                "match_header": "x-id",
                "match_body": "regex",
                "match_pattern": "a+",
                "match_once": "1",
            },
            "cassette",
            Cassette(
                mode="auto",
                path=Path("a.fozzy"),
                matching=Matching(body="regex", pattern="a+", headers=["x-id"], repeats=False),
            ),
        ),
    ],
)
def test_a_flag_reaches_what_it_speaks_of(texts: dict[str, str], field: str, value: Any) -> None:
    """Field by field."""
    assert getattr(settings(**texts), field) == value


def test_a_loose_run_takes_the_first_of_several_matches() -> None:
    """`--unsafe` reaches the engine and the matching."""
    made = settings(strict=False, replay="a.fozzy")
    assert made.strict is False
    assert made.cassette is not None and made.cassette.matching.strict is False


def test_a_folder_is_a_file_for_each_test(tmp_path: Path) -> None:
    """One that is there, or a name that ends with a slash."""
    assert Cassette(mode="record", path=tmp_path).is_folder
    made = settings(record="new/").cassette
    assert made is not None and made.is_folder
    assert not Cassette(mode="record", path=tmp_path / "a.fozzy").is_folder


@pytest.mark.parametrize(
    "texts",
    [
        {"as_recorded": "true"},
        {"replay_pace": "1"},
        {"match_header": "a", "record": "a.fozzy"},
        {"match_body": "subset"},
        {"match_pattern": "a", "replay": "a.fozzy"},
        {"match_once": "true"},
        {"record_collision": "error", "replay": "a.fozzy"},
        {"record_bytes": "5"},
        {"control_token": "hush-hush"},
        {"tls_key": "a"},
    ],
)
def test_a_flag_that_would_do_nothing_is_refused(texts: dict[str, str]) -> None:
    """It says what it needs."""
    with pytest.raises(UsageError, match="needs --") as caught:
        settings(**texts)
    assert caught.value.code == "chaos.idle_flag"


@pytest.mark.parametrize("field", ["tls_cert", "upstream_ca"])
def test_a_file_that_is_not_there(field: str) -> None:
    """Before anything listens."""
    with pytest.raises(UsageError, match=f"{flag_name(field)} must be a file"):
        settings(**{field: "none.pem"})


def test_a_recording_that_is_gone_on_with_needs_an_upstream(tmp_path: Path) -> None:
    """One of a route will do."""
    with pytest.raises(UsageError, match="there is no upstream") as caught:
        settings(auto="a.fozzy")
    assert caught.value.code == "chaos.no_upstream"
    (tmp_path / "a.toml").write_text('[[routes]]\npath = "/a"\nupstream = "http://a:1"\n')
    assert settings(auto="a.fozzy", chaos=str(tmp_path / "a.toml")).cassette is not None
    assert settings(auto="a.fozzy", upstream="http://a:1").cassette is not None


def test_nobody_asks_itself() -> None:
    """The port it listens at is not its upstream's, also where nobody said which."""
    with pytest.raises(UsageError, match="where the proxy itself listens") as caught:
        settings(upstream="http://localhost:8080")
    assert caught.value.code == "chaos.own_upstream"
    assert settings(upstream="http://localhost:8080", listen=":8081").upstream.url == "http://localhost:8080"
