"""Runs many scenarios as one run: in this process or in workers, told in discovery order whatever finishes first."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fozzy import wall
from fozzy.core.events import Found, Record
from fozzy.core.outcome import Finding, Location
from fozzy.core.sources import member_seed
from fozzy.core.summary import Member
from fozzy.dsl.load import load
from fozzy.dsl.matrix import label_of
from fozzy.dsl.scenario import SEED_MAX, Expect, StepsFile, SuiteFile
from fozzy.engine.code import Allowance, allowance_of, refused, with_code
from fozzy.engine.discover import Chosen, is_trace
from fozzy.engine.place import nodes_count, place
from fozzy.engine.prepare import Options, header_of, ready, runnable_file
from fozzy.engine.record import Keeping, Recorded, end_of, ended_as_expected, run_once, unexpected_part
from fozzy.engine.replay import refused_code, replay_file, replay_member
from fozzy.engine.workers import Recipe, run_items
from fozzy.errors import Exit, FozzyError, InterruptedRun, Problem, Where
from fozzy.trace.finalize import Policy, check_target, display_name, numbered, shown_path
from fozzy.trace.format import SUFFIX
from fozzy.trace.store import Store

UNREAD = {"call_import_failed", "call_hang", "call_died"}  # the next time it may read more
EVENT_RECORDS_MAX = 100_000  # of one scenario, sent to whoever listens; the trace has all


Answers = Generator[tuple[int, bytes | None], None, None]
Answering = Callable[["Sequence[Chosen]", "Job", int], Answers]


class Selection(NamedTuple):
    """Which of the found scenarios run."""

    text: str = ""
    tags: Sequence[str] = ()
    not_tags: Sequence[str] = ()

    def takes(self, chosen: Chosen) -> bool:
        """Whether a file is wanted; kept traces have no tags."""
        file = chosen.loaded.file if chosen.loaded else None
        tags = [] if file is None or isinstance(file, SuiteFile) else file.tags
        if self.text and self.text.lower() not in f"{chosen.name} {_title(chosen)}".lower():
            return False
        return (not self.tags or any(tag in self.tags for tag in tags)) and not any(
            tag in self.not_tags for tag in tags
        )


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker must know besides the scenarios."""

    options: Options
    suite_seed: int
    run_id: str
    base_dir: str
    root: str
    record: str | None
    policy: Policy
    single: bool
    with_events: bool
    paths: list[tuple[str, str, str, dict[str, Any]]]  # path, name, shown, case


class Told(msgspec.Struct, frozen=True):
    """What a worker answers: how the member ended, its events, and which files its user code read, where that is
    watched and known."""

    member: Member
    events: list[Record] = []
    exit_status: int = 0
    read: list[str] | None = None


def refuse_code(chosen: Sequence[Chosen], options: Options, root: Path) -> list[Problem]:
    """What calls user code without permission: each is a problem with its name, none is left out in silence."""
    problems: list[Problem] = []
    for each in chosen:
        if each.loaded is None:
            problems += refused_code(each.path, _for_traces(options, root))
        else:
            problems += refused(each.loaded, allowance_of(options, root))
    return list(dict.fromkeys(problems))  # a matrix is one file


def _for_traces(options: Options, root: Path) -> Allowance:
    """For a trace the configuration does not speak."""
    return allowance_of(options, root)._replace(allowed=options.allow_code)


def run_suite(
    chosen: Sequence[Chosen],
    job: Job,
    jobs: int,
    stop: Callable[[Told], bool],
    answering: Answering | None = None,
) -> Iterator[Told]:
    """Run everything and tell it in order. `stop` may end the suite after any member; `answering` are workers that are
    there already.

    *Errors*: `StoreError` before anything runs, when a trace's name is taken and must not be.
    """
    _check_targets(chosen, job)
    early: dict[int, Told] = {}
    next_index = 0
    with closing((answering or _answers)(chosen, job, jobs)) as answers:
        for index, answer in answers:
            early[index] = _decoded(answer, index, chosen[index], job.suite_seed)
            while next_index in early:
                told = early.pop(next_index)
                next_index += 1
                yield told
                if stop(told):
                    return


def _answers(chosen: Sequence[Chosen], job: Job, jobs: int) -> Answers:
    def recipe() -> Recipe:
        return Recipe(f"{__name__}:worker", msgspec.json.encode(job))

    return run_items(range(len(chosen)), _handler(chosen, job), recipe, jobs)


def _check_targets(chosen: Sequence[Chosen], job: Job) -> None:
    if job.record is not None:
        for number, each in enumerate(chosen, 1):
            if each.loaded is not None:
                check_target(_target(number, job, Store(Path(job.base_dir))), job.policy)


