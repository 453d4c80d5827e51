"""Real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.core.blob import Blob
from fozzy.core.limits import Limits
from fozzy.world.proc.base import AwaitReady, Exited, Probe, Spawn, Start, Started, Stop
from fozzy.world.proc.host import HostProc
from tests.leftovers import children

pytestmark = pytest.mark.usefixtures("bounded")
ROOT = Path(__file__).parents[3]
HASTY_MS = 1500  # time enough to begin and say something, on a busy machine
STUBBORN = "trap '' TERM; while :; do sleep 0.05; done"


@pytest.fixture
def proc(twice: Callable[..., Any], limits: Limits) -> Any:
    return twice(lambda choices, loop, root: HostProc(choices, loop, limits, root))


@pytest.fixture
def hasty(twice: Callable[..., Any], limits: Limits) -> Any:
    """Processes with a second and a half for a call."""
    return twice(lambda choices, loop, root: HostProc(choices, loop, limits, root), call_ms=HASTY_MS)


def without_peak(ended: Exited) -> Exited:
    """An end without what differs between two runs of the same program."""
    return msgspec.structs.replace(ended, peak_bytes=0)


def sh(script: str) -> Spawn:
    return Spawn(cmd="sh", args=["-c", script])


def service(script: str, **more: Any) -> Start:
    return Start(name="svc", cmd="sh", args=["-c", script], **more)


def ready(within_ms: int = 5000, **probe: str) -> AwaitReady:
    return AwaitReady(name="svc", probe=Probe(**probe), within_ms=within_ms)


def python(code: str) -> list[str]:
    return ["-c", textwrap.dedent(code)]


def pids(path: Path) -> list[int]:
    return [int(word) for word in path.read_text().split()]


def test_a_program_runs_to_its_end(proc: Any) -> None:
    """Exit code, stdout and stderr are what the program made of them, and each call is one ask."""
    assert without_peak(proc.spawn(sh("echo out; echo err >&2; exit 3"))) == Exited(
        exit_code=3, stdout=Blob(text="out\n"), stderr=Blob(text="err\n")
    )
    assert [ask.label for ask in proc.asks()] == ["proc.spawn"]


def test_bytes_that_are_no_text_survive(proc: Any) -> None:
    """Output is bytes."""
    assert proc.spawn(sh(r"printf '\377\000'")).stdout.data() == b"\xff\x00"


def test_a_program_has_no_input_and_its_own_session(proc: Any, tmp_path: Path) -> None:
    """Stdin is at its end, the process leads its own session, and it runs in the run's root."""
    code = "import os, sys; print(sys.stdin.read() == '', os.getsid(0) == os.getpid(), os.getcwd())"
    answer = proc.spawn(Spawn(cmd=sys.executable, args=["-c", code]))
    assert answer.stdout.text == f"True True {tmp_path.resolve()}\n"


def test_an_end_by_a_signal_is_told(proc: Any) -> None:
    """A program ended by a signal has a signal and no exit code."""
    answer = proc.spawn(sh("echo before; kill -SEGV $$"))
    assert (answer.exit_code, answer.signal, answer.stdout.text) == (None, signal.SIGSEGV, "before\n")


def test_what_cannot_run_is_told(proc: Any, tmp_path: Path) -> None:
    """A missing program, one we may not run, one that is none and an impossible argument: each failure names it."""
    (tmp_path / "plain").write_text("x")
    (tmp_path / "broken").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "broken").chmod(0o755)
    for cmd, kind in (("no-such-program", "not_found"), ("./plain", "denied"), ("./broken", "io"), ("", "not_found")):
        failure = proc.spawn(Spawn(cmd=cmd)).failure
        assert repr(cmd) in failure.message
        assert failure.kind == kind or cmd == ""
    assert proc.spawn(Spawn(cmd="echo", args=["a\0b"])).failure.kind == "io"
    assert proc.start(Start(name="svc", cmd="no-such-program")).failure.kind == "not_found"


