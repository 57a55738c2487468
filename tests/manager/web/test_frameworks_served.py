"""Flask and Django under real servers: threads, pre-fork, async; another server goes on when one was killed."""

import json
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from memcached_process import MemcachedProcess
from server_process import PATIENCE
from web.served import Browser, Served

Serve = Callable[..., Served]
ROUNDS = 40
FLASK, DJANGO, DJANGO_ASYNC = "web.flask_server:app", "web.django_server:app", "web.django_server:asgi"
THREADS, PREFORK, PRELOADED = "gunicorn --threads 8", "gunicorn --workers 4", "gunicorn --workers 4 --preload"
UVICORN = "uvicorn --lifespan off"


@pytest.fixture
def serve(shared_memcached: MemcachedProcess, tmp_path: Path) -> Serve:
    """Return what starts a server on the node of the module."""

    def start(command: str, application: str, route: str = "app1", freshness: str = "auto") -> Served:
        folder = tmp_path / route
        folder.mkdir()
        environ = {"NODES": f"n1:127.0.0.1:{shared_memcached.port}", "ROUTE": route, "FRESHNESS": freshness}
        return Served(command, application, FOLDER=folder, **environ)

    return start


@pytest.mark.parametrize(
    ("command", "application", "freshness"),
    [
        (THREADS, FLASK, "auto"),
        (PREFORK, FLASK, "auto"),
        (PREFORK, FLASK, "revalidate"),
        (PRELOADED, FLASK, "auto"),
        (PREFORK, DJANGO, "auto"),
        (PREFORK, DJANGO, "revalidate"),
        (PRELOADED, DJANGO, "auto"),
    ],
)
def test_a_visitor_reads_what_it_has_written_whichever_worker_answers(
    serve: Serve, command: str, application: str, freshness: str
) -> None:
    """Each response was sent when its session was stored, and each request asks for what is newest."""
    browser, wanted = Browser(), 1 if command == THREADS else 2
    with serve(command, application, freshness=freshness) as server, crowd(server):
        expected: dict[str, str] = {}
        deadline = time.monotonic() + PATIENCE
        while len(expected) < ROUNDS or len(set(browser.workers)) < wanted:
            assert time.monotonic() < deadline, f"only {set(browser.workers)} have answered"
            number = len(expected)
            browser.get(server, f"/put?n={number}&k{number}=x")
            expected |= {"n": str(number), f"k{number}": "x"}
            assert json.loads(browser.get(server, "/show")) == expected


@contextmanager
def crowd(server: Served) -> Generator[None]:
    """Keep workers busy with other visitors, so that one alone does not answer all requests."""
    over = threading.Event()

    def visit() -> None:
        while not over.is_set():
            Browser().get(server, "/plain")

    with ThreadPoolExecutor(2) as threads:
        visitors = [threads.submit(visit) for _ in range(2)]
        try:
            yield
        finally:
            over.set()
            for visitor in visitors:
                visitor.result()


@pytest.mark.parametrize(("command", "application"), [(THREADS, FLASK), (PREFORK, FLASK), (PREFORK, DJANGO)])
def test_parallel_requests_of_a_visitor_lose_nothing(serve: Serve, command: str, application: str) -> None:
    """In threads of one process and in several processes."""
    browser = Browser()
    with serve(command, application) as server:
        browser.get(server, "/put?first=1")

        def put(number: int) -> None:
            Browser(dict(browser.cookies)).get(server, f"/put?k{number}=x")

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(put, range(32)))
        expected = {"first": "1"} | {f"k{number}": "x" for number in range(32)}
        assert json.loads(browser.get(server, "/show")) == expected


@pytest.mark.parametrize("application", [FLASK, DJANGO])
def test_a_session_goes_on_when_its_server_was_killed(serve: Serve, application: str) -> None:
    """The route in the cookie is that of the server that took it over."""
    browser = Browser()
    with serve(THREADS, application, "app1") as one, serve(THREADS, application, "app2") as other:
        browser.get(one, "/put?cart=tea")
        before = browser.session_id
        assert ".app1~" in before
        one.kill()

        assert json.loads(browser.get(other, "/show")) == {"cart": "tea"}
        assert ".app2~" in browser.session_id
        assert browser.session_id[:32] == before[:32]
        browser.get(other, "/put?more=milk")
        assert json.loads(browser.get(other, "/show")) == {"cart": "tea", "more": "milk"}


def test_django_async_views_under_uvicorn(serve: Serve) -> None:
    """Many at the same time, each visitor with its own session."""
    with serve(UVICORN, DJANGO_ASYNC) as server:

        def visit(number: int) -> dict[str, str]:
            browser = Browser()
            browser.get(server, f"/async/put?n={number}")
            browser.get(server, "/async/put?more=1")
            return json.loads(browser.get(server, "/async/show"))

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(visit, range(24))) == [{"n": str(number), "more": "1"} for number in range(24)]
