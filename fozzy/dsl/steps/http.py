"""Steps that talk HTTP."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, NoReturn
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fozzy.core.blob import EMPTY, Blob
from fozzy.dsl.steps.answers import HEADERS, AnswerCheck, Part, check_answers, hold_to, json_body, keep
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
    told,
)
from fozzy.dsl.steps.matchers import agrees, check_matchers
from fozzy.dsl.steps.store import MISSING, same
from fozzy.world.failure import Failure, fail_with
from fozzy.world.http.base import HttpAnswer, HttpRequest
from fozzy.world.http.scripted import SWITCHING_PROTOCOLS, HttpRule
from fozzy.world.world import World

STATUS_OK = 200
REDIRECTS_MAX = 10
_NOT_FOR_OTHERS = ("authorization", "cookie", "host", "proxy-authorization")  # meant for the one that was asked first
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
        world.http_rules.add(self.rule(), self.times, world.choices.span)
        return f"{self.method} {self.path} -> {self.status}"

    def rule(self) -> HttpRule:
        """The declaration as the backends understand it."""
        asserted = self.body is not None or self.json is not UNSET
        body = self.body or ""
        content_type = ""
        if self.json is not UNSET:
            body = msgspec.json.encode(self.json).decode()
            if "content-type" not in {name.lower() for name in self.headers}:
                content_type = "application/json"
        return HttpRule(
            method=self.method,
            path=self.path,
            status=self.status,
            headers=list(self.headers.items()),
            body=Blob(text=body),
            body_asserted=asserted,
            delay_ns=ns(self.delay) if self.delay else 0,
            content_type=content_type,
        )

    def check(self) -> Iterator[Issue]:
        yield from check_method(self.method)
        yield from check_path(self.path)
        yield from check_headers("headers", self.headers)
        yield from check_at_most_one(self, "body", "json")


class RequestFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A request: its method, where it goes and what it carries."""

    method: str
    path: str
    query: dict[str, Any] = {}
    headers: Headers = {}
    body: str | None = None
    json: Any | UnsetType = UNSET
    form: dict[str, str] | None = None
    file: Name | None = None
    timeout: Duration | None = None

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
        if self.query:
            pairs = {name: value if isinstance(value, str) else as_json(value) for name, value in self.query.items()}
            url += ("&" if "?" in url else "?") + urlencode(pairs)
        content_type, body = self._body(world)
        headers = list(self.headers.items())
        if content_type and "content-type" not in {name.lower() for name in self.headers}:
            headers.append(("content-type", content_type))
        timeout_ms = max(1, ns(self.timeout) // 10**6) if self.timeout is not None else 0
        return HttpRequest(method=self.method, url=url, headers=headers, body=body, timeout_ms=timeout_ms)

    def _body(self, world: World) -> tuple[str, Blob]:
        """What is sent, and of which type it is when the form says so."""
        if self.json is not UNSET:
            return "application/json", Blob(text=as_json(self.json))
        if self.form is not None:
            return "application/x-www-form-urlencoded", Blob(text=urlencode(self.form))
        if self.file is not None:
            content = world.fs.read(self.file)
            if content.failure:
                fail_with("fs", content.failure)
            return "", content.data
        return "", EMPTY if self.body is None else Blob(text=self.body)

    def check(self) -> Iterator[Issue]:
        """What is wrong beyond the types."""
        yield from check_method(self.method)
        yield from check_path(self.path)
        yield from check_headers("headers", self.headers)
        yield from check_at_most_one(self, "body", "json", "form", "file")


class HttpRequestStep(RequestFields, Step, frozen=True, kw_only=True, tag="http_request"):
    """Sends a request and checks every expectation that is given; without one any status passes."""

    stores: ClassVar[tuple[str, ...]] = ("save_body_as", "save")
    follow_redirects: bool = False
    expect_status: Int | None = None
    expect_headers: Headers = {}
    expect_body: str | None = None
    expect_json: Any | UnsetType = UNSET
    expect: list[AnswerCheck] = []
    save_body_as: Name | None = None
    save: dict[Name, Name] = {}

    def run(self, world: World) -> str:
        request = self.request(world)
        for _ in range(REDIRECTS_MAX + 1):
            answer = world.http.send(request)
            is_real = world.setting.backends.http == "host"
            if is_real:
                meet_rules(world, request)
            if answer.failure:
                self._fail(answer.failure, request, answer)
            if is_real:
                _hold_to_rules(world, request, answer)
            further = redirected(request, answer) if self.follow_redirects else None
            if further is None:
                break
            request = further
        else:
            fail(f"{self.path} redirects more than {REDIRECTS_MAX} times", title="http_redirects", field="path")
        self._expect(answer)
        self._keep(world, answer)
        return f"{self.method} {self.path} {answer.status}"

    def _keep(self, world: World, answer: HttpAnswer) -> None:
        if self.save_body_as is not None:
            world.kv[self.save_body_as] = answer.body.shown()
        parts: dict[str, Part] = {"status": lambda: answer.status, "headers": lambda: answer.header}
        hold_to(self.expect, parts, lambda: json_body(answer.body.data()))
        keep(world, self.save, parts, lambda: json_body(answer.body.data()))

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
        if not agrees(actual, self.expect_json):
            fail(
                f"the body is {told(actual)}, wanted {told(self.expect_json)}",
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
        from fozzy.dsl.steps.examples import example_body, example_json  # only what failed needs them

        when: dict[str, Any] = {"type": "http_when", "method": request.method, "path": literal(request.url)}
        when["status"] = self._status_wanted(request)
        headers = self._headers_wanted()
        if headers:
            when["headers"] = literal(headers)
        if self.expect_body is not None:
            when["body"] = literal(self.expect_body)
            return when
        given = self.expect_json is not UNSET
        body = example_json(self.expect_json) if given else example_body(self.expect, self.save)
        if body is not MISSING:
            when["json"] = literal(body)
        return when

    def _status_wanted(self, request: HttpRequest) -> int:
        from fozzy.dsl.steps.examples import example_of

        usual = SWITCHING_PROTOCOLS if request.is_upgrade() else STATUS_OK
        if self.expect_status is not None:
            return self.expect_status
        found = example_of((each for each in self.expect if each.at == "status"), [usual, *range(200, 600)])
        return found if isinstance(found, int) else usual

    def _headers_wanted(self) -> Headers:
        from fozzy.dsl.steps.examples import TYPED, example_of

        headers = dict(self.expect_headers)
        named = {at.removeprefix(HEADERS): TYPED["string"] for at in self.save.values() if at.startswith(HEADERS)}
        for check in self.expect:
            if check.at.startswith(HEADERS):
                named[check.at.removeprefix(HEADERS)] = example_of([check])
        given = {name.lower() for name in headers}
        return headers | {
            name: value for name, value in named.items() if isinstance(value, str) and name.lower() not in given
        }

    def check(self) -> Iterator[Issue]:
        yield from super().check()
        yield from check_headers("expect_headers", self.expect_headers)
        yield from check_at_most_one(self, "expect_body", "expect_json")
        if self.expect_json is not UNSET:
            yield from check_matchers(self.expect_json, ("expect_json",))
        yield from check_answers(self.expect, self.save, ("status", "headers"))


def redirected(request: HttpRequest, answer: HttpAnswer) -> HttpRequest | None:
    """Where an answer sends us, none when it is no redirect (RFC 9110, section 15.4)."""
    target = answer.header("location")
    if answer.status not in (301, 302, 303, 307, 308) or target is None:
        return None
    try:
        url = urljoin(request.url, target)
        url = f"http:{url}" if url.startswith("//") else url  # seen from a path, which has no scheme to go on with
        elsewhere = urlsplit(url)[:2] != urlsplit(request.url)[:2]
    except ValueError as error:
        fail(f"{request.url} redirects to {told(target)}: {error}", title="http_redirects", field="path")
    headers = [pair for pair in request.headers if not (elsewhere and pair[0].lower() in _NOT_FOR_OTHERS)]
    to_get = answer.status == 303 and request.method not in ("GET", "HEAD")
    if not to_get and (answer.status not in (301, 302) or request.method != "POST"):
        return msgspec.structs.replace(request, url=url, headers=headers)
    headers = [pair for pair in headers if pair[0].lower() != "content-type"]
    return msgspec.structs.replace(request, method="GET", url=url, headers=headers, body=EMPTY)


def as_json(value: Any) -> str:
    """A value as compact JSON."""
    return msgspec.json.encode(value).decode()


def meet_rules(world: World, request: HttpRequest) -> None:
    """What was asked for real was asked, also where no answer came that an `http_when` could be held to."""
    world.http_rules.meet(lambda rule: rule.matches(request))


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
    for name, wanted in rule.headers:
        if answer.header(name) != wanted:
            _fail_header(name, wanted, answer.header(name), "")  # the step's own headers are those it sends
    if rule.body_asserted and not _same_body(rule.body, answer.body):
        _fail_body(rule.body.shown(), answer, "")


def _same_body(wanted: Blob, actual: Blob) -> bool:
    if wanted.data() == actual.data():
        return True
    try:
        return same(json_of(wanted.data()), json_of(actual.data()))
    except ValueError:
        return False


def _fail_header(name: str, wanted: str, actual: str | None, field: str) -> NoReturn:
    said = "is missing" if actual is None else f"is {told(actual)}"
    fail(f'header "{name}" {said}, wanted {told(wanted)}', field=field, label=said)


def _fail_body(wanted: str, answer: HttpAnswer, field: str) -> NoReturn:
    actual = answer.body.shown()
    fail(
        f"the body is {told(actual)}, wanted {told(wanted)}",
        field=field,
        details={"expected": wanted, "actual": actual},
    )


def _seen(answer: HttpAnswer, **more: Any) -> dict[str, Any]:
    return {"status": answer.status, "body": told(answer.body.shown()), **more}
