"""From a valid scenario and what was asked for to a run that is ready.

Everything a run depends on goes into the trace's header first and is taken from there, so that a recorded run and its
replay are made by the same function from the same value.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from fozzy import wall
from fozzy.config import Settings
from fozzy.core.backends import Backends
from fozzy.core.choice import Choices, Source
from fozzy.core.clock import Clock
from fozzy.core.duration import parse_ns
from fozzy.core.limits import Limits
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.summary import Mode
from fozzy.dsl.document import Document, Loaded
from fozzy.dsl.scenario import Runnable, StepsFile, SuiteFile
from fozzy.dsl.steps.base import Step, bodies_of
from fozzy.dsl.steps.http import HttpRequestStep
from fozzy.dsl.steps.http_burst import HttpBurstStep
from fozzy.engine.bind import Plan, base_url, bind
from fozzy.engine.run import Ended, execute, perform
from fozzy.errors import InputError, Problem, UsageError, Where
from fozzy.trace.format import FORMAT, VERSION, EmbeddedScenario, Header
from fozzy.world.world import Setting

if TYPE_CHECKING:
    from fozzy.engine.cluster.run import ClusterPlan


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What is watched of a run besides what its trace holds; side files have it."""

    profile: bool = False
    memory: bool = False  # allocations of user code too
    coverage: bool = False
    files: bool = False  # which files user code reads; nothing of it is kept


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a command asks of a run; none means: as the scenario or the config says."""

    det: bool | None = None
    proc: Literal["scripted", "host"] | None = None
    fs: Literal["virtual", "host"] | None = None
    http: Literal["scripted", "host"] | None = None
    timeout_ns: int | None = None
    leak_bytes_max: int | None = None
    strict: bool = True
    allow_code: bool = False  # user code may run, whatever the config says
    settings: Settings = Settings()
    watch: Watch = Watch()


class Ready(NamedTuple):
    """A run that is ready: execute it with any source, any number of times."""

    header: Header
    document: Document
    file: Runnable
    plan: "Plan | ClusterPlan"
    setting: Setting
    redactor: Redactor


def header_of(
    loaded: Loaded, options: Options, seed: int, mode: Mode, case: Mapping[str, Any] | None = None
) -> tuple[Header, Redactor]:
    """Decide everything a run depends on; `case` are its values of the scenario's matrix.

    *Errors*: `InputError` when the scenario cannot run like this.
    """
    file = runnable_file(loaded)
    settings = options.settings
    redactor = Redactor(settings.redact)
    learn_from(redactor, loaded)
    redactor.learn(settings.http_base_url)
    header = Header(
        format=FORMAT,
        version=VERSION,
        mode=mode,
        seed=seed,
        det=not isinstance(file, StepsFile) or (settings.det if options.det is None else options.det),
        backends=_backends(file, options),
        scenario=embed(loaded, redactor),
        timeout_ns=options.timeout_ns if options.timeout_ns is not None else _timeout_of(file),
        limits=_limits(file, settings.limits),
        http_base_url=redactor.clean(settings.http_base_url),
        leak_bytes_max=_leak_bytes_max(file, options),
        strict=options.strict,
        case=redactor.clean(dict(case or {})),
    )
    _check_base_url(loaded, header)
    return header, redactor


def learn_from(redactor: Redactor, loaded: Loaded) -> None:
    """Learn the secrets of a scenario and of all it includes, before anything of it is written."""
    file = runnable_file(loaded)
    for part in (file.setup, file.steps, file.teardown) if isinstance(file, StepsFile) else ():
        redactor.spare(_saved_paths(part or []))
    redactor.learn(msgspec.to_builtins(file))
    for included in loaded.included.values():
        learn_from(redactor, included)


def _saved_paths(steps: Sequence[Any]) -> Iterator[str]:
    """Where in their answers steps find what they keep, as `$.token`: no secret, whatever it is kept as."""
    for step in steps:
        yield from getattr(step, "save", {}).values()
        for body in bodies_of(step).values():
            yield from _saved_paths(body)


def embed(loaded: Loaded, redactor: Redactor, file: str = "") -> EmbeddedScenario:
    """A scenario and those it includes as a trace carries them, without their secrets."""
    document = loaded.document
    text = redactor.source(document.text, document.form)
    return EmbeddedScenario(
        path=document.name,
        digest=document.digest,
        form=document.form,
        text=text,
        redacted=text != document.text,
        file=file,
        included=[embed(each, redactor, name) for name, each in loaded.included.items()],
    )


def ready(
    header: Header,
    loaded: Loaded,
    redactor: Redactor,
    root: Path = Path(),
    case: Mapping[str, Any] | None = None,
) -> Ready:
    """Bind a scenario to a header. The header's own scenario is used only by who loaded it from there, and so is its
    `case`, which has lost its secrets."""
    file = runnable_file(loaded)
    variables = file.vars if isinstance(file, StepsFile) else {}
    setting = Setting(
        seed=header.seed,
        det=header.det,
        backends=header.backends,
        limits=header.limits,
        root=root,
        leak_bytes_max=header.leak_bytes_max,
        strict=header.strict,
        variables={**variables, **(header.case if case is None else case)},
        env_names=frozenset(env_names(loaded)),
    )
    return Ready(header, loaded.document, file, _plan(loaded, file, redactor, header), setting, redactor)


def _plan(loaded: Loaded, file: Runnable, redactor: Redactor, header: Header) -> "Plan | ClusterPlan":
    if isinstance(file, StepsFile):
        return bind(loaded, file, redactor, perform, header.http_base_url)
    from fozzy.engine.cluster.execute import bind_cluster  # only clusters need the simulator

    plan = bind_cluster(file, redactor, header.timeout_ns)
    return plan._replace(is_strict=header.strict and header.mode != "explore")  # which says what it did not cover


def env_names(loaded: Loaded) -> Iterator[str]:
    """What a scenario and the files it includes say they read of the environment."""
    if isinstance(loaded.file, StepsFile):
        yield from loaded.file.env
    for included in loaded.included.values():
        yield from env_names(included)


def for_host(run: Ready, settings: Settings) -> Ready:
    """A run that asks the host: with what only asking needs, and a trace therefore does not hold."""
    setting = msgspec.structs.replace(run.setting, proc_env=frozenset(settings.proc_env))
    if not isinstance(run.file, StepsFile) or not isinstance(run.plan, Plan):
        return run._replace(setting=setting)
    url = base_url(run.file.http_base_url or settings.http_base_url)  # the header's has lost its password
    return run._replace(setting=setting, plan=run.plan._replace(base_url=url))


def start(
    run: Ready,
    source: Source,
    log: Log,
    wait: Callable[[int], None] | None = None,
    ended: Ended | None = None,
) -> Ended:
    """Execute a run once. `wait` spends sleeps when the run is not deterministic; `ended` is as for `execute`."""
    if not isinstance(run.plan, Plan):
        from fozzy.engine.cluster.start import start_cluster

        return start_cluster(run, source, log, ended)
    clock = Clock()
    if wait is not None and not run.header.det:

        def spend(duration_ns: int) -> None:
            log.flush()  # what was said before a real wait is seen before it
            wait(duration_ns)

        clock = Clock(spend)
    choices = Choices(source, clock, log, run.redactor, run.setting.limits.call_ms_max * 10**6)
    return execute(run.plan, run.setting, choices, run.header.timeout_ns, ended)


def steps_file(loaded: Loaded) -> StepsFile:
    """The steps of a scenario. *Errors*: `UsageError` when it is a file of another form."""
    file = runnable_file(loaded)
    if not isinstance(file, StepsFile):
        shown = loaded.document.shown
        message = f"{shown} is a distributed scenario; here only a scenario of steps will do"
        hint = f"fozzy explore {shown}   runs it again and again, each time differently"
        raise UsageError("scenario.distributed", message, hint=hint, where=Where(shown))
    return file


def runnable_file(loaded: Loaded) -> Runnable:
    """A scenario that can be run. *Errors*: `UsageError` when it is a suite."""
    file = loaded.file
    if isinstance(file, SuiteFile):
        shown = loaded.document.shown
        raise UsageError("scenario.suite", f"{shown} is a suite", hint=f"fozzy test {shown}", where=Where(shown))
    return file


def run_seed(file: Runnable, asked: int | None) -> int:
    """The seed of a run: the one that was asked for, else the scenario's own, else a fresh one."""
    if asked is not None:
        return asked
    return wall.fresh_seed() if file.seed is None else file.seed


