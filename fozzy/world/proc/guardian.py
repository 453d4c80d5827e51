"""The guardian: a shell that outlives fozzy for a moment and ends the run's processes when fozzy was killed.

Rule 1: it reads the groups that live from a pipe only fozzy holds. When the pipe closes, however fozzy ended, it kills
the groups that are still listed, their sessions, and (on Linux) what descends from either, then it ends.
Rule 2: a group is listed right after its start and taken off the list once it is gone. With the number stands when its
first process started, so a number that belongs to somebody else by then is not touched.
Rule 3: it has a session of its own, so that Ctrl-C does not reach it.
It costs a millisecond per run. Between a start and its line are some microseconds in which SIGKILL leaves the process
behind. Without a `sh` (Windows) there is no guardian; then only an end that fozzy sees ends its processes.
Imports trio: only to be imported when a process is started.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

import trio

from fozzy.world.proc.strays import started_at

CLOSE_S = 1.0  # the shell has nothing to do then but to end

# Words are `+pid:started` and `-pid:started`; started is 0 where there is no /proc. Only what a shell can do by itself
# is used: while it reads, and while it kills, no other program is started.
_SCRIPT = r"""
trap '' HUP INT QUIT TERM PIPE
list=' '
while read -r word; do
  case $word in
    +*) list="$list${word#?} " ;;
    -*) list="${list%% "${word#?}" *} ${list#* "${word#?}" }" ;;
  esac
done
stat() { # of a process: where it stands
  line=
  { read -r line < "/proc/$1/stat"; } 2>/dev/null
  [ -n "$line" ] || return 1
  set -- ${line##*) }
  parent=$2 session=$4; shift 19; started=$1
}
family=' '
for word in $list; do
  leader=${word%:*}
  if stat "$leader" && [ "${word#*:}" != 0 ] && [ "$started" != "${word#*:}" ]; then continue; fi
  family="$family$leader "
done
[ "$family" = ' ' ] && exit 0
more=1 rounds=0 strays=' '
while [ $more = 1 ] && [ $rounds -lt 20 ]; do
  more=0 rounds=$((rounds + 1))
  for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    case "$family$strays" in *" $pid "*) continue ;; esac
    stat "$pid" || continue
    case "$family$strays" in *" $parent "*|*" $session "*) strays="$strays$pid " more=1 ;; esac
  done
done
for leader in $family; do kill -s KILL -- "-$leader" 2>/dev/null; done
for pid in $strays; do kill -s KILL "$pid" 2>/dev/null; done
exit 0
"""


class Guardian:
    """The shell, once there is a process to guard. All methods run on the loop. *Closes*: `aclose`, or its pipe."""

    def __init__(self) -> None:
        self._shell: trio.Process | None = None
        self._pipe = -1
        self._words: dict[int, str] = {}

    async def begin(self) -> None:
        """Start the shell, unless it runs. *Errors*: none; without a shell nobody guards."""
        if self._shell is not None or os.name != "posix":
            return
        reader, writer = os.pipe()
        try:
            self._shell = await trio.lowlevel.open_process(
                ["sh", "-c", _SCRIPT],
                stdin=reader,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
                env={"PATH": os.defpath},
            )
        except BaseException as error:
            os.close(writer)
            if not isinstance(error, OSError):
                raise
        else:
            os.set_blocking(writer, False)
            self._pipe = writer
        finally:
            os.close(reader)

    def add(self, leader: int) -> None:
        """List a group that lives."""
        if self._pipe != -1:
            word = self._words[leader] = f"{leader}:{started_at(leader)}"
            self._write(f"+{word}\n")

    def remove(self, leader: int) -> None:
        """Take a group that is gone off the list."""
        word = self._words.pop(leader, None)
        if word is not None:
            self._write(f"-{word}\n")

    async def aclose(self) -> None:
        """Let the shell end and collect it; what is still listed is killed."""
        shell, self._shell = self._shell, None
        self._hang_up()
        if shell is not None:
            with trio.move_on_after(CLOSE_S):
                await shell.wait()
            if shell.returncode is None:
                shell.kill()
                await shell.wait()

    def _write(self, line: str) -> None:
        """Tell the shell; one that does not listen any more is given up, so that it kills nothing it should not."""
        if self._pipe == -1:
            return
        try:
            os.write(self._pipe, line.encode())
        except OSError:
            if self._shell is not None:
                with suppress(ProcessLookupError):
                    self._shell.kill()
            self._hang_up()

    def _hang_up(self) -> None:
        if self._pipe != -1:
            os.close(self._pipe)
            self._pipe = -1
        self._words.clear()
