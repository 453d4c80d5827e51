from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fozzy import api
from fozzy.engine import record
from fozzy.trace.verify import verify

TOKEN = "tok-91c2f7aa55"
COOKIE = "cook-55aa66bb"
PASSWORD = "pw-778899-x"
API_KEY = "key-123abc456"
FROM_ENV = "env-fedcba98"
SECRETS = (TOKEN, COOKIE, PASSWORD, API_KEY, FROM_ENV)
PASS = [{"type": "rand_u64"}]
FAIL = [{"type": "rand_u64"}, {"type": "fail", "message": "no"}]


class Service(BaseHTTPRequestHandler):
    """Gives a token for a login, and says back everything it is told."""

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def do_POST(self) -> None:
        """A token in JSON and a cookie."""
        said = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        body = json.dumps({"user": "ada", "accessToken": TOKEN, "echo": {"form": said}})
        self._answer(200, body, {"content-type": "application/json", "Set-Cookie": f"sid={COOKIE}; Path=/; HttpOnly"})

    def do_GET(self) -> None:
        """Everything that was sent, in a text and in a header."""
        said = " ".join(f"{name}={value}" for name, value in self.headers.items() if name.lower() != "host")
        self._answer(418, f"{self.path} {said}", {"X-Echo": str(self.headers.get("authorization"))})

    def _answer(self, status: int, body: str, headers: dict[str, str]) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def service() -> Iterator[str]:
    """The URL of a real service."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def leaks(*texts: str, ours: tuple[str, ...] = ()) -> list[str]:
    """Which secrets stand in which file below here, scenarios aside, or in these texts."""
    found = [f"{secret} in text {number}" for number, text in enumerate(texts) for secret in SECRETS if secret in text]
    for path in sorted(Path().rglob("*")):
        if path.is_file() and not path.name.endswith((".fozzy.json", ".fozzy.toml", *ours)):
            data = path.read_bytes()
            found += [f"{secret} in {path}" for secret in SECRETS if secret.encode() in data]
    return found


LOGIN_JSON: dict[str, Any] = {
    "version": 1,
    "name": "login",
    "backends": {"http": "host"},
    "env": ["SERVICE_TOKEN"],
    "vars": {"db_password": PASSWORD},
    "steps": [
        {"type": "trace_event", "name": "start", "fields": {"note": f"with {PASSWORD}", "x": [["X-Api-Key", API_KEY]]}},
        {
            "type": "http_request",
            "method": "POST",
            "path": "/login",
            "headers": {"X-Api-Key": API_KEY},
            "body": f"user=ada&password={PASSWORD}",
            "expect_status": 200,
            "save_body_as": "login",
        },
        {"type": "trace_event", "name": "body", "fields": {"is": "${login}", "env": "${env.SERVICE_TOKEN}"}},
        {
            "type": "http_request",
            "method": "GET",
            "path": f"/me?q={API_KEY}",
            "headers": {"Authorization": f"Bearer {TOKEN}", "Cookie": f"sid={COOKIE}", "X-Env": "${env.SERVICE_TOKEN}"},
            "expect_status": 418,
            "save_body_as": "me",
        },
        {"type": "set_kv", "key": "session_token", "value": "${me}"},
        {"type": "assert_eq_str", "a": "${me}", "b": f"{TOKEN} {COOKIE} {PASSWORD} {API_KEY}", "msg": "${me}"},
    ],
}

LOGIN_TOML = f"""
version = 1
name = "login"
backends = {{ http = "host" }}
env = ["SERVICE_TOKEN"]
vars = {{ db_password = "{PASSWORD}" }}

[[steps]]
type = "trace_event"
name = "start"
fields = {{ note = 'with {PASSWORD}', x = [["X-Api-Key", "{API_KEY}"]] }}

[[steps]]
type = "http_request"
method = "POST"
path = "/login"
headers = {{ "X-Api-Key" = "{API_KEY}" }}
body = '''user=ada&password={PASSWORD}'''
save_body_as = "login"

[[steps]]
type = "trace_event"
name = "body"
fields = {{ is = "${{login}}", env = "${{env.SERVICE_TOKEN}}" }}

[[steps]]
type = "http_request"
method = "GET"
path = "/me?q={API_KEY}"
headers = {{ Authorization = "Bearer {TOKEN}", Cookie = "sid={COOKIE}" }}
save_body_as = "me"