def _backends(file: Runnable, options: Options) -> Backends:
    """Flag, then scenario, then environment or config. A cluster has a world of its own."""
    if not isinstance(file, StepsFile):
        return Backends()
    own, settings = file.backends, options.settings
    return Backends(
        proc=options.proc or own.proc or settings.proc_backend,
        fs=options.fs or own.fs or settings.fs_backend,
        http=options.http or own.http or settings.http_backend,
    )


def _timeout_of(file: Runnable) -> int | None:
    if not isinstance(file, StepsFile):
        return None  # there it is the duration
    return parse_ns(file.timeout) if file.timeout is not None else None


def _leak_bytes_max(file: Runnable, options: Options) -> int | None:
    """Flag, then config. A cluster has no modelled heap."""
    if options.leak_bytes_max is not None or not isinstance(file, StepsFile):
        return options.leak_bytes_max
    return options.settings.memory.leak_bytes_max


def _limits(file: Runnable, configured: Limits) -> Limits:
    own = {name: value for name, value in msgspec.structs.asdict(file.limits).items() if value is not None}
    return msgspec.structs.replace(configured, **own)


def _check_base_url(loaded: Loaded, header: Header) -> None:
    """A path cannot be sent to a real host; where that is known before the run, it is a problem of the file."""
    if header.backends.http != "host" or steps_file(loaded).http_base_url or header.http_base_url:
        return
    problems = list(dict.fromkeys(_without_base_url(loaded)))
    if problems:
        raise InputError.of(problems)


