"""A small shop: the service that the realistic scenarios talk to.

Usage: python3 shop_service.py PORT. It listens on the loopback address and ends with 0 on SIGTERM.
SHOP_TOKEN is the token that it gives; otherwise it makes one.

GET    /                     sends to /items
GET    /health               says that it is there
POST   /login                a form with user and password; gives the token that orders want
POST   /logout               the token is no longer good
GET    /items?after=&limit=  a page of items, and as `next` what the next page begins after
POST   /items                lines of `name,price`, each a new item
GET    /stock/ID             503 for the first two requests, while the warehouse wakes up
POST   /orders               an item and a quantity as JSON
GET    /orders/ID            the order; each time somebody looks it is one state further
DELETE /orders/ID            takes it back
GET    /orders               the numbers of all orders
GET    /visits               how many visitors there were; POST counts one more
GET    /report               takes its time
"""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

PASSWORDS = {"ada": "open sesame"}
STATES = ("received", "packed", "sent")
SLEEPY_REQUESTS = 2
REPORT_S = 60.0
PAGE_MAX = 100


class Answer(NamedTuple):
    """A status, a value that is sent as JSON, and headers."""

    status: int
    value: Any = None
    headers: dict[str, str] = {}


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, error: str, **headers: str) -> None:
        super().__init__(error)
        self.answer = Answer(status, {"error": error}, headers)


class Shop:
    """What the shop knows. One request at a time: `lock` is held while one is answered."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.items = [{"id": number, "name": f"item {number}", "price": 10 * number} for number in range(1, 13)]
        self.orders: dict[int, dict[str, Any]] = {}
        self.looks: dict[int, int] = {}
        self.tokens: set[str] = set()
        self.last_order = 0
        self.stock_requests = 0
        self.visits = 0


class Request(NamedTuple):
    """What a route needs to know of a request."""

    shop: Shop
    words: tuple[str, ...]  # the parts of the path that the route leaves open
    query: dict[str, str]
    body: str
    token: str

    @property
    def form(self) -> dict[str, str]:
        """The body of a form."""
        return dict(parse_qsl(self.body))

    @property
    def number(self) -> int:
        """The number in the path."""
        return int(self.words[0])

    def check_token(self) -> None:
        """Let only those in who are logged in."""
        if self.token not in self.shop.tokens:
            raise Refused(401, "log in first")


def index(request: Request) -> Answer:
    return Answer(302, headers={"Location": "/items"})


def health(request: Request) -> Answer:
    return Answer(200, {"ok": True})


def login(request: Request) -> Answer:
    user = request.form.get("user", "")
    if PASSWORDS.get(user) != request.form.get("password"):
        raise Refused(401, "wrong user or password")
    token = os.environ.get("SHOP_TOKEN") or secrets.token_hex(16)
    request.shop.tokens.add(token)
    return Answer(200, {"user": user, "token": token})


def logout(request: Request) -> Answer:
    request.check_token()
    request.shop.tokens.remove(request.token)
    return Answer(204)


def list_items(request: Request) -> Answer:
    after, limit = int(request.query.get("after") or 0), int(request.query.get("limit", PAGE_MAX))
    rest = [item for item in request.shop.items if item["id"] > after]
    page = rest[:limit]
    return Answer(200, {"items": page, "next": str(page[-1]["id"]) if len(rest) > limit else None})


def add_items(request: Request) -> Answer:
    rows = [line.split(",") for line in request.body.splitlines()]
    for name, price in rows:
        request.shop.items.append({"id": len(request.shop.items) + 1, "name": name, "price": int(price)})
    return Answer(201, {"added": len(rows)})


def stock(request: Request) -> Answer:
    request.shop.stock_requests += 1
    if request.shop.stock_requests <= SLEEPY_REQUESTS:
        raise Refused(503, "the warehouse wakes up", **{"Retry-After": "1"})
    return Answer(200, {"item": request.number, "in_stock": 5})


def add_order(request: Request) -> Answer:
    request.check_token()
    wanted = json.loads(request.body)
    if not 0 < wanted["quantity"] <= 5:
        raise Refused(422, "the quantity must be from 1 to 5")
    shop = request.shop
    shop.last_order += 1
    shop.orders[shop.last_order] = {"id": shop.last_order, "state": STATES[0], **wanted}
    shop.looks[shop.last_order] = 0
    return Answer(201, shop.orders[shop.last_order], {"Location": f"/orders/{shop.last_order}"})


def order(request: Request) -> Answer:
    request.check_token()
    found = request.shop.orders.get(request.number)
    if found is None:
        raise Refused(404, "no such order")
    found["state"] = STATES[min(request.shop.looks[request.number], len(STATES) - 1)]
    request.shop.looks[request.number] += 1
    return Answer(200, found)


def cancel_order(request: Request) -> Answer:
    request.check_token()
    if request.shop.orders.pop(request.number, None) is None:
        raise Refused(404, "no such order")
    return Answer(204)


def list_orders(request: Request) -> Answer:
    request.check_token()
    return Answer(200, list(request.shop.orders))


def visits(request: Request) -> Answer:
    return Answer(200, {"visits": request.shop.visits})


def visit(request: Request) -> Answer:
    request.shop.visits += 1
    return Answer(200, {"visits": request.shop.visits})


def report(request: Request) -> Answer:
    return Answer(200, {"items": len(request.shop.items)})


ROUTES: dict[tuple[str, str], Callable[[Request], Answer]] = {
    ("GET", "/"): index,
    ("GET", "/health"): health,
    ("POST", "/login"): login,
    ("POST", "/logout"): logout,
    ("GET", "/items"): list_items,
    ("POST", "/items"): add_items,
    ("GET", r"/stock/(\d+)"): stock,
    ("POST", "/orders"): add_order,
    ("GET", "/orders"): list_orders,
    ("GET", r"/orders/(\d+)"): order,
    ("DELETE", r"/orders/(\d+)"): cancel_order,
    ("GET", "/visits"): visits,
    ("POST", "/visits"): visit,
    ("GET", "/report"): report,
}


class Handler(BaseHTTPRequestHandler):
    """Finds the route of a request and sends what it answers."""

    shop = Shop()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if url.path == "/report":
            time.sleep(REPORT_S)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with self.shop.lock:
            try:
                answer = self.route(url.path, dict(parse_qsl(url.query)), body, token)
            except Refused as refused:
                answer = refused.answer
        self.send(answer)

    do_POST = do_DELETE = do_GET

    def route(self, path: str, query: dict[str, str], body: str, token: str) -> Answer:
        """The answer of the route that fits."""
        for (method, pattern), answer in ROUTES.items():
            match = re.fullmatch(pattern, path)
            if match and method == self.command:
                return answer(Request(self.shop, match.groups(), query, body, token))
        raise Refused(404, "not found")

    def send(self, answer: Answer) -> None:
        """Send a status, headers, and a value as JSON."""
        body = b"" if answer.value is None else json.dumps(answer.value).encode()
        self.send_response(answer.status)
        for name, text in answer.headers.items():
            self.send_header(name, text)
        if body:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Be silent: what is printed is part of the recording."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
