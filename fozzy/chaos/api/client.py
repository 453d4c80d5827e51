"""Asks a running proxy: the control API for commands and tests, with errors for people. It asks with the standard library alone."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from fozzy.errors import InputError, NotAllowedError

TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 64 << 20  # a page of the journal is far below
SERVER = "fozzy"  # what the header `Server` begins with


class Control:
    """A running proxy's controls at `host` and `port`. It holds nothing open between two questions."""

    def __init__(self, host: str, port: int, token: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self._shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._token = token
        self._host, self._port, self._timeout_s = host, port, timeout_s

    def get(self, path: str, /, **query: Any) -> Any:
        """What an operation answers. What is none in `query` is not said. *Errors*: as `ask`."""
        said = {name: _said(value) for name, value in query.items() if value is not None}
        return self.ask("GET", path + ("?" + urlencode(said) if said else ""))

    def post(self, path: str, body: Any = None) -> Any:
        """Have something done. *Errors*: as `ask`."""
        return self.ask("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        """Put something in the place of what is there. *Errors*: as `ask`."""
        return self.ask("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        """Change parts of something. *Errors*: as `ask`."""
        return self.ask("PATCH", path, body)

    def delete(self, path: str) -> Any:
        """Take something away. *Errors*: as `ask`."""
        return self.ask("DELETE", path)

    def status(self) -> Any:
        """What is running, and what is in force."""
        return self.get("/fozzy/status")

    def start(self, scenario: str, *, stack: bool = False, for_: str | None = None) -> Any:
        """Start a scenario, for so long."""
        said: dict[str, Any] = {"stack": stack}
        return self.post(f"/fozzy/scenarios/{in_path(scenario)}", said if for_ is None else {**said, "for": for_})

    def stop(self, scenario: str | None = None) -> Any:
        """Stop a scenario, or all."""
        return self.delete("/fozzy/scenarios" if scenario is None else f"/fozzy/scenarios/{in_path(scenario)}")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the proxy answers, decoded; text where it is none of JSON.

        *Errors*: `InputError` `chaos.control_unreachable`, `chaos.control_stranger`, and what the proxy refuses under
        its own code; `NotAllowedError` `chaos.api_token`.
        """
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        data = None
        if body is not None:
            data = msgspec.json.encode(body)
            headers["Content-Type"] = "application/json"
        status, answer_headers, answer = self._exchanged(method, path, data, headers)
        if not answer_headers.get("server", "").startswith(SERVER):
            raise self._stranger()
        said = (
            self._decoded(answer) if answer_headers.get("content-type", "").startswith("application/json") else answer
        )
        if status >= 400:
            raise self._refused(status, said)
        return said if not isinstance(said, bytes) else said.decode("utf-8", "replace")

    def _exchanged(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """One question over a connection of its own: nothing is ever asked twice."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request(method, path, data, {**headers, "Connection": "close"})
            answer = connection.getresponse()
            body = answer.read(ANSWER_BYTES_MAX + 1)
        except http.client.RemoteDisconnected as error:
            raise self._unreachable(error) from error
        except (http.client.HTTPException, ValueError) as error:
            raise self._stranger() from error
        except OSError as error:
            raise self._unreachable(error) from error
        finally:
            connection.close()
        if len(body) > ANSWER_BYTES_MAX:
            raise self._stranger()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def _decoded(self, body: bytes) -> Any:
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError:
            raise self._stranger() from None

    def _unreachable(self, error: Exception) -> InputError:
        if isinstance(error, TimeoutError):
            said = f"{self._shown} does not answer"
        elif isinstance(error, ConnectionRefusedError):
            said = f"nothing listens on {self._shown}"
        else:
            said = f"{self._shown} cannot be reached: {getattr(error, 'strerror', None) or error}"
        hint = f"Start one with `fozzy proxy http … --control {self._shown}`, or `tcp`, or name its address with --control."
        return InputError("chaos.control_unreachable", said, hint=hint)

    def _stranger(self) -> InputError:
        hint = "--control takes the address that the proxy printed as its controls, not the one it relays at."
        return InputError("chaos.control_stranger", f"what answers on {self._shown} is no fozzy proxy", hint=hint)

    def _refused(self, status: int, said: Any) -> InputError | NotAllowedError:
        error = said.get("error") if isinstance(said, dict) else None
        if isinstance(error, str) and "code" in said:
            error = said  # in Toxiproxy's form, in which ours stands beside it
        if not isinstance(error, dict) or not isinstance(error.get("message"), str):
            return self._stranger()
        code, message, hint = str(error.get("code", "")), error["message"], str(error.get("hint", ""))
        if status == 401:
            hint = "Give the token that the proxy printed with --control-token or FOZZY_CHAOS_CONTROL_TOKEN."
            return NotAllowedError("chaos.api_token", f"{self._shown}: {message}", hint=hint)
        return InputError(code, message, hint=hint)


def in_path(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")


def _said(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
