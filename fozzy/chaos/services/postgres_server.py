"""A private PostgreSQL: it trusts whoever comes over loopback, and takes no care of its disk."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fozzy.chaos.services import processes
from fozzy.chaos.services.binaries import needed, unprivileged
from fozzy.chaos.services.postgres_client import PostgresClient, PostgresRefusal
from fozzy.chaos.services.service import Service
from fozzy.chaos.services.wire import SOON_S
from fozzy.errors import UsageError

if TYPE_CHECKING:
    import pwd

USER = "fozzy"
DATABASE = "postgres"
# A commit is handed to the system before it is answered, so it outlives a kill; a power cut need not be survived.
CARELESS = ("fsync=off", "full_page_writes=off")
SMALL = ("shared_buffers=16MB", "max_connections=50", "autovacuum=off", "jit=off", "dynamic_shared_memory_type=mmap")
ASK_S = 1.0  # for one look whether it is there
TOO_MANY = "53300"
_FIRST_OID = 16384  # what initdb made has smaller ones
_TIDY = f"""
SELECT 'SELECT pg_terminate_backend(' || pid || ')' FROM pg_stat_activity
  WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
UNION ALL SELECT 'ROLLBACK PREPARED ' || quote_literal(gid) FROM pg_prepared_xacts
UNION ALL SELECT 'DROP SCHEMA ' || quote_ident(nspname) || ' CASCADE' FROM pg_namespace
  WHERE oid >= {_FIRST_OID} AND nspname !~ '^pg_' AND nspname <> 'public'
UNION ALL SELECT 'DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner;
  GRANT USAGE ON SCHEMA public TO PUBLIC' WHERE NOT EXISTS (
  SELECT FROM pg_namespace WHERE nspname = 'public') OR EXISTS (
  SELECT FROM pg_depend JOIN pg_namespace ON refobjid = pg_namespace.oid
  WHERE nspname = 'public' AND refclassid = 'pg_namespace'::regclass)
UNION ALL SELECT 'DROP DATABASE ' || quote_ident(datname) || ' WITH (FORCE)' FROM pg_database
  WHERE oid >= {_FIRST_OID} AND NOT datistemplate
UNION ALL SELECT 'ALTER SYSTEM RESET ALL' WHERE EXISTS (
  SELECT FROM pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf')
"""
_ROLES = f"SELECT 'DROP OWNED BY ' || quote_ident(rolname) || '; DROP ROLE ' || quote_ident(rolname) FROM pg_roles WHERE oid >= {_FIRST_OID}"


class PostgresServer(Service):
    """`postgres` on a free port. *Errors*: `UsageError` `chaos.no_program` where there is none."""

    name = "postgres"
    protocol = "postgres"
    quit_by = signal.SIGINT  # fast: it does not wait for its clients
    end_by = processes.QUIT  # at once, but it takes its shared memory along

    def __init__(self) -> None:
        query = "sslmode=disable&gssencmode=disable"
        super().__init__([self.name], url=f"postgresql://{USER}@127.0.0.1:{{port}}/{DATABASE}?{query}")

    def user(self) -> pwd.struct_passwd | None:
        """As whom it runs: it refuses to run as root."""
        return unprivileged()

    def prepare(self) -> None:
        """Its data."""
        user = self.user()
        if user is not None:
            shutil.chown(self.folder, user.pw_uid)
        done = subprocess.run(
            [needed("initdb"), "-D", str(self.folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"]
            + ["--no-sync", "--no-instructions"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            check=False,
            **processes.run_as(user),
        )
        if done.returncode:
            said = done.stdout.decode("utf-8", "replace").strip()
            raise UsageError("chaos.service_failed", f"initdb ended with {done.returncode}:\n{said}")

    def command(self) -> list[str]:
        """How it is started."""
        listening = ["-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-k", str(self.folder)]
        settings = [word for each in (*CARELESS, *SMALL) for word in ("-c", each)]
        return [needed("postgres"), "-D", str(self.folder / "data"), *listening, *settings]

    def answers(self) -> bool:
        """Whether it answers, and no stranger does."""
        with contextlib.suppress(OSError, PostgresRefusal), self.direct(ASK_S) as client:
            return client.ask("SHOW data_directory") == [(str(self.folder / "data"),)]
        return False

    def direct(self, within_s: float = SOON_S) -> PostgresClient:
        """A session that is no client's. *Closes*: by whoever asked for it."""
        return PostgresClient(self.port, USER, DATABASE, within_s)

    def connect(self) -> PostgresClient:
        """One more session, as a client holds it."""
        return self.direct()

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of one statement, asked without any client and any proxy. *Errors*: `PostgresRefusal`."""
        with self.direct() as client:
            return client.ask(statement)

    def clear(self) -> None:
        """As new: no tables, schemas, databases, roles and settings but its own, no sessions of others."""
        self.start()
        with self.direct() as client:
            done = [client.ask(statement) for query in (_TIDY, _ROLES) for (statement,) in client.ask(query)]
            if done:
                client.ask("SELECT pg_reload_conf()")

    @contextlib.contextmanager
    def fill(self) -> Iterator[None]:
        """For a block all sessions it grants are taken."""
        with contextlib.ExitStack() as held:
            try:
                while True:
                    held.enter_context(self.connect())
            except PostgresRefusal as refusal:
                if refusal.state != TOO_MANY:
                    raise
            yield

    def clean(self) -> None:
        """A killed server leaves a piece of shared memory, which its next start would have taken."""
        left = self.folder / "data" / "postmaster.pid"
        if left.exists() and shutil.which("ipcrm"):
            words = left.read_text(encoding="ascii", errors="replace").splitlines()[6:7]
            for identifier in " ".join(words).split()[1:2]:
                subprocess.run(["ipcrm", "-m", identifier], check=False, capture_output=True)
