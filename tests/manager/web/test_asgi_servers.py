"""The ASGI middleware under uvicorn, real memcached and a real client."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cluster import eventually
from memcached_process import MemcachedProcess, node_list
from web import served
from web.real_server import UVICORN, Browser, RealServer
from web.stored import stored
from websockets.sync.client import connect


@pytest.mark.parametrize(("command", "processes"), [(UVICORN, 1), (f"{UVICORN} --workers 2", 2)])
def test_parallel_requests_of_one_session_lose_nothing(
    command: str, processes: int, shared_memcached: MemcachedProcess
) -> None:
    """Whichever process answers."""

    def count(name: str) -> set[int]:
        client, answered = Browser(server.port, browser.cookie), set[int]()
        for number in range(1, 21):
            seen = client.json(f"/count/{name}")
            assert seen["session"][name] == number
            answered.add(seen["pid"])
        return answered

    with RealServer(command, memcached_nodes=node_list([shared_memcached]), route="a") as server:
        browser = Browser(server.port)
        browser.ask("/count/begun")
        with ThreadPoolExecutor(6) as threads:
            answered = set[int]().union(*threads.map(count, [f"client{number}" for number in range(6)]))
        seen = browser.json("/read")["session"]

    assert seen == {"begun": 1} | {f"client{number}": 20 for number in range(6)}
    assert 1 <= len(answered) <= processes
    assert stored(shared_memcached, browser.cookie) == seen


def test_a_websocket_shares_the_session_of_the_page(shared_memcached: MemcachedProcess) -> None:
    """It sees what requests have set, and they see what it sets; the client just leaves in the end."""
    with RealServer(UVICORN, memcached_nodes=node_list([shared_memcached]), route="a") as server:
        browser = Browser(server.port)
        browser.ask("/count/visits")
        with connect(f"ws://127.0.0.1:{server.port}/live", additional_headers=browser.headers) as websocket:
            heard = []
            for _ in range(2):
                websocket.send("hello")
                heard.append(websocket.recv(5))
            seen = browser.json("/count/visits")["session"]

        assert heard == ["1", "2"]
        assert seen == {"visits": 2, "heard": 2}
        eventually(lambda: stored(shared_memcached, browser.cookie) == seen)


def test_a_websocket_begins_a_session(shared_memcached: MemcachedProcess) -> None:
    """Its handshake sets the cookie."""
    with RealServer(UVICORN, memcached_nodes=node_list([shared_memcached]), route="a") as server:
        with connect(f"ws://127.0.0.1:{server.port}/live") as websocket:
            assert websocket.response
            cookie = websocket.response.headers["Set-Cookie"].partition(";")[0].removeprefix("id=")

        assert Browser(server.port, cookie).json("/read")["session"] == {"heard": 0}


def test_what_waits_for_its_backup_is_stored_when_the_server_shuts_down(
    start_memcached: Callable[[], MemcachedProcess],
) -> None:
    """uvicorn ends by the signal that it was sent: nothing runs then but the end of the lifespan."""
    memcached = start_memcached()
    settings = {"route": "a", "session_backup_async": True, "session_backup_timeout": 3, "operation_timeout": 3}
    with RealServer(UVICORN, memcached_nodes=node_list([memcached]), **settings) as server:
        browsers = [Browser(server.port) for _ in range(20)]
        memcached.freeze()
        for browser in browsers:
            browser.ask("/count/visits")
        server.terminate()
        time.sleep(0.5)  # in which it would have ended, if it did not wait for the node
        memcached.resume()
        server.wait()

    assert [stored(memcached, browser.cookie) for browser in browsers] == [{"visits": 1}] * 20


@pytest.mark.parametrize("kind", ["starlette", "fastapi"])
def test_the_session_of_a_framework_goes_on_when_its_server_was_killed(
    kind: str, shared_memcached: MemcachedProcess, tmp_path: Path
) -> None:
    """``request.session`` of Starlette in a coroutine, of FastAPI in a function, which runs in a thread."""
    environ = {"KIND": kind, "NODES": node_list([shared_memcached]), "FOLDER": tmp_path}
    browser, seen = served.Browser(), list[dict[str, object]]()
    for route in ("app1", "app2"):
        with served.Served("uvicorn", "web.counting_site:application", ROUTE=route, **environ) as server:
            seen += [json.loads(browser.get(server, "/visit")) for _ in range(3)]

    assert [(answer["server"], answer["visits"]) for answer in seen] == [
        *(("app1", visits) for visits in (1, 2, 3)),
        *(("app2", visits) for visits in (4, 5, 6)),
    ]
