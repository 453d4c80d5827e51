"""The process in which a search executes clusters of user code: one for all candidates, so that each costs milliseconds.

What one execution leaves behind in the process may change the next. Whoever searches looks for that now and then
(`ScenarioSubject.is_sure`) and sets `is_alone`: then every execution has a process of its own, forked from the same
interpreter. A process that died, hung or was left in the middle of an execution is replaced.
"""

from __future__ import annotations

import msgspec

from fozzy.core.choice import Choices, Source
from fozzy.core.clock import Clock
from fozzy.core.log import Log
from fozzy.engine.cluster.hosted import Broken, Session, failure_of
from fozzy.engine.prepare import Ready
from fozzy.engine.run import Ended, note_failure

HANG_NS = 3 * 10**9  # how long a candidate may keep control; one that hangs is waited for each time it is tried


class Sessions:
    """*Closes*: `close`."""

    def __init__(self) -> None:
        self.is_alone = False
        self._shared: Session | None = None
        self._first: Ready | None = None  # names every module there is; a candidate may need fewer

    def execute(self, run: Ready, source: Source, log: Log, ended: Ended) -> None:
        """Execute once. *Errors*: whatever the log raises; the process is gone then."""
        choices = Choices(source, Clock(), log, run.redactor, 0)
        choices.span = "distributed"
        self._first = self._first or run
        session, shared, is_whole = None, not self.is_alone, False
        try:
            session = (self._shared if shared else None) or Session(self._first)
            job = session.job(run, source)
            job = msgspec.structs.replace(job, hang_ns=min(job.hang_ns, HANG_NS))
            over = session.execute(job, log)
            ended.status, ended.now_ns, ended.findings = over.status, over.now_ns, list(over.findings)
            is_whole = over.status != "timeout"  # what hung may still hold something
        except Broken as broken:
            note_failure(choices, ended, failure_of(broken.outcome))
        finally:
            if shared:
                self._shared = session if is_whole else None
            if session is not None and not (shared and is_whole):
                session.close()
        log.flush()

    def close(self) -> None:
        """End the process."""
        if self._shared is not None:
            self._shared.close()
            self._shared = None