@pytest.mark.parametrize(("stream", "redirect"), [("stdout", ""), ("stderr", ">&2")])
def test_output_is_bounded(proc: Any, gone: Callable[[int], bool], tmp_path: Path, stream: str, redirect: str) -> None:
    """At the limit the first bytes are kept, the group is killed, and the failure names stream and limit."""
    answer = proc.spawn(sh(f"echo $$ > pid; (yes {redirect}) & yes {redirect}"))
    assert answer.failure.kind == "limit"
    assert stream in answer.failure.message and "output_bytes_max, 1000 bytes" in answer.failure.message
    assert getattr(answer, stream).text == "y\n" * 500
    assert (answer.exit_code, answer.signal) == (None, None)
    assert gone(pids(tmp_path / "pid")[0])


def test_output_up_to_the_limit_is_whole(proc: Any) -> None:
    """Exactly as much as the limit is no failure."""
    answer = proc.spawn(sh("yes | head -c 1000"))
    assert answer.failure is None and len(answer.stdout.text) == 1000


def test_a_hung_process_is_ended(hasty: Any, gone: Callable[[int], bool], tmp_path: Path) -> None:
    """A process that does not end is a timeout that keeps the output so far; nothing of it lives on."""
    answer = hasty.spawn(sh("echo $$ > pid; echo so far; exec sleep 60"))
    assert answer.failure.kind == "timeout" and "'sh'" in answer.failure.message
    assert answer.stdout.text == "so far\n"
    assert gone(pids(tmp_path / "pid")[0])


def test_a_stubborn_family_is_killed(hasty: Any, gone: Callable[[int], bool], tmp_path: Path) -> None:
    """Parent, child and grandchild that ignore SIGTERM are gone after the grace."""
    hasty.spawn(
        sh(f"trap '' TERM; sh -c 'sh -c \"echo \\$\\$ >> pid; {STUBBORN}\" & echo $$ >> pid; wait; wait' & {STUBBORN}")
    )
    found = pids(tmp_path / "pid")
    assert len(found) == 2 and all(gone(pid) for pid in found)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only found by walking /proc")
@pytest.mark.parametrize("leaver", ["living parent", "parent gone, pipe held"])
def test_those_who_left_the_group_are_killed(
    hasty: Any, gone: Callable[[int], bool], tmp_path: Path, leaver: str
) -> None:
    """A grandchild with its own session that ignores SIGTERM goes down with the call that made it."""
    code = python(f"""
        import os, signal, sys, time
        if {leaver == "living parent"} or os.fork() == 0:
            if os.fork() == 0:
                os.setsid()
                if not {leaver == "living parent"} and os.fork():
                    os._exit(0)
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                open("pid", "w").write(str(os.getpid()))
                time.sleep(60)
        time.sleep(60)
    """)
    answer = hasty.spawn(Spawn(cmd=sys.executable, args=code))
    assert answer.failure.kind == "timeout"
    assert gone(pids(tmp_path / "pid")[0])


def test_a_grandchild_does_not_hold_up_an_end(proc: Any, gone: Callable[[int], bool], tmp_path: Path) -> None:
    """A spawn ends shortly after its first process, and what is left of its group is killed."""
    answer = proc.spawn(sh("sleep 60 & echo $! > pid; echo done"))
    assert without_peak(answer) == Exited(exit_code=0, stdout=Blob(text="done\n"))
    assert gone(pids(tmp_path / "pid")[0])


def test_quiet_leftovers_are_killed_too(proc: Any, gone: Callable[[int], bool], tmp_path: Path) -> None:
    """A leftover of the group that closed its output is killed as well."""
    proc.spawn(sh("sleep 60 >/dev/null 2>&1 & echo $! > pid"))
    assert gone(pids(tmp_path / "pid")[0])


def test_last_words_of_a_grandchild_are_heard(proc: Any) -> None:
    """What a pipeline's last part says just after the first process ended is part of the output."""
    assert proc.spawn(sh("(sleep 0.02; echo late) & echo early")).stdout.text == "early\nlate\n"


