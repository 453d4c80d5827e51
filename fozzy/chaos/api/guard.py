"""Who may use the controls: nobody from another origin, nobody by another name, and beyond this machine only who has
the token.

A web page a developer looks at can send requests to any port of their machine. So a request that a browser sent for
another origin is refused (`Origin`, `Sec-Fetch-Site`), and so is one that names a host that is not ours: a name that was
made to point here later (DNS rebinding).
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from fozzy import wall
from fozzy.chaos.api.call import Call, Rejected

NAMES = ("localhost",)
TOKEN_BYTES = 24
BROWSERS = "Mozilla/"  # what the User-Agent of every browser begins with


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """What is let through. With `is_local` (we listen on this machine alone) only a Host that is this machine's.

    Beyond it a token is what a page lacks, and the names a machine has there are not known to us.
    """

    token: str = ""  # none is asked for without one
    is_local: bool = True
    takes_browsers: bool = True  # also of our own address

    def check(self, call: Call) -> None:
        """*Errors*: `Rejected` 403 for a foreign host or origin or a browser, 401 for a missing or wrong token."""
        headers = call.headers
        if not self.takes_browsers and headers.get("user-agent", "").startswith(BROWSERS):
            raise Rejected(403, "chaos.api_browser", "requests of browsers are not taken", hint=_BROWSER_HINT)
        host = headers.get("host", "")
        if self.is_local and not is_loopback(_name_of(host)):
            hint = "Use the address the control port listens on."
            raise Rejected(403, "chaos.api_host", f'this is not the host "{host}"', hint=hint)
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{host}".lower():
            raise Rejected(403, "chaos.api_origin", f'requests from "{origin}" are not taken', hint=_ORIGIN_HINT)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Rejected(403, "chaos.api_origin", "requests from another site are not taken", hint=_ORIGIN_HINT)
        if self.token and not _is_same(_bearer(headers.get("authorization", "")), self.token):
            said = "the token is wrong" if "authorization" in headers else "a token is needed"
            hint = "Send it with: Authorization: Bearer TOKEN. The proxy prints it when it starts."
            raise Rejected(401, "chaos.api_token", said, hint=hint)


def _name_of(host: str) -> str:
    """The name or address a Host header has, without its port; nothing where it is no such header."""
    try:
        parts = urlsplit(f"//{host}")
        is_port = parts.port is None or parts.port >= 0  # which raises where it is none
        if is_port and parts.username is None and not (parts.path or parts.query or parts.fragment):
            return parts.hostname or ""
    except ValueError:
        pass
    return ""


_ORIGIN_HINT = "The controls are for programs and for pages of their own address only."
_BROWSER_HINT = "Ask with a program that does not say it is one, as curl or a client library."


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in NAMES


def fresh_token() -> str:
    """A token for a control port that listens beyond this machine and was given none."""
    return "".join(wall.fresh_run_id() for _ in range(TOKEN_BYTES // 4))


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_same(given: str, wanted: str) -> bool:
    """In a time that does not tell how much of it was right."""
    return hmac.compare_digest(given.encode("latin-1", "replace"), wanted.encode())