def run_afresh(chosen: Chosen, number: int, job: Job) -> Told:
    """Run one scenario as its file is now. *Errors*: none; what is wrong with it is a finding."""
    if chosen.loaded is None and not is_trace(chosen.path.name):
        try:
            chosen = chosen._replace(loaded=load(chosen.path, chosen.name, chosen.shown))
        except FozzyError as error:
            return _refused(chosen, number, job, error)
    return run_member(chosen, number, job)


def worker(payload: bytes) -> Callable[[int], bytes]:
    """The handler of a spawned worker, which loads the scenarios again."""
    job = msgspec.json.decode(payload, type=Job)
    chosen = [
        Chosen(Path(path), name, shown, None if path.endswith(SUFFIX) else load(Path(path), name, shown), case)
        for path, name, shown, case in job.paths
    ]
    return _handler(chosen, job)


def _handler(chosen: Sequence[Chosen], job: Job) -> Callable[[int], bytes]:
    encode = msgspec.json.Encoder().encode

    def answer(index: int) -> bytes:
        return encode(run_member(chosen[index], index + 1, job))

    return answer


def run_member(chosen: Chosen, number: int, job: Job) -> Told:
    """Run one scenario or kept trace of a suite, in this process. What is wrong with it is a finding."""
    try:
        return _run_member(chosen, number, job)
    except InterruptedRun:
        raise
    except FozzyError as error:
        return _refused(chosen, number, job, error)
    except Exception as bug:  # a fault of ours in one scenario ends that one, in a worker as in this process
        return _refused(chosen, number, job, _bug(bug))


def _bug(bug: Exception) -> FozzyError:
    error = FozzyError(
        "fozzy.bug", f"{type(bug).__name__}: {bug}", hint="fozzy run FILE -v shows where; please report it"
    )
    error.exit_status = Exit.BUG
    return error