def test_a_service_is_started_awaited_and_stopped(proc: Any, gone: Callable[[int], bool]) -> None:
    """Start, readiness and stop are one ask each; stop tells how it ended and all it said."""
    assert proc.start(service("trap 'echo bye; exit 5' TERM; echo $$; while :; do sleep 0.01; done")) == Started()
    answer = proc.await_ready(ready(stdout_matches=r"^\d+\n"))
    assert answer.failure is None
    ended = proc.stop(Stop(name="svc"))
    assert (ended.exit_code, ended.signal, ended.failure) == (5, None, None)
    assert ended.stdout.text == answer.stdout.text + "bye\n"
    assert gone(int(answer.stdout.text))
    assert [ask.label for ask in proc.asks()] == ["proc.start", "proc.ready", "proc.stop"]


def test_a_service_has_its_environment_and_folder(proc: Any, tmp_path: Path) -> None:
    """The environment is ours with the request's on top; the folder lies below the root."""
    (tmp_path / "sub").mkdir()
    proc.start(service('echo "$MINE $HOME"; pwd', env={"MINE": "1"}, cwd="sub"))
    answer = proc.await_ready(ready(stdout_matches="sub\n"))
    assert answer.stdout.text == f"1 {os.environ['HOME']}\n{tmp_path.resolve() / 'sub'}\n"


def test_a_folder_outside_is_denied(proc: Any, tmp_path: Path) -> None:
    """A working directory above the root, through a link or missing is a failure; nothing is started."""
    (tmp_path / "out").symlink_to("/")
    (tmp_path / "loop").symlink_to("loop")
    for cwd, kinds in (("..", {"denied"}), ("/", {"denied"}), ("out", {"denied"}), ("none", {"not_found"})):
        assert proc.start(service("echo", cwd=cwd)).failure.kind in kinds
    assert proc.start(service("echo", cwd="loop")).failure is not None
    assert "none" in proc.start(service("echo", cwd="none")).failure.message
    assert proc.start(service("echo", cwd=".")).failure is None


def test_a_name_is_taken_until_stopped(proc: Any) -> None:
    """A second start under a name is denied; after a stop the name is free; a stop of nobody is not found."""
    assert proc.start(service("sleep 60")).failure is None
    assert "svc" in proc.start(service("sleep 60")).failure.message
    assert proc.stop(Stop(name="svc")).signal == signal.SIGTERM
    assert proc.start(service("exit 4")).failure is None
    assert proc.stop(Stop(name="svc")).failure is None
    for answer in (proc.stop(Stop(name="svc")), proc.await_ready(ready(tcp="127.0.0.1:1"))):
        assert answer.failure.kind == "not_found" and "svc" in answer.failure.message


def test_a_stop_may_use_any_signal(proc: Any) -> None:
    """The signal is sent to the group; its name may begin with SIG; an unknown one is denied and stops nothing."""
    proc.start(service("trap 'exit 9' USR1; echo up; while :; do sleep 0.01; done"))
    proc.await_ready(ready(stdout_matches="up"))
    assert proc.stop(Stop(name="svc", signal="NONSENSE")).failure.kind == "denied"
    assert proc.stop(Stop(name="svc", signal="SIGUSR1")).exit_code == 9


def test_a_service_that_ignores_its_end_is_killed(proc: Any) -> None:
    """When SIGTERM is ignored for the grace the group is killed, and the answer shows signal 9."""
    proc.start(service(f"{STUBBORN.replace('while', 'echo up; while')}"))
    proc.await_ready(ready(stdout_matches="up"))
    assert proc.stop(Stop(name="svc")).signal == signal.SIGKILL


def test_a_stop_after_the_end_tells_the_end(proc: Any) -> None:
    """A service that ended by itself is stopped with its own exit code and output."""
    proc.start(service("echo only; exit 7"))
    assert proc.await_ready(ready(stdout_matches="never")).failure.kind == "died"
    ended = without_peak(proc.stop(Stop(name="svc")))
    assert ended == Exited(exit_code=7, stdout=Blob(text="only\n"), ended_before=True)


def said_all(proc: Any) -> None:
    """Wait until the service has said its last word, on stderr."""
    for _ in range(1000):
        time.sleep(0.02)
        if proc.await_ready(ready(tcp="127.0.0.1:1", within_ms=1)).stderr.text:
            break