def _without_base_url(loaded: Loaded) -> Iterator[Problem]:
    from fozzy.dsl.locate import locate  # only a problem needs places

    file, document = loaded.file, loaded.document
    parts = [] if not isinstance(file, StepsFile) else [("setup", file.setup), ("steps", file.steps)]
    parts += [("teardown", file.teardown)] if isinstance(file, StepsFile) else []
    paths = [path for part, steps in parts for path in _request_paths(steps or [], (part,))]
    places = locate(document.text, document.form) if paths else None
    for path in paths:
        assert places is not None
        yield _needs_base_url(document, *places.find(path))
    for included in loaded.included.values():
        yield from _without_base_url(included)


def _request_paths(steps: Sequence[Step], path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    for index, step in enumerate(steps):
        if isinstance(step, HttpRequestStep) and step.path.startswith("/"):
            yield (*path, index, "path")
        if isinstance(step, HttpBurstStep) and step.request.path.startswith("/"):
            yield (*path, index, "request", "path")
        for words, inside in bodies_of(step).items():
            yield from _request_paths(inside, (*path, index, *words.split(".", 1)))


def _needs_base_url(document: Document, line: int, col: int, length: int) -> Problem:
    from fozzy.dsl.locate import line_at

    return Problem(
        code="scenario.no_base_url",
        message="a path cannot be sent to a real host: no http_base_url is set",
        where=Where(document.shown, line, col),
        hint="set http_base_url in the scenario or in fozzy.toml, or write an absolute URL",
        length=length,
        text=line_at(document.text, line),
    )