def _run_member(chosen: Chosen, number: int, job: Job) -> Told:
    if chosen.loaded is None:
        return _replay_member(chosen, number, job)
    file = runnable_file(chosen.loaded)
    seed = file.seed if file.seed is not None else _seed_of(chosen, job.suite_seed)
    store = Store(Path(job.base_dir))
    target = _target(number, job, store)
    asked = job.record is not None
    always = asked or job.options.watch.profile  # a profile is read together with its trace
    keep = Keeping(job.run_id, store, target, job.policy, asked, always, str(number))
    events: list[Record] = []
    sinks = [_listener(events)] if job.with_events else []
    count = 1 if isinstance(file, StepsFile) else file.distributed.seeds
    began_ns = wall.elapsed_ns()
    first = _first_execution(chosen, job, [_nth(seed, index) for index in range(count)])
    run = partial(run_once, chosen.loaded, job.options, mode="test", case=chosen.case, root=Path(job.root), sinks=sinks)
    for index in range(first, count):
        events.clear()
        kept = keep if index + 1 == count else keep._replace(asked=False, always=False)
        done = run(seed=_nth(seed, index), keep=kept)
        if done.ended.status != "pass":
            break
    if always and done.trace is None:  # it failed as it should before its last execution
        events.clear()
        done = run(seed=_nth(seed, index), keep=keep)
    done = done._replace(duration_ms=(wall.elapsed_ns() - began_ns) // 10**6)
    return Told(_member(chosen, number, done, index + 1), events, read=_read(done))


def _read(done: Recorded) -> list[str] | None:
    """The files that user code read; none where a run did not come so far that it is known."""
    titles = {finding.title for finding in done.ended.findings}
    seen = done.ended.seen
    return None if seen is None or not seen.files or UNREAD & titles else sorted(seen.files)


def _nth(seed: int, index: int) -> int:
    """The seed of one of several executions."""
    return (seed + index) % (SEED_MAX + 1)


def _first_execution(chosen: Chosen, job: Job, seeds: list[int]) -> int:
    """Which of the executions is the first worth recording: the first that fails, else the last."""
    assert chosen.loaded is not None
    if len(seeds) == 1:
        return 0
    from fozzy.engine.cluster.many import first_failing  # only clusters are executed more than once

    header, redactor = header_of(chosen.loaded, job.options, seeds[0], "test")
    run = ready(header, chosen.loaded, redactor, Path(job.root))
    run = with_code(run, chosen.loaded, allowance_of(job.options, Path(job.root)))
    failing = first_failing(run, seeds)
    return len(seeds) - 1 if failing is None else failing


def _listener(events: list[Record]) -> Callable[[Sequence[Record]], None]:
    return lambda records: events.extend(records[: max(0, EVENT_RECORDS_MAX - len(events))])


def _target(number: int, job: Job, store: Store) -> Path:
    if job.record is None:
        return store.folder(job.run_id) / f"{number}{SUFFIX}"
    return Path(job.record) if job.single else numbered(Path(job.record), number)


def _member(chosen: Chosen, number: int, done: Recorded, executions: int) -> Member:
    file, header = done.run.file, done.run.header
    passed = ended_as_expected(file, done.ended.status, done.findings)
    findings, status = done.findings, done.ended.status
    if file.expect is not None and not passed:
        findings = [*(findings if status != "pass" else []), _unexpected(done, file.expect)]
        status = "fail" if status == "pass" else status
    case = label_of(header.case)  # there it has lost its secrets
    return Member(
        number=number,
        name=f"{display_name(chosen.name)} {case}".rstrip(),
        path=chosen.shown,
        case=case,
        status=status,
        seed=header.seed,
        duration_ns=done.duration_ms * 10**6,
        steps=done.steps,
        failed_step=done.failed_step,
        passed=passed,
        trace_path=shown_path(done.trace) if done.trace else None,
        expected=file.expect.status if file.expect else None,
        findings=findings,
        calls_code=done.calls_code,
        nodes=nodes_count(file),
        executions=executions,
    )


def _unexpected(done: Recorded, expect: Expect) -> Finding:
    """Why a scenario did not end as it says, at the part of `expect` that does not hold."""
    ended = end_of(done.ended.status, done.findings)
    wanted = {part: getattr(expect, part) for part in ended if getattr(expect, part) is not None}
    part = unexpected_part(expect, ended)
    passed = ended["status"] == "pass"
    title = "unexpected_pass" if passed else "unexpected_end"
    how, label = f"ended with {_end(ended)}", f"is {ended[part] or 'nowhere'}"
    if passed:
        how = label = "passed"
    message = f"the scenario {how}, but it says it ends with {_end(wanted)}"
    details = {"comparison": "expect", "expected": wanted, "actual": ended}
    found = Found(0, "expect", "assertion", title, message, field=part, label=label, details=details)
    (finding,) = place([found], done.run.document, done.run.redactor.text(done.run.header.scenario.text), [])
    return finding


def _end(said: Mapping[str, str]) -> str:
    """An end in words: `fail "http_request" at steps[3]`."""
    title, at = said.get("title"), said.get("at")
    return said["status"] + (f' "{title}"' if title else "") + (f" at {at}" if at else "")


def _replay_member(chosen: Chosen, number: int, job: Job) -> Told:
    """A kept trace is a test: mended (FIXED) passes, still failing (SAME) fails, drift is no evidence at all."""
    allowance = _for_traces(job.options, Path(job.root))
    replayed = replay_file(chosen.path, names=job.options.settings.redact, allowance=allowance)
    member = replay_member(replayed, chosen.name, chosen.shown, number)
    return Told(member, exit_status=int(replayed.exit_status(unsafe=False)))


def _decoded(answer: bytes | None, index: int, chosen: Chosen, suite_seed: int) -> Told:
    if answer is not None:
        return msgspec.json.decode(answer, type=Told)
    message = f"the process that ran {chosen.shown} died"
    location = Location(file=chosen.shown, line=1, col=1, path="")
    finding = Finding(kind="panic", title="worker_died", message=message, location=location)
    member = msgspec.structs.replace(_unrun(chosen, index + 1, suite_seed), status="crash", findings=[finding])
    return Told(member, exit_status=4)


def _refused(chosen: Chosen, number: int, job: Job, error: FozzyError) -> Told:
    """A member that could not run: its problems are its findings."""
    findings = [_finding(chosen, problem) for problem in error.problems]
    member = msgspec.structs.replace(_unrun(chosen, number, job.suite_seed), findings=findings)
    return Told(member, exit_status=int(error.exit_status))


def _finding(chosen: Chosen, problem: Problem) -> Finding:
    where = problem.where or Where(chosen.shown)
    place = Location(file=where.file, line=where.line, col=where.col, path="", text=problem.text, length=problem.length)
    return Finding(kind="input_invalid", title=problem.code, message=problem.message, location=place)


def _seed_of(chosen: Chosen, suite_seed: int) -> int:
    """A member's seed follows from its path, and from its combination when the scenario has a matrix."""
    return member_seed(suite_seed, f"{chosen.name} {chosen.label}".rstrip())


def _unrun(chosen: Chosen, number: int, suite_seed: int) -> Member:
    file = chosen.loaded.file if chosen.loaded else None
    own = None if file is None or isinstance(file, SuiteFile) else file.seed
    return Member(
        number=number,
        name=f"{display_name(chosen.name)} {chosen.label}".rstrip(),
        path=chosen.shown,
        case=chosen.label,
        status="error",
        seed=_seed_of(chosen, suite_seed) if own is None else own,
        duration_ns=0,
        passed=False,
    )


def _title(chosen: Chosen) -> str:
    return chosen.loaded.file.name if chosen.loaded else ""