def test_a_talkative_service_is_bounded(proc: Any) -> None:
    """A service goes on when its output is full; the first bytes are kept and stop tells of the limit."""
    proc.start(service("yes | head -c 500000; echo end >&2; exec sleep 60"))
    said_all(proc)
    ended = proc.stop(Stop(name="svc"))
    assert ended.failure.kind == "limit" and ended.signal == signal.SIGTERM
    assert ended.stdout.text == "y\n" * 500 and ended.stderr.text == "end\n"


def test_ready_by_tcp(proc: Any) -> None:
    """Ready as soon as the port accepts, not before."""
    port = proc.free_port().port
    code = python(f"""
        import socket, time
        time.sleep(0.1)
        with socket.create_server(("127.0.0.1", {port})) as server:
            time.sleep(60)
    """)
    proc.start(Start(name="svc", cmd=sys.executable, args=code))
    assert proc.await_ready(ready(tcp=f"127.0.0.1:{port}")).failure is None


def test_ready_by_http(proc: Any, serve: Callable[..., int]) -> None:
    """Ready when a GET answers below 500: an error of the server, silence and nonsense are not yet."""
    answers = [b"HTTP/1.1 503 no\r\n\r\n", b"", b"nonsense\r\n", b"HTTP/1.1 404 fine\r\n\r\n"]
    heads: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        heads.append(connection.recv(4096))
        connection.sendall(answers.pop(0))

    port = serve(handle)
    proc.start(service("exec sleep 60"))
    assert proc.await_ready(ready(http=f"http://127.0.0.1:{port}/health?x=1")).failure is None
    assert answers == []
    assert heads[0].startswith(b"GET /health?x=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % port)


@pytest.mark.parametrize("kind", ["tcp", "http", "hung", "stdout_matches"])
def test_not_ready_in_time(proc: Any, serve: Callable[..., int], kind: str) -> None:
    """Not ready within the time given is a timeout that says what was waited for; the service lives on."""
    proc.start(service("echo up; exec sleep 60"))
    silent = serve(lambda _connection: time.sleep(3))
    probes = {
        "tcp": {"tcp": f"127.0.0.1:{proc.free_port().port}"},
        "http": {"http": f"http://127.0.0.1:{proc.free_port().port}/"},
        "hung": {"http": f"http://127.0.0.1:{silent}/"},
        "stdout_matches": {"stdout_matches": "never"},
    }
    answer = proc.await_ready(ready(1500, **probes[kind]))
    assert answer.failure.kind == "timeout" and "1500 ms" in answer.failure.message
    assert next(iter(probes[kind].values())) in answer.failure.message
    assert proc.stop(Stop(name="svc")).stdout.text == "up\n"


def test_the_run_may_have_less_time_than_the_wait(hasty: Any) -> None:
    """What the run has left bounds a wait that may take longer."""
    hasty.start(service("exec sleep 60"))
    failure = hasty.await_ready(ready(60_000, stdout_matches="never")).failure
    assert failure.kind == "timeout" and f"{HASTY_MS} ms" in failure.message


@pytest.mark.parametrize("kind", ["tcp", "http", "stdout_matches"])
def test_a_service_that_dies_before_it_is_ready(proc: Any, kind: str) -> None:
    """A service that ends first is reported as died, with how and with the end of its stderr."""
    port = proc.free_port().port
    probes = {"tcp": f"127.0.0.1:{port}", "http": f"http://127.0.0.1:{port}/", "stdout_matches": "never"}
    proc.start(service("sleep 0.1; echo cannot bind >&2; exit 3"))
    answer = proc.await_ready(ready(**{kind: probes[kind]}))
    assert answer.failure.kind == "died"
    assert "exit code 3" in answer.failure.message and "cannot bind" in answer.failure.message
    assert answer.stderr.text == "cannot bind\n"


def test_a_death_by_signal_is_named(proc: Any) -> None:
    """The message names the signal that ended a service before it was ready."""
    proc.start(service("kill -ABRT $$"))
    assert "SIGABRT" in proc.await_ready(ready(stdout_matches="never")).failure.message


def test_ready_by_output_counts_although_it_ended(proc: Any) -> None:
    """Output that matches was there before the end, so the answer does not depend on who is faster."""
    proc.start(service("echo ready"))
    time.sleep(0.2)
    assert proc.await_ready(ready(stdout_matches="ready")).failure is None


@pytest.mark.parametrize(
    "probe",
    [
        {"tcp": "nonsense"},
        {"tcp": "h:99999"},
        {"http": "https://x/"},
        {"http": "http://[x/"},
        {"stdout_matches": "("},
        {},
    ],
)
def test_an_unusable_probe_is_told(proc: Any, probe: dict[str, str]) -> None:
    """A probe that makes no sense is a failure that says why."""
    proc.start(service("exec sleep 60"))
    failure = proc.await_ready(ready(**probe)).failure
    assert failure.kind == "protocol" and "'svc'" in failure.message


def test_free_ports_differ(proc: Any) -> None:
    """Every free port of a run is another one, and can be bound."""
    ports = [proc.free_port().port for _ in range(20)]
    assert len(set(ports)) == 20
    with socket.create_server(("127.0.0.1", ports[0])):
        pass


def test_nothing_outlives_the_loop(proc: Any, loop: Any, gone: Callable[[int], bool], tmp_path: Path) -> None:
    """Closing the loop ends all background processes at the same time, the stubborn and the polite."""
    for name in "abc":
        script = f"echo $$ >> pid; {STUBBORN if name != 'b' else 'exec sleep 60'}"
        proc.start(Start(name=name, cmd="sh", args=["-c", script]))
    while not (tmp_path / "pid").exists() or len(pids(tmp_path / "pid")) < 3:
        time.sleep(0.01)
    loop.close()
    assert all(gone(pid) for pid in pids(tmp_path / "pid"))


def test_close_ends_them_and_leaves_the_loop(
    loop: Any, limits: Limits, tmp_path: Path, gone: Callable[[int], bool]
) -> None:
    """The processes of one backend can be ended before the loop."""
    from fozzy.core.choice import Choices
    from fozzy.core.clock import Clock
    from fozzy.core.log import Log
    from fozzy.core.redact import Redactor
    from fozzy.core.sources import Seeded

    proc = HostProc(Choices(Seeded(1), Clock(), Log(), Redactor(), 10**10), loop, limits, tmp_path)
    proc.close()
    proc.start(service("echo $$; exec sleep 60"))
    pid = int(proc.await_ready(ready(stdout_matches="\n")).stdout.text)
    proc.close()
    assert gone(pid)
    assert proc.spawn(sh("exit 2")).exit_code == 2


def test_an_interrupt_ends_the_process(proc: Any, tmp_path: Path, gone: Callable[[int], bool]) -> None:
    """Ctrl-C during a spawn ends its whole group before it is raised."""
    main, path = threading.get_ident(), tmp_path / "pid"

    def interrupts() -> None:
        while not path.exists() or not path.read_text().endswith("\n"):
            time.sleep(0.01)
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupts, daemon=True)
    with pytest.raises(KeyboardInterrupt):
        thread.start()
        proc.spawn(sh(f"echo $$ > pid; {STUBBORN}"))
    thread.join()
    assert gone(pids(tmp_path / "pid")[0])
    assert proc.spawn(sh("exit 2")).exit_code == 2