[[steps]]
type = "assert_eq_str"
a = "${{me}}"
b = "{TOKEN} {COOKIE}"
"""


@pytest.fixture
def login(service: str, project: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A scenario full of secrets, some of its own, some learned from the service and from the environment."""
    monkeypatch.setenv("SERVICE_TOKEN", FROM_ENV)
    Path("fozzy.toml").write_text(f'det = true\nhttp_base_url = "{service}"\n')
    if request.param == "json":
        Path("login.fozzy.json").write_text(json.dumps(LOGIN_JSON, indent=1))
        return "login.fozzy.json"
    Path("login.fozzy.toml").write_text(LOGIN_TOML)
    return "login.fozzy.toml"


@pytest.mark.parametrize("login", ["json", "toml"], indirect=True)
def test_no_secret_reaches_any_output(fz: Any, login: str) -> None:
    """Not a byte of a trace, a summary, a report or a screen holds one, in every format, and the trace is whole."""
    said = []
    for reporter in ("pretty", "json", "junit", "github", "junit=j.xml", "github=g.txt", "pretty=p.txt", "json=s.json"):
        done = fz("run", login, "--record", "run.fozzy", "--reporter", reporter)
        assert done.code == 1, done
        said += [done.out, done.err]
        done = fz("test", login, "--record", "test.fozzy", "--reporter", reporter)
        assert done.code == 1, done
        said += [done.out, done.err]
    for words in (["-vv"], ["--events"]):
        done = fz("run", login, *words)
        said += [done.out, done.err]
    for name in ("run.fozzy", "test.fozzy"):
        for words in (
            ["replay", name, "-vv"],
            ["replay", name, "--json"],
            ["trace", "show", name],
            ["trace", "verify", name],
        ):
            done = fz(*words)
            said += [done.out, done.err]
    assert any("<redacted>" in text for text in said)
    assert leaks(*said) == []
    assert Path("run.7.fozzy").is_file()


@pytest.mark.parametrize("login", ["json", "toml"], indirect=True)
def test_a_run_with_secrets_verifies_and_replays_the_same(fz: Any, login: str) -> None:
    """What was replaced is replaced alike on replay, without the service and the environment."""
    assert fz("run", login, "--record", "t.fozzy").code == 1
    assert verify(Path("t.fozzy")).trusted
    done = fz("replay", "t.fozzy", "--json")
    assert (done.code, done.document()["replay"]["verdict"]) == (1, "SAME")
    original = json.loads(Path("t.fozzy").read_bytes().splitlines()[-1])["summary"]
    assert done.document()["findings"] == original["findings"]
    again = fz("replay", "t.fozzy", "--scenario", login, "--json")
    assert (again.code, again.document()["replay"]["verdict"]) == (1, "SAME"), again


def late(service: str, last: bool) -> dict[str, Any]:
    """A token stands under an innocent name in the text, an event and a finding; only the service says what it is."""
    login = {"type": "http_request", "method": "POST", "path": f"{service}/login"}
    early = [
        {
            "type": "trace_event",
            "name": f"saw {TOKEN}",
            "fields": {TOKEN: [f"<{TOKEN}>"], "json": json.dumps({"a": TOKEN})},
        },
        {"type": "set_kv", "key": "note", "value": f"a {TOKEN} b"},
    ]
    check = {"type": "assert_eq_str", "a": "${note}", "b": f"{TOKEN}", "msg": f"no {TOKEN}"}
    if last:
        return {"steps": [*early, check], "teardown": [login]}
    return {"steps": [*early, login, check]}


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("command", ["run", "test"])
def test_a_late_secret_is_gone_from_everything_that_is_kept(
    fz: Any, scenario: Any, service: str, command: str, last: bool
) -> None:
    """Written before anybody knew, even in the finding itself: replaced before sealing, in reports too, and SAME."""
    parts = late(service, last)
    path = scenario("late", parts.pop("steps"), backends={"http": "host"}, **parts)
    done = fz(command, str(path), "--det", "--record", "t.fozzy", "--reporter", "junit=j.xml", "--json")
    assert done.code == 1
    assert leaks(done.out) == []
    found = verify(Path("t.fozzy"))
    assert found.trusted, found.checks
    replayed = fz("replay", "t.fozzy", "--json")
    assert (replayed.code, replayed.document()["replay"]["verdict"]) == (1, "SAME"), replayed
    assert replayed.document()["findings"] == done.document()["findings"]


