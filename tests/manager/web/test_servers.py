"""What holds under every real server, by WSGI and ASGI alike."""

import pytest
from cluster import eventually
from memcached_process import MemcachedProcess, node_list
from web.real_server import PRELOADED, THREADS, UVICORN, Browser, RealServer
from web.stored import stored


@pytest.mark.parametrize("command", [THREADS, UVICORN])
def test_responses_have_the_cookie_and_what_caches_need(command: str, shared_memcached: MemcachedProcess) -> None:
    """As the client receives them; https is what the proxy in front says."""
    with RealServer(command, memcached_nodes=node_list([shared_memcached])) as server:
        browser = Browser(server.port)
        nothing = browser.ask("/nothing")
        begun = browser.ask("/count/visits", **{"X-Forwarded-Proto": "https"})
        read = browser.ask("/read")

    assert nothing.set_cookie == ""
    assert nothing.all("Vary") == []
    assert begun.set_cookie.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Lax; Secure"
    assert begun.all("Vary") == read.all("Vary") == ["Cookie"]
    assert read.set_cookie == ""


@pytest.mark.parametrize("command", [THREADS, PRELOADED, UVICORN])
def test_what_a_stream_has_changed_is_stored_though_the_client_hung_up(
    command: str, shared_memcached: MemcachedProcess
) -> None:
    """The server ends the body then, and goes on serving."""
    with RealServer(command, memcached_nodes=node_list([shared_memcached]), route="a") as server:
        browser = Browser(server.port)
        browser.ask("/count/visits")

        browser.hang_up("/stream")

        eventually(lambda: "streamed" in stored(shared_memcached, browser.cookie))
        assert browser.json("/count/visits")["session"]["visits"] == 2
        assert "Traceback" not in server.printed