def test_no_process_is_left_to_collect(proc: Any, loop: Any) -> None:
    """After spawns of all kinds, once the loop is closed, this process has no child left, not even one to collect."""
    before = children()
    proc.spawn(sh("exit 1"))
    proc.spawn(sh("yes"))
    proc.start(service("exit 0"))
    assert children() > before
    proc.stop(Stop(name="svc"))
    loop.close()
    assert children() == before


@pytest.mark.parametrize(("how", "size"), [("spawn", "1G"), ("start", "300M")])
def test_memory_stays_bounded(how: str, size: str) -> None:
    """Any amount of output passes through in little memory, whether it is cut off or read to its end."""
    script = f"""
        import sys, time
        from pathlib import Path
        from fozzy import wall
        from fozzy.core.choice import Choices
        from fozzy.core.clock import Clock
        from fozzy.core.limits import Limits
        from fozzy.core.log import Log
        from fozzy.core.redact import Redactor
        from fozzy.core.sources import Seeded
        from fozzy.world.host_loop import HostLoop
        from fozzy.world.proc.base import AwaitReady, Probe, Spawn, Start, Stop
        from fozzy.world.proc.host import HostProc
        loop = HostLoop()
        proc = HostProc(Choices(Seeded(1), Clock(), Log(), Redactor(), 30 * 10**9), loop, Limits(), Path("."))
        args = ["-c", "yes | head -c {size}; echo end >&2"]
        if {how == "spawn"}:
            answer = proc.spawn(Spawn(cmd="sh", args=args))
        else:
            proc.start(Start(name="svc", cmd="sh", args=args))
            proc.await_ready(AwaitReady(name="svc", probe=Probe(tcp="127.0.0.1:1"), within_ms=20000))
            answer = proc.stop(Stop(name="svc"))
            assert answer.stderr.text == "end\\n", answer.stderr
        assert answer.failure.kind == "limit" and len(answer.stdout.text) == Limits().output_bytes_max
        loop.close()
        print(wall.peak_rss_bytes())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, check=True, cwd=ROOT, text=True
    )
    assert int(done.stdout) < 120 * 1024 * 1024


def test_both_pipes_at_once(proc: Any) -> None:
    """A flood on both pipes is cut; each keeps its first bytes, and the failure says what to do."""
    ended = proc.spawn(sh("yes out & yes err >&2"))
    message = ended.failure.message
    assert ended.failure.kind == "limit" and len(ended.stdout.text) <= 1000 and len(ended.stderr.text) <= 1000
    assert "output_bytes_max, 1000 bytes" in message and "were seen" in message
    assert "limits.output_bytes_max" in message and "[limits] in fozzy.toml" in message


def test_much_on_both_pipes_without_a_limit(twice: Callable[..., Any]) -> None:
    """A process that fills both pipes in turn never waits for itself: all of both is there."""
    proc = twice(lambda choices, loop, root: HostProc(choices, loop, Limits(), root))
    code = "import sys\nfor _ in range(20): sys.stdout.write('o' * 50_000); sys.stderr.write('e' * 50_000)"
    ended = proc.spawn(Spawn(cmd=sys.executable, args=["-c", code]))
    assert (ended.exit_code, len(ended.stdout.text), len(ended.stderr.text)) == (0, 10**6, 10**6)


def test_a_process_that_closes_its_pipes_and_lives_on(hasty: Any, tmp_path: Path, gone: Callable[[int], bool]) -> None:
    """Closed pipes are no end: the process has its time, is then ended, and what it said before is kept."""
    ended = hasty.spawn(sh("echo $$ > pid; echo said; exec >&- 2>&-; sleep 60"))
    assert ended.failure.kind == "timeout" and ended.stdout.text == "said\n"
    assert gone(pids(tmp_path / "pid")[0])


def test_closed_pipes_do_not_hide_the_exit(proc: Any) -> None:
    """A process that closes its pipes and ends in time tells its exit code."""
    assert proc.spawn(sh("exec >&- 2>&-; sleep 0.1; exit 6")).exit_code == 6


def test_seen_counts_what_was_dropped(proc: Any) -> None:
    """A talkative service that goes on is told with all it wrote, not only with what was kept."""
    proc.start(service("yes | head -c 500000; echo end >&2; exec sleep 60"))
    proc.await_ready(ready(stdout_matches="y", within_ms=4000))
    said_all(proc)
    assert "500000 were seen" in proc.stop(Stop(name="svc")).failure.message


def test_a_program_reads_its_input(proc: Any) -> None:
    """What is given on stdin arrives whole, as bytes, and ends."""
    answer = proc.spawn(Spawn(cmd="cat", stdin=Blob.of(b"a\n\xff\x00")))
    assert (answer.exit_code, answer.stdout.data()) == (0, b"a\n\xff\x00")
    count = "import sys; print(len(sys.stdin.buffer.read()))"
    answer = proc.spawn(Spawn(cmd=sys.executable, args=["-c", count], stdin=Blob(text="x" * 3_000_000)))
    assert answer.stdout.text == "3000000\n"


def test_input_need_not_be_read(proc: Any) -> None:
    """A program that ends without reading much of its input ends as usual; one that closes it early goes on."""
    much = Blob(text="x" * 3_000_000)
    assert without_peak(proc.spawn(Spawn(cmd="true", stdin=much))) == Exited(exit_code=0)
    assert proc.spawn(Spawn(cmd="sh", args=["-c", "head -c 2; exit 3"], stdin=much)).stdout.text == "xx"
    assert proc.spawn(Spawn(cmd="sh", args=["-c", "exec <&-; sleep 0.1; echo on"], stdin=much)).stdout.text == "on\n"


def test_input_does_not_keep_a_program_past_its_time(hasty: Any) -> None:
    """A program that neither reads nor ends is cut off, however much it was to read."""
    answer = hasty.spawn(Spawn(cmd="sleep", args=["60"], stdin=Blob(text="x" * 3_000_000)))
    assert answer.failure.kind == "timeout"


def test_echoing_more_than_a_pipe_holds(proc: Any) -> None:
    """Input and output go at the same time: a program that writes as it reads does not get stuck."""
    answer = proc.spawn(Spawn(cmd="cat", stdin=Blob(text="x" * 500_000)))
    assert answer.failure.kind == "limit" and answer.stdout.text == "x" * 1000


def test_a_program_has_the_environment_it_is_given(proc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step gives is added to the ordinary variables, and wins over them; the next program does not see it."""
    monkeypatch.setenv("HOME", "outer")
    show = sh('echo "$HOME $MY_TEST_B"')
    changed = Spawn(cmd=show.cmd, args=show.args, env={"HOME": "inner", "MY_TEST_B": "ü b"})
    assert [proc.spawn(each).stdout.text for each in (changed, show)] == ["inner ü b\n", "outer \n"]


