"""Servers of the shops: another one goes on, two start at once, one command starts one, nginx is in front."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from memcached_process import MemcachedProcess
from web.example_shops import SERVED, serve_shop, start_shop
from web.shopper import Shopper

import memcached_sessions.examples
from memcached_sessions.manager.demo.cluster import Cluster
from memcached_sessions.manager.demo.plans import ServerPlan

MODULES = ["wsgi_shop", "fastapi_shop", "flask_shop", "django_shop"]


@pytest.mark.parametrize("name", SERVED)
def test_another_server_goes_on_when_one_was_killed(
    name: str, shared_memcached: MemcachedProcess, tmp_path: Path
) -> None:
    """Login, cart and forms go on; the id names the server that has the session now."""
    port = shared_memcached.port
    with serve_shop(name, port, tmp_path) as first, serve_shop(name, port, tmp_path, "app2") as second:
        shopper = Shopper(first)
        shopper.register()
        shopper.put("cherry", 7)
        form = shopper.open().form("/cart", "cherry") | {"quantity": "8"}
        assert ".app1" in shopper.cookies["id"]

        first.kill()
        shopper.server = second

        page = shopper.send("/cart", form)
        assert (page.user, page.cart) == (shopper.name, {"cherry": 8})
        assert ".app2" in shopper.cookies["id"]
        shopper.log_out()
        assert shopper.fill_in("/login").user == shopper.name


@pytest.mark.parametrize(("here", "there"), [("wsgi", "fastapi"), ("fastapi", "wsgi")])
def test_a_session_that_wsgi_began_goes_on_by_asgi_and_back(
    here: str, there: str, shared_memcached: MemcachedProcess, tmp_path: Path
) -> None:
    """The two shops have the same attributes, so servers of both kinds can stand behind one balancer."""
    port = shared_memcached.port
    with serve_shop(here, port, tmp_path) as first, serve_shop(there, port, tmp_path, "app2") as second:
        shopper = Shopper(first)
        shopper.register()
        form = shopper.open().form("/cart", "grape") | {"quantity": "2"}

        shopper.server = second
        page = shopper.send("/cart", form)

        assert (page.user, page.cart, page.flashes) == (shopper.name, {"grape": 2}, ["2 x grape in the cart"])
        shopper.server = first
        assert shopper.put("peach", 1).cart == {"grape": 2, "peach": 1}
        assert shopper.log_out().user == ""
        shopper.server = second
        assert shopper.open().user == ""


@pytest.mark.parametrize("name", ["flask", "django"])
def test_cookies_are_for_https_alone_if_the_shop_says_so(
    name: str, shared_memcached: MemcachedProcess, tmp_path: Path
) -> None:
    """`SHOP_HTTPS` is for a shop behind a balancer that speaks it."""
    with serve_shop(name, shared_memcached.port, tmp_path, SHOP_HTTPS="1") as server:
        shopper = Shopper(server)
        shopper.open()
        shopper.put("banana", 1)
    assert {line.partition("=")[0] for line in shopper.said_cookies} >= {"id"}
    assert all("; secure" in line.lower() for line in shopper.said_cookies)


@pytest.mark.parametrize("server", ["django", "django-async"])
def test_two_servers_of_django_begin_at_once_with_no_database(
    server: str, shared_memcached: MemcachedProcess, tmp_path: Path
) -> None:
    """One makes its tables while the other one waits; an account is one for both."""
    with ExitStack() as stack:
        started = [serve_shop(server, shared_memcached.port, tmp_path, route) for route in ("app1", "app2")]
        first, second = [stack.enter_context(one) for one in started]
        shopper = Shopper(first)
        shopper.register()
        shopper.server = second
        shopper.log_out()

        assert shopper.fill_in("/login").user == shopper.name


@pytest.mark.parametrize("shop", ["flask", "django"])
def test_a_browser_behind_nginx_sends_forms(shop: str) -> None:
    """The shop sees the host and port that the browser sees: Django compares them with where a form says it is from."""
    with Cluster([ServerPlan("app1", shop, "gunicorn"), ServerPlan("app2", shop, "gunicorn")]) as cluster:
        shopper = Shopper(cluster)
        shopper.register()

        assert shopper.put("pear", 3).cart == {"pear": 3}


@pytest.mark.parametrize("module", MODULES)
def test_a_shop_is_started_by_one_command(module: str, shared_memcached: MemcachedProcess, tmp_path: Path) -> None:
    """`python -m memcached_sessions.examples.<shop>` serves it."""
    with start_shop(module, shared_memcached.port, tmp_path) as server:
        assert Shopper(server).put("pear", 1).cart == {"pear": 1}


@pytest.mark.parametrize("module", MODULES)
def test_a_shop_is_short(module: str) -> None:
    """Somebody reads it in one go."""
    folder = Path(str(memcached_sessions.examples.__file__)).parent
    assert len((folder / f"{module}.py").read_text().splitlines()) < 120


def test_the_package_names_every_shop() -> None:
    """With the command that starts it, and so does its README."""
    folder = Path(str(memcached_sessions.examples.__file__)).parent
    assert sorted(path.stem for path in folder.glob("*_shop.py")) == sorted(MODULES)
    for text in (str(memcached_sessions.examples.__doc__), (folder / "README.md").read_text()):
        assert all(f"python -m memcached_sessions.examples.{module}" in text for module in MODULES)
