"""The four shops of `memcached_sessions.examples` under their real servers: what visitors can do, and attackers not."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from memcached_process import MemcachedProcess
from server_process import ServerProcess
from web.example_shops import SERVED, serve_shop
from web.shopper import PASSWORD, Shopper

SCRIPT = '"><script>alert(1)</script>'


@pytest.fixture(scope="module", params=SERVED)
def shop(
    request: pytest.FixtureRequest, shared_memcached: MemcachedProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """Each shop, under its server."""
    with serve_shop(request.param, shared_memcached.port, tmp_path_factory.mktemp("shop")) as server:
        yield server


@pytest.fixture
def shopper(shop: ServerProcess) -> Shopper:
    """Somebody whom the shop does not know yet."""
    return Shopper(shop)


def test_a_visitor_registers_and_is_logged_in(shopper: Shopper) -> None:
    """He is welcomed by his name, once."""
    assert shopper.open().user == ""

    page = shopper.fill_in("/register")

    assert (page.status, page.user, page.flashes) == (200, shopper.name, [f"Welcome, {shopper.name}"])
    again = shopper.open()
    assert (again.user, again.flashes) == (shopper.name, [])


def test_a_name_can_be_registered_once(shopper: Shopper) -> None:
    """Whoever comes second is told so, and is not let in."""
    shopper.register()
    second = Shopper(shopper.server)

    page = second.fill_in("/register", shopper.name, "another password")

    assert page.errors
    assert second.open().user == ""


def test_of_two_who_register_a_name_at_once_one_gets_it(shop: ServerProcess) -> None:
    """The other one is told so, and it is no error of the server."""
    both = [Shopper(shop), Shopper(shop)]
    both[1].name = both[0].name

    with ThreadPoolExecutor(2) as threads:
        pages = list(threads.map(lambda shopper: shopper.fill_in("/register"), both))

    assert [page.status for page in pages] == [200, 200]
    assert sorted(str(page.user) for page in pages) == ["", both[0].name]


def test_the_right_password_alone_lets_in(shopper: Shopper) -> None:
    """Neither a wrong one, nor that of somebody who is not there; what is wrong is said."""
    shopper.register()
    shopper.log_out()

    refused = [shopper.fill_in("/login", shopper.name, PASSWORD[1:]), shopper.fill_in("/login", "nobody")]
    assert [page.status for page in refused] == [200, 200]
    assert all(page.errors for page in refused)
    assert shopper.open().user == ""

    assert shopper.fill_in("/login").user == shopper.name


def test_the_cart_holds_what_was_put_into_it_last(shopper: Shopper) -> None:
    """A quantity is set and not added, so that a form may be sent twice; none takes the line away."""
    assert shopper.put("apple", 2).cart == {"apple": 2}
    assert shopper.put("pear", 1).cart == {"apple": 2, "pear": 1}
    assert shopper.put("apple", 5).cart == {"apple": 5, "pear": 1}
    assert shopper.put("apple", 5).cart == {"apple": 5, "pear": 1}
    assert shopper.put("apple", 0).cart == {"pear": 1}
    assert shopper.put("apple", 0).cart == {"pear": 1}


@pytest.mark.parametrize("quantity", ["-1", "100", "1e3", "", "\u00b2", SCRIPT])
def test_nonsense_does_not_come_into_the_cart(shopper: Shopper, quantity: str) -> None:
    """It is refused as the client's mistake, and not said back as it came."""
    shopper.put("fig", 3)

    page = shopper.put("fig", quantity)

    assert page.status == 400
    assert "<script>" not in page.body
    assert shopper.open().cart == {"fig": 3}


def test_there_is_nothing_else_to_buy(shopper: Shopper) -> None:
    """An item that no form has is refused."""
    page = shopper.send("/cart", shopper.open().form("/cart", "fig") | {"item": SCRIPT, "quantity": "1"})

    assert page.status == 400
    assert "<script>" not in page.body


def test_a_flash_is_shown_once(shopper: Shopper) -> None:
    """By the page that comes next."""
    assert shopper.put("kiwi", 4).flashes == ["4 x kiwi in the cart"]
    assert shopper.open().flashes == []