def test_a_late_secret_in_a_long_run_is_found_in_every_block(fz: Any, scenario: Any, service: str) -> None:
    """Also thousands of records back, which were written to disk long before."""
    many = [{"type": "trace_event", "name": "e", "fields": {"n": TOKEN if n % 500 == 0 else n}} for n in range(3000)]
    login = {"type": "http_request", "method": "POST", "path": f"{service}/login"}
    scenario("long", [*many, login], backends={"http": "host"})
    assert fz("run", "long.fozzy.json", "--det", "--record", "t.fozzy", "--quiet").code == 0
    assert leaks() == []
    assert sorted(path.name for path in Path().iterdir()) == [".fozzy", "long.fozzy.json", "t.fozzy"]
    found = verify(Path("t.fozzy"))
    assert (found.trusted, found.records) == (True, 6002)
    assert fz("replay", "t.fozzy", "--quiet").code == 0


def test_environment_values_of_listed_names_are_secrets(
    fz: Any, scenario: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable whose name is secret, by itself or by the config's `redact`, never shows; another one does."""
    Path("fozzy.toml").write_text('det = true\nredact = ["pin_code"]\n')
    for name, value in {"DB_PASSWORD": PASSWORD, "PIN_CODE": API_KEY, "HOME_TOWN": "anywhere-else"}.items():
        monkeypatch.setenv(name, value)
    fields = {"a": "${env.DB_PASSWORD}", "b": "${env.PIN_CODE}", "c": "${env.HOME_TOWN}"}
    scenario(
        "env", [{"type": "trace_event", "name": "e", "fields": fields}], env=["DB_PASSWORD", "PIN_CODE", "HOME_TOWN"]
    )
    done = fz("run", "env.fozzy.json", "--record", "t.fozzy", "--events")
    assert done.code == 0
    assert leaks(done.out) == []
    assert b"anywhere-else" in Path("t.fozzy").read_bytes()
    for name in ("DB_PASSWORD", "PIN_CODE", "HOME_TOWN"):
        monkeypatch.delenv(name)
    assert fz("replay", "t.fozzy").code == 0


@pytest.mark.parametrize("word", ["password", "secret", "Authorization"])
def test_a_value_that_is_a_secret_name_breaks_no_replay(fz: Any, scenario: Any, word: str) -> None:
    """The password "password" must not take every key of that name with it."""
    steps = [
        {"type": "set_kv", "key": word, "value": word},
        {"type": "assert_eq_str", "a": "${" + word + "}", "b": "${" + word + "}"},
        {"type": "http_when", "method": "GET", "path": "/", "status": 200},
        {"type": "http_request", "method": "GET", "path": "/", "headers": {"authorization": word}},
    ]
    scenario("p", steps, vars={"my_" + word.lower(): word})
    assert fz("run", "p.fozzy.json", "--det", "--record", "t.fozzy").code == 0
    done = fz("replay", "t.fozzy")
    assert done.code == 0, done


@pytest.mark.parametrize(
    "length",
    [20, 60, *(pytest.param(length) for length in (150, 180, 400))],
)
def test_a_secret_at_the_end_of_what_is_shown_neither_leaks_nor_drifts(fz: Any, scenario: Any, length: int) -> None:
    """A long body is cut in a message: no part of a secret may be left at the cut, and a replay says the same."""
    body = "x" * length + json.dumps({"token": TOKEN * 6})
    steps = [
        {"type": "http_when", "method": "GET", "path": "/", "status": 200, "body": body},
        {"type": "http_request", "method": "GET", "path": "/", "expect_body": "no"},
    ]
    scenario("cut", steps)
    done = fz("run", "cut.fozzy.json", "--det", "--record", "t.fozzy")
    assert done.code == 1
    assert TOKEN[:8] not in done.out
    assert TOKEN[:8].encode() not in Path("t.fozzy").read_bytes()
    assert fz("replay", "t.fozzy", "--json").document()["replay"]["verdict"] == "SAME"


def test_a_run_keeps_its_trace_in_the_store_and_under_its_name(fz: Any, scenario: Any) -> None:
    """The store has the same bytes; the summary beside it is the one that was printed."""
    scenario("a", FAIL)
    done = fz("run", "a.fozzy.json", "--det", "--record", "t.fozzy", "--json")
    folder = Path(done.document()["identity"]["artifactsDir"])
    assert folder.is_dir()
    assert (folder / "trace.fozzy").read_bytes() == Path("t.fozzy").read_bytes()
    assert json.loads((folder / "summary.json").read_bytes()) == done.document()
    embedded = json.loads(Path("t.fozzy").read_bytes().splitlines()[-1])["summary"]
    assert embedded == done.document()


def test_a_copy_serves_where_the_store_lies_elsewhere(fz: Any, scenario: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the store cannot link the trace it copies it."""
    scenario("a", FAIL)

    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    done = fz("run", "a.fozzy.json", "--det", "--record", "t.fozzy", "--json")
    folder = Path(done.document()["identity"]["artifactsDir"])
    assert (folder / "trace.fozzy").read_bytes() == Path("t.fozzy").read_bytes()
    assert fz("replay", "@latest").code == 1


def test_run_always_keeps_its_trace_and_test_the_failing_ones(fz: Any, scenario: Any) -> None:
    """A passing member of a suite leaves nothing behind; one that fails as it says it does passes."""
    scenario("s/a", PASS)
    scenario("s/b", FAIL)
    scenario("s/c", FAIL, expect={"status": "fail", "title": "fail"})
    scenario("s/d", PASS, expect={"status": "fail"})
    suite = fz("test", "s", "--det", "--json").document()
    folder = Path(suite["identity"]["artifactsDir"])
    assert sorted(path.name for path in folder.iterdir()) == ["2.fozzy", "4.fozzy", "summary.json"]
    assert [member.get("tracePath") is not None for member in suite["scenarios"]] == [False, True, False, True]
    single = fz("run", "s/a.fozzy.json", "--det", "--json").document()
    assert Path(single["identity"]["tracePath"]).is_file()


def test_the_library_records_only_where_it_is_asked_to(scenario: Any) -> None:
    """`api.run` without `record` leaves no file; with it, the summary names the file that was written."""
    path = scenario("a", FAIL)
    silent = api.run(path, seed=1)
    assert (silent.status, silent.trace, silent.summary.identity.trace_path) == ("fail", None, None)
    assert sorted(entry.name for entry in Path().iterdir()) == ["a.fozzy.json"]
    for name in ("t.fozzy", "t.1.fozzy"):
        done = api.run(path, seed=1, record="t.fozzy")
        assert done.trace == Path(name)
        assert done.summary.identity.trace_path == name
        assert api.verify(name).trusted
    assert sorted(entry.name for entry in Path().iterdir()) == ["a.fozzy.json", "t.1.fozzy", "t.fozzy"]


def test_a_bug_in_the_middle_leaves_the_partial_for_recover(
    fz: Any, scenario: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should fozzy itself break, what was recorded until then is still there."""
    scenario("a", [{"type": "rand_u64"}, {"type": "set_kv", "key": "a", "value": 1}])

    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("fozzy.dsl.steps.store.SetKv.run", broken)
    done = fz("run", "a.fozzy.json", "--det", "--record", "t.fozzy")
    assert done.code == 70
    assert not Path("t.fozzy").exists()
    (partial,) = Path().glob("*.partial")
    recovered = fz("trace", "recover", str(partial), "--json")
    assert (recovered.code, recovered.document()["records"]) == (0, 3)


def test_ctrl_c_while_a_trace_is_sealed_leaves_it_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is heard afterwards; half a trace is nobody's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.fozzy.json").write_text(
        json.dumps({"version": 1, "name": "a", "steps": [{"type": "trace_event", "name": "x"}]})
    )
    seal = record.finalize

    def slow(*words: Any, **more: Any) -> Path:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        return seal(*words, **more)

    monkeypatch.setattr(record, "finalize", slow)
    with pytest.raises(KeyboardInterrupt):
        api.run("a.fozzy.json", det=True, record="t.fozzy")
    assert verify(tmp_path / "t.fozzy").trusted
    assert not list(tmp_path.rglob("*.partial*"))