def test_a_program_starts_where_it_is_told(proc: Any, tmp_path: Path) -> None:
    """`cwd` is below the run's root; what leads out of it, or is none, is a failure that names it."""
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "out").symlink_to("/")
    answer = proc.spawn(Spawn(cmd="pwd", cwd="sub/deep"))
    assert answer.stdout.text == f"{(tmp_path / 'sub' / 'deep').resolve()}\n"
    for cwd, kind in (("gone", "not_found"), ("../", "denied"), ("/tmp", "denied"), ("out", "denied")):
        failure = proc.spawn(Spawn(cmd="pwd", cwd=cwd)).failure
        assert (failure.kind, cwd.rstrip("/") in failure.message) == (kind, True)


@pytest.mark.parametrize("timeout_ms", [1_000, 60_000])
def test_a_program_may_have_a_time_of_its_own(
    hasty: Any, gone: Callable[[int], bool], tmp_path: Path, timeout_ms: int
) -> None:
    """A program is cut off after its own time, or that of the call where that is shorter, and nothing of it lives on."""
    answer = hasty.spawn(Spawn(cmd="sh", args=["-c", "echo $$ > pid; echo on; sleep 60"], timeout_ms=timeout_ms))
    assert answer.failure.kind == "timeout" and answer.stdout.text == "on\n"
    assert f"had not ended after {min(timeout_ms, HASTY_MS)} ms" in answer.failure.message
    assert gone(pids(tmp_path / "pid")[0])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux heeds RLIMIT_AS")
def test_the_memory_of_a_program_is_bounded(proc: Any, twice: Callable[..., Any], limits: Limits) -> None:
    """With `process_bytes_max` a program, and what it starts, cannot have more; without it nothing is bounded."""
    bounded = msgspec.structs.replace(limits, process_bytes_max=256 << 20)
    within = twice(lambda choices, loop, root: HostProc(choices, loop, bounded, root))
    ask = Spawn(cmd=sys.executable, args=["-S", "-c", "len(bytearray(300 << 20)); print('had it')"])
    child = Spawn(cmd=sys.executable, args=["-S", "-c", f"import os; os.execv({ask.cmd!r}, {[ask.cmd, *ask.args]!r})"])
    small = Spawn(cmd=sys.executable, args=["-S", "-c", "len(bytearray(8 << 20)); print('had it')"])
    assert proc.spawn(ask).stdout.text == "had it\n"
    for refused in (within.spawn(ask), within.spawn(child)):
        assert refused.exit_code == 1 and "MemoryError" in refused.stderr.text
    assert within.spawn(small).stdout.text == "had it\n"
    assert within.spawn(Spawn(cmd="no-such-program")).failure.kind == "not_found"
