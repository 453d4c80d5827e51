"""Route literals and the URLs they match."""

from __future__ import annotations

import pytest

from fozzy.insight.map.routes import Route, routes_of


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('@app.get("/users/{id}")', "GET /users/{id}"),
        ("@app.route('/x', methods=['POST', 'PUT'])", "POST|PUT /x"),
        ('@router.websocket("/ws")', "ANY /ws"),
        ('app.post("/x", handler)', "POST /x"),
        ("router.get(`/x/:id`, async (req, res) => {", "GET /x/:id"),
        ('http.HandleFunc("/x", show)', "ANY /x"),
        ('    @GetMapping("/x")', "GET /x"),
        ('    @RequestMapping(value = "/x")', "ANY /x"),
        ('#[get("/x")]', "GET /x"),
        ('if path == "/users":', "ANY /users"),
        ("if (req.url === '/users') {", "ANY /users"),
        ('if self.path.startswith("/users/"):', "ANY /users/*"),
        ('    case "/users":', "ANY /users"),
    ],
)
def test_a_route_is_seen(line: str, said: str) -> None:
    """A path beside who answers it is a route."""
    (route,) = routes_of(["", line])
    assert str(route) == said and route.line == 2


@pytest.mark.parametrize(
    "line",
    [
        'requests.post("/x", data)',
        'axios.get("/x", options)',
        'this.client.get("/x", {})',
        'path = "/users"',
        'open("/etc/passwd", mode)',
        'path.startswith("/")',
        'app.get("/x")',
        'if path == "users":',
        'x("/' + "a" * 3000 + '")',
    ],
)
def test_what_asks_or_only_has_a_slash_is_no_route(line: str) -> None:
    """A client's call, a file's path and a slash alone are no routes."""
    assert list(routes_of([line])) == []


@pytest.mark.parametrize(
    ("route", "method", "path", "matches"),
    [
        (Route(1, "/users/{id}"), "GET", "/users/7", True),
        (Route(1, "/users/:id"), "GET", "/users/7/", True),
        (Route(1, "/users/<int:id>"), "GET", "/users/7/cart", False),
        (Route(1, "/users/{id}"), "GET", "/users", False),
        (Route(1, "/users", ("POST",)), "GET", "/users", False),
        (Route(1, "/users", ("POST",)), "post", "/users", True),
        (Route(1, "/users", is_prefix=True), "GET", "/users/7", True),
        (Route(1, "/files/*"), "GET", "/files/a/b/c", True),
        (Route(1, "/"), "GET", "/", True),
        (Route(1, "/"), "GET", "/users", False),
    ],
)
def test_a_url_matches_a_route(route: Route, method: str, path: str, matches: bool) -> None:
    """Segments are compared one by one; a hole in the route takes any one."""
    assert route.matches(method, path) == matches


def test_a_handler_is_named_by_the_last_word() -> None:
    """Middleware may stand between the path and the handler."""
    (route,) = routes_of(['app.post("/x", auth, shop.charge)'])
    assert route.handler == "charge"
