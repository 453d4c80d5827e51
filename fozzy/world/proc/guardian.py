"""The guardian: a shell that outlives fozzy for a moment and ends the run's processes when fozzy was killed.

Rule 1: it reads from a pipe only fozzy holds what there is to guard. When the pipe closes, however fozzy ended, it kills
the groups that are still listed, their sessions, who writes to a listed pipe, and (on Linux) what descends from any of
them, then it ends.
Rule 2: the pipe that a process will write to is listed before its start, so there is no moment in which SIGKILL leaves
it behind; its group right after the start. Both are taken off once the group is gone. With a group stands when its first
process started, so a number that belongs to somebody else by then is not touched.
Rule 3: it has a session of its own, so that Ctrl-C does not reach it.
It costs a millisecond per run. Without a `sh` (Windows) there is no guardian; then only an end that fozzy sees ends its
processes. Imports trio: only to be imported when a process is started.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

import trio

from fozzy.world.proc.strays import started_at

CLOSE_S = 1.0  # the shell has nothing to do then but to end

# Words are `pid:started` of a group and `=inode` of a pipe, after `+` or `-`; started is 0 where there is no /proc. While
# it reads, and to kill what is in a listed group or session, it starts no other program; writers are found by `ls`.
_SCRIPT = r"""
trap '' HUP INT QUIT TERM PIPE
list=' '
while read -r word; do
  case $word in
    +*) list="$list${word#?} " ;;
    -*) case $list in *" ${word#?} "*) list="${list%% "${word#?}" *} ${list#* "${word#?}" }" ;; esac ;;
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
pipes=' '
for word in $list; do
  case $word in =*) pipes="$pipes${word#=} "; continue ;; esac
  leader=${word%:*}
  if stat "$leader" && [ "${word#*:}" != 0 ] && [ "$started" != "${word#*:}" ]; then continue; fi
  family="$family$leader "
done
[ "$family$pipes" = '  ' ] && exit 0
strays=' '
space=$IFS IFS='
'
for line in $(ls -l /proc/[0-9]*/fd/[12] 2>/dev/null); do # ... /proc/PID/fd/1 -> pipe:[INODE]
  case $line in *'/proc/'*' -> pipe:['*']') ;; *) continue ;; esac
  inode=${line##*'['} inode=${inode%']'}
  case $pipes in *" $inode "*) pid=${line##*/proc/} strays="$strays${pid%%/*} " ;; esac
done
IFS=$space
more=1 rounds=0
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
        self._words: dict[int, tuple[str, str]] = {}

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

    def expect(self, pipe: int) -> None:
        """List a pipe, as its inode, before the process that will write to it is started."""
        self._write(f"+={pipe}\n")

    def forget(self, pipe: int) -> None:
        """Take a pipe off the list: there is no process."""
        self._write(f"-={pipe}\n")

    def add(self, leader: int, pipe: int) -> None:
        """List the group that writes to a pipe."""
        if self._pipe != -1:
            self._words[leader] = (f"{leader}:{started_at(leader)}", f"={pipe}")
            self._write(f"+{self._words[leader][0]}\n")

    def remove(self, leader: int) -> None:
        """Take a group that is gone off the list, and its pipe."""
        for word in self._words.pop(leader, ()):
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