def test_logging_out_ends_the_session(shopper: Shopper) -> None:
    """Neither login nor cart are there any more, not even for somebody who has kept the cookie."""
    shopper.register()
    shopper.put("plum", 1)
    thief = Shopper(shopper.server)
    thief.cookies = dict(shopper.cookies)
    assert (thief.open().user, thief.open().cart) == (shopper.name, {"plum": 1})

    page = shopper.log_out()

    assert (page.user, page.cart) == ("", {})
    assert (thief.open().user, thief.open().cart) == ("", {})


@pytest.mark.parametrize("token", ["", "guessed", "\u00fcberraten"])
def test_a_form_of_another_site_is_refused(shopper: Shopper, token: str) -> None:
    """Whatever it is for; nothing has changed."""
    shopper.register()
    shopper.put("olive", 1)
    logout = dict.fromkeys(shopper.open().form("/logout"), token)
    line = logout | {"item": "olive", "quantity": "99"}
    account = logout | {"name": f"{shopper.name}-2", "password": PASSWORD}

    pages = [
        shopper.send("/logout", logout),
        shopper.send("/cart", line),
        shopper.send("/register", account),
        shopper.send("/login", account | {"name": shopper.name}),
    ]

    assert {page.status for page in pages} <= {400, 403}
    page = shopper.open()
    assert (page.user, page.cart) == (shopper.name, {"olive": 1})


def test_a_form_without_a_session_is_refused_and_begins_none(shop: ServerProcess) -> None:
    """What scripts send around costs no memory."""
    stranger = Shopper(shop)

    page = stranger.send("/cart", {"item": "fig", "quantity": "1"})

    assert page.status in (400, 403)
    assert "id" not in stranger.cookies


def test_a_form_that_was_taken_from_another_session_is_refused(shopper: Shopper) -> None:
    """An attacker has a session too, and a token in its forms."""
    attacker = Shopper(shopper.server)
    taken = attacker.open().form("/cart", "fig") | {"quantity": "9"}
    shopper.put("apple", 1)

    assert shopper.send("/cart", taken).status in (400, 403)
    assert shopper.open().cart == {"apple": 1}


@pytest.mark.parametrize("path", ["/register", "/login"])
def test_the_session_gets_another_id_when_somebody_logs_in(shopper: Shopper, path: str) -> None:
    """Whoever knew the id, or a token, is not logged in by it, and sends no form with it; the cart stays."""
    if path == "/login":
        shopper.register()
        shopper.log_out()
    shopper.put("mango", 3)
    attacker = Shopper(shopper.server)
    attacker.cookies = dict(shopper.cookies)
    known = shopper.open().form("/cart", "mango") | {"quantity": "9"}

    page = shopper.fill_in(path)

    assert (page.user, page.cart) == (shopper.name, {"mango": 3})
    assert shopper.session_id not in (attacker.session_id, "")
    assert shopper.send("/cart", known).status in (400, 403)
    seen = attacker.open()
    assert (seen.user, seen.cart) == ("", {})


def test_a_name_is_text_and_no_markup(shopper: Shopper) -> None:
    """It comes back escaped, wherever it stands; Django does not take such a name."""
    shopper.name = SCRIPT[:20] + shopper.name

    page = shopper.fill_in("/register")

    assert "<script>" not in page.body
    if not page.errors:
        assert (page.user, page.flashes) == (shopper.name, [f"Welcome, {shopper.name}"])
        assert "<script>" not in shopper.open().body


def test_what_tells_sessions_apart_is_kept_from_scripts_and_caches(shopper: Shopper) -> None:
    """The cookie goes to no other site and to no script, and no cache keeps a page."""
    shopper.put("lemon", 1)

    pages = [shopper.open(path) for path in ("/", "/login", "/register")]

    (said,) = {line.partition("=")[2].partition(";")[2] for line in shopper.said_cookies if line.startswith("id=")}
    attributes = {attribute.strip().lower() for attribute in said.split(";")}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes
    assert {page.headers["Cache-Control"] for page in pages} == {"no-store"}
