"""Steps that talk HTTP."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, NoReturn

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fozzy.core.blob import EMPTY, Blob
from fozzy.dsl.steps.base import (
    Duration,
    Headers,
    Int,
    Issue,
    Name,
    Step,
    check_at_most_one,
    check_headers,
    check_method,
    fail,
    json_of,
    literal,
    ns,
    show,
)
from fozzy.dsl.steps.store import same
from fozzy.world.failure import Failure, fail_with
from fozzy.world.http.base import HttpAnswer, HttpRequest
from fozzy.world.http.scripted import SWITCHING_PROTOCOLS, HttpRule
from fozzy.world.world import World

STATUS_OK = 200
Status = Annotated[int, Meta(ge=100, le=599)]


def check_path(path: str) -> Iterator[Issue]:
    """A path starts with `/`; everything else is an absolute URL."""
    if not path.startswith(("/", "http://", "https://", "ws://", "wss://", "${")):
        hint = f'write "/{path}"' if path and "://" not in path else "start with / or http://"
        yield Issue(("path",), f'"path" must be a path or an absolute URL, got "{path}"', hint)
    elif any(char in path for char in " \r\n\t\0"):
        yield Issue(("path",), '"path" must not hold white space', "write %20 for a space")


class HttpWhen(Step, frozen=True, kw_only=True, tag="http_when"):
    """Declares a scripted answer, or, with the host backend, what the real answer must be."""

    declares: ClassVar[bool] = True
    method: str
    path: str
    status: Status
    headers: Headers = {}
    body: str | None = None
    json: Any | UnsetType = UNSET
    delay: Duration | None = None
    times: Annotated[int, Meta(ge=1)] | None = None

    def run(self, world: World) -> str:
        world.http_rules.add(self.rule(), self.times)
        return f"{self.method} {self.path} -> {self.status}"

    def rule(self) -> HttpRule:
        """The declaration as the backends understand it."""
        asserted = self.body is not None or self.json is not UNSET
        body = self.body or ""
        headers = list(self.headers.items())
        if self.json is not UNSET:
            body = msgspec.json.encode(self.json).decode()
            if "content-type" not in {name.lower() for name in self.headers}:
                headers.append(("content-type", "application/json"))
        delay_ns = ns(self.delay) if self.delay else 0
        return HttpRule(self.method, self.path, self.status, headers, Blob(text=body), asserted, delay_ns)

    def check(self) -> Iterator[Issue]:
        yield from check_method(self.method)
        yield from check_path(self.path)
        yield from check_headers("headers", self.headers)
        yield from check_at_most_one(self, "body", "json")


class HttpRequestStep(Step, frozen=True, kw_only=True, tag="http_request"):
    """Sends a request and checks every expectation that is given; without one any status passes."""

    stores: ClassVar[tuple[str, ...]] = ("save_body_as",)
    method: str
    path: str
    headers: Headers = {}
    body: str | None = None
    expect_status: Int | None = None
    expect_headers: Headers = {}
    expect_body: str | None = None
    expect_json: Any | UnsetType = UNSET
    save_body_as: Name | None = None

    def run(self, world: World) -> str:
        request = self.request(world)
        answer = world.http.send(request)
        if answer.failure:
            self._fail(answer.failure, request, answer)
        if world.setting.backends.http == "host":
            _hold_to_rules(world, request, answer)
        self._expect(answer)
        if self.save_body_as is not None:
            world.kv[self.save_body_as] = answer.body.shown()
        return f"{self.method} {self.path} {answer.status}"

    def request(self, world: World) -> HttpRequest:
        """What is sent: with the host backend the path is completed by the base URL."""
        url = self.path
        if url.startswith("/") and world.setting.backends.http == "host":
            base = world.http_base_url()
            if not base:
                fail(
                    f'"{url}" is no absolute URL and no http_base_url is set',
                    title="http_no_base_url",
                    kind="input_invalid",
                    field="path",
                )
            url = base.rstrip("/") + url
        body = EMPTY if self.body is None else Blob(text=self.body)
        return HttpRequest(method=self.method, url=url, headers=list(self.headers.items()), body=body)

    def _expect(self, answer: HttpAnswer) -> None:
        if self.expect_status is not None and answer.status != self.expect_status:
            fail(
                f"{self.method} {self.path} answered {answer.status}, wanted {self.expect_status}",
                field="expect_status",
                label=f"is {answer.status}",
                details=_seen(answer, expected=self.expect_status, actual=answer.status),
            )
        for name, wanted in self.expect_headers.items():
            actual = answer.header(name)
            if actual != wanted:
                _fail_header(name, wanted, actual, "expect_headers")
        if self.expect_body is not None and answer.body.data() != self.expect_body.encode():
            _fail_body(self.expect_body, answer, "expect_body")
        if self.expect_json is not UNSET:
            self._expect_json(answer)

    def _expect_json(self, answer: HttpAnswer) -> None:
        try:
            actual = json_of(answer.body.data())
        except ValueError as error:
            fail(f"the body is not JSON: {error}", field="expect_json", details=_seen(answer))
        if not same(actual, self.expect_json):
            fail(
                f"the body is {show(actual)}, wanted {show(self.expect_json)}",
                field="expect_json",
                details={"expected": self.expect_json, "actual": actual},
            )

    def _fail(self, failure: Failure, request: HttpRequest, answer: HttpAnswer) -> NoReturn:
        details: Any = _seen(answer) if answer.status else None
        if failure.kind == "unscripted":
            details = {"paste": self._paste(request)}
        fail_with("http", failure, details)

    def _paste(self, request: HttpRequest) -> dict[str, Any]:
        """The declaration that answers this request as it is expected."""
        when: dict[str, Any] = {"type": "http_when", "method": request.method, "path": literal(request.url)}
        usual = SWITCHING_PROTOCOLS if request.is_upgrade() else STATUS_OK
        when["status"] = usual if self.expect_status is None else self.expect_status
        if self.expect_headers:
            when["headers"] = literal(self.expect_headers)
        if self.expect_body is not None:
            when["body"] = literal(self.expect_body)
        elif self.expect_json is not UNSET:
            when["json"] = literal(self.expect_json)
        return when

    def check(self) -> Iterator[Issue]:
        yield from check_method(self.method)
        yield from check_path(self.path)
        yield from check_headers("headers", self.headers)
        yield from check_headers("expect_headers", self.expect_headers)
        yield from check_at_most_one(self, "expect_body", "expect_json")


def _hold_to_rules(world: World, request: HttpRequest, answer: HttpAnswer) -> None:
    """With the host backend an `http_when` asserts what the real answer is."""
    rule = world.http_rules.take(lambda rule: rule.matches(request))
    if rule is None:
        return
    if answer.status != rule.status:
        fail(
            f"{request.method} {request.url} answered {answer.status}, http_when says {rule.status}",
            title="http_when",
            details=_seen(answer, expected=rule.status, actual=answer.status),
        )
    for name, wanted in rule.headers if rule.body_asserted or rule.headers else ():
        if answer.header(name) != wanted and name != "content-type":
            _fail_header(name, wanted, answer.header(name), "headers")
    if rule.body_asserted and not _same_body(rule.body, answer.body):
        _fail_body(rule.body.shown(), answer, "body")


def _same_body(wanted: Blob, actual: Blob) -> bool:
    if wanted.data() == actual.data():
        return True
    try:
        return same(json_of(wanted.data()), json_of(actual.data()))
    except ValueError:
        return False


def _fail_header(name: str, wanted: str, actual: str | None, field: str) -> NoReturn:
    said = "is missing" if actual is None else f"is {show(actual)}"
    fail(f'header "{name}" {said}, wanted {show(wanted)}', field=field, label=said)


def _fail_body(wanted: str, answer: HttpAnswer, field: str) -> NoReturn:
    actual = answer.body.shown()
    fail(
        f"the body is {show(actual)}, wanted {show(wanted)}",
        field=field,
        details={"expected": wanted, "actual": actual},
    )


def _seen(answer: HttpAnswer, **more: Any) -> dict[str, Any]:
    return {"status": answer.status, "body": show(answer.body.shown()), **more}
