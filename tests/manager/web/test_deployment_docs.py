"""What docs/deployment.md shows is what happens, and its configurations bring visitors back to their server."""

import re
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cluster import eventually
from hypothesis import given
from hypothesis import strategies as st
from memcached_process import MemcachedProcess
from web.balancer import HAPROXY, NGINX, balancer
from web.real_server import Browser, RealServer

import memcached_sessions
from memcached_sessions import SessionManager
from memcached_sessions.manager.session_id import NODE_NAME, ROUTE, SessionId
from memcached_sessions.manager.settings import Settings

DOCS = Path(memcached_sessions.__file__).parent / "docs"
PAGES = ("deployment.md", "migration.md")
TEXT = (DOCS / "deployment.md").read_text()
PYTHON = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
SERVER = "gunicorn --threads 8 serving_wsgi:application"


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_the_links_lead_somewhere(page: str) -> None:
    """To a file that is there, and a heading in it."""
    links = re.findall(r"\]\(([^)\s]+)\)", (DOCS / page).read_text())
    lost: list[str] = []
    for link in links:
        path, _, anchor = link.partition("#")
        file = (DOCS / (path or page)).resolve()
        if not file.is_file() or (anchor and anchor not in anchors(file)):
            lost.append(link)

    assert links
    assert lost == []


@pytest.mark.parametrize("page", PAGES)
def test_settings_and_their_defaults_are_those_of_the_code(page: str) -> None:
    """Each that the table of timeouts names, and each name that ends like a timeout."""
    defaults = {setting.name: setting.default for setting in fields(Settings)}
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) s \|", (DOCS / page).read_text(), re.MULTILINE)

    assert {name: float(default) for name, default in rows} == {name: defaults[name] for name, _ in rows}
    assert len(rows) == (4 if page == "deployment.md" else 0)


def test_the_settings_of_gunicorn_are_settings_of_gunicorn(tmp_path: Path) -> None:
    """It refuses what it does not know."""
    (block,) = (block for block in PYTHON if "graceful_timeout" in block)
    (tmp_path / "gunicorn.conf.py").write_text(block)
    (tmp_path / "app.py").write_text("def app(environ, start_response): ...\n")
    command = [sys.executable, "-m", "gunicorn", "--check-config", "app:app"]

    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)

    assert checked.returncode == 0, checked.stderr


def test_the_nodes_follow_a_file(
    shared_memcached: MemcachedProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be used is logged and changes nothing; the thread ends with the manager."""
    import threading

    following, hook = (block for block in PYTHON if "follow_nodes" in block)
    names: dict[str, Any] = {"__name__": "following"}
    exec(following, names)  # noqa: S102 - of our own page
    file = tmp_path / "sessions.toml"
    one = f"n1:127.0.0.1:{shared_memcached.port}"
    table = '[memcached-sessions]\nmemcached_nodes = "{}"\n'
    file.write_text(table.format(one))
    with SessionManager(one) as manager:
        monkeypatch.setitem(sys.modules, "shop_wsgi", SimpleNamespace(manager=manager))  # type: ignore[arg-type]

        def follow(manager: SessionManager, path: str) -> None:
            assert path == "/etc/shop/sessions.toml"
            names["follow_nodes"](manager, file, seconds=0.01)

        monkeypatch.setitem(sys.modules, "following", SimpleNamespace(follow_nodes=follow))  # type: ignore[arg-type]
        hooks: dict[str, Any] = {}
        exec(hook, hooks)  # noqa: S102 - of our own page
        hooks["post_worker_init"](None)
        file.write_text(table.format(f"{one} n2:127.0.0.1:1") + 'failover_nodes = "n2"\n')
        eventually(lambda: manager.settings.failover_nodes == "n2")
        file.write_text(table.format("n1:"))
        time.sleep(0.1)
        assert manager.settings.memcached_nodes == f"{one} n2:127.0.0.1:1"
        file.write_text(table.format(one))
        eventually(lambda: manager.settings.memcached_nodes == one)
        assert manager.settings.failover_nodes is None
    file.write_text(table.format(f"{one} "))
    eventually(lambda: "follow_nodes" not in {thread.name for thread in threading.enumerate()})


def route_of_nginx(cookies: str) -> str:
    """Return what the first map of nginx.conf makes of a ``Cookie`` header."""
    (pattern,) = re.findall(r'"~(.*)" \$route;', NGINX.read_text())
    match = re.search(pattern.replace("?<route>", "?P<route>"), cookies)
    return match["route"] if match else ""


@given(
    sid=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    node=st.just("") | st.from_regex(NODE_NAME, fullmatch=True),
    route=st.from_regex(ROUTE, fullmatch=True),
    worker=st.from_regex(r"[0-9a-z]{0,8}", fullmatch=True),
    before=st.sampled_from(["", "theme=dark; ", "a=b;"]),
    after=st.sampled_from(["", "; last=1"]),
)
def test_nginx_finds_the_route_of_every_id(
    sid: str, node: str, route: str, worker: str, before: str, after: str
) -> None:
    """Wherever the cookie is among others."""
    assert route_of_nginx(f"{before}id={SessionId(sid, node, route, worker)}{after}") == route


@pytest.mark.parametrize(
    "cookies", ["", "id=", f"id={'0' * 32}", f"id={'0' * 32}-n1", f"xid={'0' * 32}.app1", f"id={'0' * 32}.app1 or 2"]
)
def test_nginx_finds_no_route_where_none_is(cookies: str) -> None:
    """Then any server is right."""
    assert route_of_nginx(cookies) == ""


@pytest.mark.parametrize("file", [NGINX, HAPROXY], ids=lambda file: file.name)
def test_a_visitor_comes_back_to_his_server_and_goes_on_when_it_dies(
    file: Path, shared_memcached: MemcachedProcess, tmp_path: Path
) -> None:
    """By the route in the cookie, and then by that of the server that took the session over."""
    with ExitStack() as stack:
        servers = {
            route: stack.enter_context(
                RealServer(SERVER, memcached_nodes=f"n1:127.0.0.1:{shared_memcached.port}", route=route)
            )
            for route in ("app1", "app2")
        }
        ports = {route: server.port for route, server in servers.items()}
        port = stack.enter_context(balancer(file, tmp_path, ports))
        strangers = [Browser(port, f"{'0' * 32}.app9") for _ in range(20)]
        met = {stranger.json("/nothing")["pid"] for stranger in strangers}
        visitors = [Browser(port) for _ in range(6)]
        served = [{visitor.json("/count/visits")["pid"] for _ in range(10)} for visitor in visitors]
        routes = [route_of_nginx(f"id={visitor.cookie}") for visitor in visitors]

        servers["app1"].kill()
        after = [[visitor.json("/count/visits") for _ in range(5)] for visitor in visitors]

    assert len(met) == 2
    assert set(routes) == {"app1", "app2"}
    assert [len(processes) for processes in served] == [1] * 6
    assert [seen[-1]["session"] for seen in after] == [{"visits": 15}] * 6
    assert {route_of_nginx(f"id={visitor.cookie}") for visitor in visitors} == {"app2"}
