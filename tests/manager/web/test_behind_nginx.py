"""Each adapter under its real server, two of them behind nginx, by the configuration that users copy."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from cluster import eventually
from memcached_process import MemcachedProcess
from web.balancer import NGINX, balancer
from web.served import Browser, Served

THREADS, PREFORK = "gunicorn --threads 8", "gunicorn --workers 4"
PRELOADED = f"{PREFORK} --preload"
SERVERS = {"wsgi": THREADS, "asgi": "uvicorn", "flask": THREADS, "django": THREADS}
COOKIES = {"wsgi": "id", "asgi": "id", "flask": "session", "django": "sessionid"}

MOST_VISITS = 2_000
"""By which several workers have answered."""


class Site:
    """Two servers of one site, app1 and app2, and nginx in front of them.

    Parameters
    ----------
    kind
        The adapter.
    command
        What serves it.
    node
        The memcached.
    folder
        For what they write.
    settings
        More of their environment.
    """

    def __init__(self, kind: str, command: str, node: MemcachedProcess, folder: Path, **settings: str) -> None:
        self.orders, self.slow = folder / "orders", folder / "slow"
        self._kind, self._command, self._folder = kind, command, folder
        self._environ = {"KIND": kind, "NODES": f"n1:127.0.0.1:{node.port}", "FOLDER": folder} | settings
        self._servers: dict[str, Served] = {}
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        with self._ends:
            for route in ("app1", "app2"):
                self._start(route)
            ports = {route: server.port for route, server in self._servers.items()}
            front = balancer(NGINX, self._folder, ports, cookie=COOKIES[self._kind])
            self.port = self._ends.enter_context(front)
            self._ends = self._ends.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ends.close()

    def start_again(self, route: str) -> None:
        """Start a server that was killed; return when nginx uses it again."""
        self._start(route)

        def used() -> bool:
            stranger = Browser({COOKIES[self._kind]: f"{'0' * 32}.{route}"})
            return self.ask(stranger)["server"] == route

        eventually(used)

    def _start(self, route: str) -> None:
        port = self._servers[route].port if route in self._servers else None
        server = Served(self._command, "web.counting_site:application", port, ROUTE=route, **self._environ)
        self._servers[route] = self._ends.enter_context(server)

    def kill(self, route: str) -> None:
        """Kill a server, with all its processes."""
        self._servers[route].kill()

    def ask(self, browser: Browser, path: str = "/visit", **how: Any) -> dict[str, Any]:
        """Return what a page says, which has to be there."""
        status, body = browser.ask(self.port, path, **how)
        assert status == 200, (status, body)
        return json.loads(body)

    def visitor_of(self, route: str) -> Browser:
        """Return one whom a server has got to know with the first visit."""
        for _ in range(50):
            browser = Browser()
            if self.ask(browser)["server"] == route:
                return browser
        raise AssertionError(f"nobody gets to {route}")


def route_in(browser: Browser) -> str:
    """Return the route that a cookie names."""
    return browser.session_id.rpartition(".")[2].partition("~")[0]


@pytest.fixture(scope="module", params=SERVERS)
def site(
    request: pytest.FixtureRequest, shared_memcached: MemcachedProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """By one of the adapters; a test leaves both servers running."""
    kind = request.param
    with Site(kind, SERVERS[kind], shared_memcached, tmp_path_factory.mktemp(kind)) as site:
        yield site


def test_a_visitor_stays_with_the_server_that_the_cookie_names(site: Site) -> None:
    """Those without a cookie are spread over both."""
    for route in ("app1", "app2"):
        visitor = site.visitor_of(route)

        seen = [site.ask(visitor) for _ in range(8)]

        assert {answer["server"] for answer in seen} == {route} == {route_in(visitor)}
        assert [answer["visits"] for answer in seen] == list(range(2, 10))


def test_the_other_server_takes_over_and_keeps_the_visitor_when_the_first_comes_back(site: Site) -> None:
    """The cookie names whoever served last; nothing is lost on the way."""
    visitor = site.visitor_of("app1")
    site.kill("app1")

    taken_over = [site.ask(visitor) for _ in range(3)]
    route = route_in(visitor)
    site.start_again("app1")
    kept = [site.ask(visitor) for _ in range(3)]

    assert {answer["server"] for answer in taken_over + kept} == {"app2"}
    assert route == route_in(visitor) == "app2"
    assert [answer["visits"] for answer in taken_over + kept] == list(range(2, 8))


@pytest.mark.parametrize(("method", "status", "carried_out"), [("POST", 502, ["app1"]), ("GET", 200, ["app1", "app2"])])
def test_a_post_to_a_dying_server_is_not_carried_out_twice(
    site: Site, method: str, status: int, carried_out: list[str]
) -> None:
    """Its client is told, and may try again; a GET is sent to the other server at once."""
    visitor = site.visitor_of("app1")
    site.orders.write_text("")
    site.slow.touch()
    try:
        with ThreadPoolExecutor(1) as threads:
            answer = threads.submit(visitor.ask, site.port, "/order", method=method)
            eventually(lambda: site.orders.read_text() == "app1\n")
            site.kill("app1")
            site.slow.unlink()
            answered, _ = answer.result()
    finally:
        site.slow.unlink(missing_ok=True)
    orders = site.orders.read_text().split()
    again = site.ask(visitor, "/order", method="POST")
    site.start_again("app1")

    assert (answered, orders) == (status, carried_out)
    assert (again["server"], again["visits"]) == ("app2", 1 + len(carried_out))
    assert route_in(visitor) == "app2"


@pytest.mark.parametrize(
    ("command", "kind", "freshness"),
    [
        (PREFORK, "wsgi", "auto"),
        (PREFORK, "flask", "auto"),
        (PRELOADED, "flask", "revalidate"),
        (PRELOADED, "django", "auto"),
        (PRELOADED, "django", "revalidate"),
    ],
)
def test_four_workers_with_one_route_serve_a_visitor_as_one(
    command: str, kind: str, freshness: str, shared_memcached: MemcachedProcess, tmp_path: Path
) -> None:
    """Any worker of the server that the cookie names answers, and sees what the others have done; then of the other."""
    with Site(kind, command, shared_memcached, tmp_path, FRESHNESS=freshness) as site:
        visitor = site.visitor_of("app1")
        seen = [site.ask(visitor)]
        with ThreadPoolExecutor(2) as threads:
            while len(seen) < 20 or len({answer["worker"] for answer in seen}) < 2:
                others = threads.map(lambda _: site.ask(Browser()), range(2))  # so that one worker is not enough
                assert len(seen) < MOST_VISITS, "a single worker answers all requests"
                seen.append(site.ask(visitor))
                list(others)
        site.kill("app1")
        after = [site.ask(visitor) for _ in range(10)]

    assert {answer["server"] for answer in seen} == {"app1"}
    assert {answer["server"] for answer in after} == {"app2"}
    assert [answer["visits"] for answer in seen + after] == list(range(2, len(seen) + 12))
