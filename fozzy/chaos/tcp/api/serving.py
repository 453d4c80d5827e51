"""The API put together: a session's controls and numbers behind a port of their own."""

from __future__ import annotations

from fozzy.chaos.api.guard import Guard, fresh_token, is_loopback
from fozzy.chaos.api.server import ControlServer
from fozzy.chaos.settings import Controlled
from fozzy.chaos.tcp.api.controls import TcpControls
from fozzy.chaos.tcp.api.dispatch import dispatch
from fozzy.chaos.tcp.api.failing import failing
from fozzy.chaos.tcp.journal import TcpJournal
from fozzy.chaos.tcp.metrics import TcpMetrics
from fozzy.chaos.tcp.session import TcpSession

PORT = 8474  # Toxiproxy's


def server_of(session: TcpSession, journal: TcpJournal, controlled: Controlled) -> tuple[ControlServer, str]:
    """The server of a session's API, and the token that was made where one is needed and none was given.

    Its `serve(host, port)` listens until it is cancelled. The journal is somebody else's, who has it follow the session.
    """
    is_local = is_loopback(controlled.address.host)
    made = "" if is_local or controlled.token else fresh_token()
    metrics = TcpMetrics(session)
    session.listeners.append(metrics.listen)
    guard = Guard(token=controlled.token or made, is_local=is_local, takes_browsers=False)
    return ControlServer(TcpControls(session, journal=journal, metrics=metrics.text), guard, dispatch, failing), made
