"""Flask's conventions for sessions, on real memcached: cookie, lifetime, marks, test client, streams, settings."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from markupsafe import Markup
from memcached_process import MemcachedProcess
from web.flask_shop import SECRET_KEY, new_shop

from memcached_sessions import SessionManager
from memcached_sessions.manager.errors import ConfigurationError
from memcached_sessions.manager.web.flask import EXTENSION, FlaskSession, MemcachedSessions
from memcached_sessions.serializers import SerializationError

NewShop = Callable[..., Flask]
ANOTHER_KEY = "another secret of the tests"
SHORT_KEY = "dev"


@pytest.fixture
def nodes(shared_memcached: MemcachedProcess) -> str:
    """The address of the node."""
    return f"n1:127.0.0.1:{shared_memcached.port}"


@pytest.fixture
def shop(nodes: str) -> Iterator[NewShop]:
    """Return what makes applications on the node, each as a process of its own would have it."""
    made: list[SessionManager] = []

    def new(**config: Any) -> Flask:
        app = new_shop(nodes, **config)
        made.append(app.extensions[EXTENSION])
        return app

    yield new
    for manager in made:
        manager.close()


@pytest.fixture
def client(shop: NewShop) -> FlaskClient:
    """A visitor of an application with the settings that are there by default."""
    return shop().test_client()


def cookie_of(client: FlaskClient) -> str:
    """Return the session id that a visitor has; empty: none."""
    cookie = client.get_cookie("session")
    return "" if cookie is None else cookie.value


def shown(client: FlaskClient) -> dict[str, Any]:
    """Return what the session of a visitor holds."""
    return client.get("/show").json


def with_cookie(client: FlaskClient, cookie: str) -> FlaskClient:
    """Return another visitor of an application, who sends that cookie."""
    other = client.application.test_client()
    other.set_cookie("session", cookie)
    return other


# From request to request


def test_a_session_lives_from_request_to_request(client: FlaskClient) -> None:
    """Changes deep inside a value too."""
    client.get("/put?a=1")
    client.get("/append?item=tea")
    client.get("/append?item=milk")
    assert shown(client) == {"a": "1", "cart": ["tea", "milk"]}
    assert cookie_of(client)[32:40] == "-n1.app1"


def test_another_process_takes_the_session_over(shop: NewShop) -> None:
    """And its route comes into the cookie, although the request only reads."""
    one = shop().test_client()
    one.get("/put?a=1")
    other = with_cookie(shop(MEMCACHED_SESSIONS_ROUTE="app2").test_client(), cookie_of(one))
    response = other.get("/show")
    assert response.json == {"a": "1"}
    assert cookie_of(other)[:32] == cookie_of(one)[:32]
    assert cookie_of(other)[32:40] == "-n1.app2"
    assert response.headers["Vary"] == "Cookie"


def test_values_that_flask_keeps_are_kept(client: FlaskClient) -> None:
    """Markup, UUID, datetime, bytes, tuples: what its own sessions take."""
    values = {
        "markup": Markup("<b>tea</b>"),
        "uuid": UUID(int=7),
        "when": datetime(2026, 1, 1, tzinfo=UTC),
        "raw": b"\xff",
        "pair": (1, "b"),
    }
    with client.session_transaction() as transaction:
        transaction.update(values)
    with client.session_transaction() as transaction:
        assert dict(transaction) == values
        assert type(transaction["markup"]) is Markup
        assert type(transaction["pair"]) is tuple


def test_a_session_is_a_dict_and_a_session_of_flask(client: FlaskClient) -> None:
    """Extensions and encoders test for one or the other."""
    from flask.sessions import SessionMixin

    with client.session_transaction() as transaction:
        assert isinstance(transaction, dict)
        assert isinstance(transaction, SessionMixin)
        assert isinstance(transaction, FlaskSession)


# Cookie and caches


def test_a_request_that_does_not_look_at_its_session_leaves_no_trace(client: FlaskClient) -> None:
    """Line S11, CVE-2015-5963: no cookie, no Vary, and no store write even if it looks."""
    response = client.get("/plain")
    assert "Set-Cookie" not in response.headers
    assert "Vary" not in response.headers
    response = client.get("/show")
    assert "Set-Cookie" not in response.headers
    assert response.headers["Vary"] == "Cookie"
    assert client.application.extensions[EXTENSION].health().sessions == 0


@pytest.mark.parametrize(
    "look",
    [
        lambda: "x" in session,
        lambda: len(session),
        lambda: bool(session),
        lambda: list(session),
        lambda: session.get("x"),
        lambda: session == {},
        lambda: session.permanent,
        lambda: session.new,
        lambda: dict(session),
    ],
)
def test_whatever_looks_at_the_session_is_told_to_caches(shop: NewShop, look: Callable[[], object]) -> None:
    """Lines T11, S11, CVE-2023-30861, CVE-2026-27205: also ``in`` and ``len``."""
    app = shop()

    @app.get("/look")
    def view() -> str:
        look()
        return ""

    client = app.test_client()
    assert client.get("/look").headers["Vary"] == "Cookie"
    client.get("/put?a=1")
    assert client.get("/look").headers["Vary"] == "Cookie"
    assert client.get("/clear").headers["Vary"] == "Cookie"


def test_every_reader_marks_the_session_itself() -> None:
    """Line T11: Flask before 3.1.3 does not."""
    with SessionManager("memory://") as manager:
        for look in (
            len,
            list,
            bool,
            dict,
            repr,
            lambda it: "x" in it,
            lambda it: it.get("x"),
            lambda it: it.permanent,
        ):
            looked_at = FlaskSession.of(manager.open(None))
            look(looked_at)
            assert looked_at.accessed is (look is not repr), look
            assert not looked_at.modified


@pytest.mark.parametrize(
    ("change", "modifies"),
    [
        (lambda it: it.update(b=1), True),
        (lambda it: it.pop("a"), True),
        (lambda it: it.pop("b", None), False),
        (lambda it: it.popitem(), True),
        (lambda it: it.setdefault("a", 2), False),
        (lambda it: it.setdefault("b", 2), True),
        (lambda it: it.clear(), True),
        (lambda it: it.__delitem__("a"), True),
        (lambda it: it.__ior__({"b": 1}), True),
        (lambda it: it.rotate(), True),
        (lambda it: setattr(it, "permanent", True), False),
        (lambda it: it.get("a"), False),
    ],
)
def test_what_modifies_a_session(change: Callable[[Any], object], modifies: bool) -> None:
    """Which attributes there are and what they are set to; how long it lives is no change of it."""
    with SessionManager("memory://") as manager:
        changed = FlaskSession.of(manager.open(None))
        changed["a"] = 1
        changed.modified = False
        change(changed)
        assert changed.modified is modifies


def test_the_cookie_is_set_once(client: FlaskClient) -> None:
    """A later response does not set it again: it could undo what a parallel one has set."""
    assert "Set-Cookie" in client.get("/put?a=1").headers
    for path in ("/put?a=2", "/show", "/plain"):
        assert "Set-Cookie" not in client.get(path).headers


def test_the_cookie_is_what_the_settings_say(shop: NewShop) -> None:
    """Line T8: Flask's SESSION_COOKIE_* hold."""
    header = shop().test_client().get("/put?a=1").headers["Set-Cookie"]
    assert header.endswith("; HttpOnly; Path=/")
    client = shop(
        SESSION_COOKIE_NAME="__Secure-shop",
        SESSION_COOKIE_DOMAIN="shop.example",
        SESSION_COOKIE_PATH="/shop",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_PARTITIONED=True,
        SESSION_COOKIE_HTTPONLY=False,
    ).test_client()
    header = client.get("/put?a=1").headers["Set-Cookie"]
    assert header.startswith("__Secure-shop=")
    assert header.partition("; ")[2] == "Domain=shop.example; Secure; Path=/shop; SameSite=Strict; Partitioned"


def test_an_emptied_session_ends_and_takes_its_cookie_along(shop: NewShop) -> None:
    """Line T9: by the attributes that it was set with, or browsers would keep it; a copy of the id opens nothing."""
    client = shop(SESSION_COOKIE_NAME="__Host-shop", SESSION_COOKIE_SECURE=True).test_client()
    cookie = client.get("/put?a=1").headers["Set-Cookie"]
    name, _, rest = cookie.partition("=")
    session_id, _, attributes = rest.partition("; ")
    client.set_cookie(name, session_id)
    deleted = client.get("/clear").headers["Set-Cookie"]
    assert deleted.startswith("__Host-shop=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; ")
    assert deleted.endswith(attributes)
    client.set_cookie(name, session_id)
    assert shown(client) == {}


@pytest.mark.parametrize("cookie", ["", "admin", "0" * 32, "0" * 31 + "g", "x" * 4000, "..", "0" * 32 + "-n1.app1"])
def test_a_made_up_cookie_gets_a_session_of_ours(client: FlaskClient, cookie: str) -> None:
    """Lines S1, S2, S11, T1, T2, T3, T4: what is no id, or not known, is never adopted (CVE-2015-3982)."""
    made_up = with_cookie(client, cookie)
    assert shown(made_up) == {}
    made_up.get("/put?a=1")
    assert cookie_of(made_up)[:32] != cookie[:32]
    assert int(cookie_of(made_up)[:32], 16) >= 0
    assert shown(made_up) == {"a": "1"}


def test_rotation_changes_the_id_and_kills_the_old_one(client: FlaskClient) -> None:
    """Lines S3, T5: what the session holds stays."""
    client.get("/put?a=1")
    old = cookie_of(client)
    client.get("/rotate")
    assert cookie_of(client)[:32] != old[:32]
    assert shown(client) == {"a": "1"}
    assert shown(with_cookie(client, old)) == {}


def test_a_slow_request_does_not_bring_a_session_back(shop: NewShop) -> None:
    """Line T7: nor the cookie of a session that was rotated meanwhile (R19)."""
    app = shop()
    client = app.test_client()

    @app.get("/slow/<path>")
    def slow(path: str) -> str:
        session["late"] = 1
        with_cookie(client, cookie_of(client)).get(f"/{path}")
        session["later"] = 1
        return ""

    for path in ("clear", "rotate"):
        client.get("/put?a=1")
        old = cookie_of(client)
        assert "Set-Cookie" not in client.get(f"/slow/{path}").headers
        assert shown(with_cookie(client, old)) == {}


# Lifetime


def test_a_permanent_session_has_a_cookie_that_outlives_the_browser(client: FlaskClient) -> None:
    """For PERMANENT_SESSION_LIFETIME, renewed by each response of a request that looks at it."""
    assert "Expires" not in client.get("/put?a=1").headers["Set-Cookie"]
    response = client.get("/permanent/1")
    assert abs(lifetime(response) - timedelta(days=31)) < timedelta(seconds=5)
    assert abs(lifetime(client.get("/show")) - timedelta(days=31)) < timedelta(seconds=5)
    assert shown(client) == {"a": "1", "_permanent": True}
    assert "Set-Cookie" not in client.get("/plain").headers
    assert "Expires" not in client.get("/permanent/0").headers["Set-Cookie"]
    assert "Set-Cookie" not in client.get("/show").headers


def lifetime(response: Any) -> timedelta:
    """Return for how long a browser keeps the cookie of a response."""
    from werkzeug.http import parse_date

    (expires,) = [part[8:] for part in response.headers["Set-Cookie"].split("; ") if part.startswith("Expires=")]
    until = parse_date(expires)
    assert until
    return until - datetime.now(UTC)


@pytest.mark.parametrize(
    ("permanent", "refresh", "expected"),
    [(1, True, True), (1, False, False), (0, True, False), (0, False, False)],
)
def test_session_refresh_each_request(shop: NewShop, permanent: int, refresh: bool, expected: bool) -> None:
    """A permanent one's cookie is renewed by each request, or with a change only; another one's by none."""
    client = shop(SESSION_REFRESH_EACH_REQUEST=refresh).test_client()
    client.get(f"/permanent/{permanent}")
    client.get("/put?a=1")
    client.get(f"/permanent/{permanent}")
    assert ("Set-Cookie" in client.get("/show").headers) is expected
    assert ("Set-Cookie" in client.get(f"/permanent/{permanent}").headers) is expected
    assert ("Set-Cookie" in client.get("/put?a=2").headers) is bool(permanent)


def test_permanence_alone_makes_no_session(client: FlaskClient) -> None:
    """Setting it for every request is common, and would give every robot a session."""
    response = client.get("/permanent/1")
    assert "Set-Cookie" not in response.headers
    assert client.application.extensions[EXTENSION].health().sessions == 0


def test_permanence_is_no_data(client: FlaskClient) -> None:
    """A session that holds nothing else has ended."""
    client.get("/permanent/1")
    client.get("/put?a=1")
    client.get("/permanent/1")
    with client.session_transaction() as transaction:
        del transaction["a"]
        assert transaction.permanent
    assert cookie_of(client) == ""


def test_sessions_rest_as_long_as_flask_says(shop: NewShop) -> None:
    """Line T10: PERMANENT_SESSION_LIFETIME, unless another limit is given; and an absolute one if wanted."""
    manager = shop(PERMANENT_SESSION_LIFETIME=60).extensions[EXTENSION]
    assert manager.settings.max_inactive_interval == 60
    assert manager.settings.absolute_timeout is None
    manager = shop(PERMANENT_SESSION_LIFETIME=timedelta(hours=1)).extensions[EXTENSION]
    assert manager.settings.max_inactive_interval == 3600
    manager = shop(MEMCACHED_SESSIONS_MAX_INACTIVE_INTERVAL=900, MEMCACHED_SESSIONS_ABSOLUTE_TIMEOUT=7200).extensions[
        EXTENSION
    ]
    assert (manager.settings.max_inactive_interval, manager.settings.absolute_timeout) == (900, 7200)


# Test client, contexts, streams, failures


def test_session_transaction(client: FlaskClient) -> None:
    """Reads and writes the session of the test client, and keeps no hold of it."""
    with client.session_transaction() as transaction:
        transaction["a"] = 1
        assert transaction.new
    with client.session_transaction() as transaction:
        assert transaction["a"] == 1
        assert not transaction.new
        transaction["b"] = 2
    assert shown(client) == {"a": 1, "b": 2}


def test_every_request_lets_go_of_its_session(shop: NewShop) -> None:
    """Served, failed, streamed, or of a session_transaction: then another session can take its place."""
    client = shop(MEMCACHED_SESSIONS_MAX_LOCAL_SESSIONS=1, PROPAGATE_EXCEPTIONS=False).test_client()
    for path in ("/put?a=1", "/show", "/plain", "/stream", "/rotate"):
        assert client.get(path).status_code == 200
    with client.session_transaction() as transaction:
        transaction["b"] = 1
    assert client.get("/fail").status_code == 500
    client.application.test_client().get("/put?newest=1")
    assert client.application.extensions[EXTENSION].health().sessions == 1


def test_a_view_that_fails_keeps_what_it_has_changed(shop: NewShop) -> None:
    """As in Flask, whose error page is a response as any."""
    client = shop(PROPAGATE_EXCEPTIONS=False).test_client()
    assert client.get("/fail").status_code == 500
    assert shown(client) == {"kept": "no"}


def test_what_a_stream_changes_is_stored_when_it_has_ended(shop: NewShop) -> None:
    """By another process too."""
    client = shop().test_client()
    client.get("/put?a=1")
    assert client.get("/stream").text == "012"
    assert shown(client) == {"a": "1", "sent": 2}
    assert shown(with_cookie(shop().test_client(), cookie_of(client))) == {"a": "1", "sent": 2}


def test_a_session_that_begins_in_a_stream_is_dropped_and_told(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The head has left: no cookie could be set."""

    @client.application.get("/late")
    def late() -> Any:
        from flask import Response, stream_with_context

        def body() -> Iterator[str]:
            yield "first"
            session["late"] = True
            yield "last"

        return Response(stream_with_context(body()))

    with caplog.at_level(logging.WARNING):
        assert client.get("/late").text == "firstlast"
    assert "A session began while the body of its response was sent" in caplog.text
    assert shown(client) == {}


def test_a_value_that_cannot_be_kept_is_an_error_with_its_path(client: FlaskClient) -> None:
    """And what was stored stays."""

    @client.application.get("/bad")
    def bad() -> str:
        session["cart"] = {"handle": object()}
        return ""

    client.get("/put?a=1")
    with pytest.raises(SerializationError, match=r"cart.*handle"):
        client.get("/bad")
    assert shown(client) == {"a": "1"}


def test_async_views_have_the_session_too(client: FlaskClient) -> None:
    """Flask runs them in a loop of their own."""

    @client.application.get("/async")
    async def view() -> str:
        session["async"] = True
        return ""

    client.get("/async")
    assert shown(client) == {"async": True}


def test_ignored_paths_store_nothing(shop: NewShop) -> None:
    """By request_uri_ignore_pattern."""
    client = shop(MEMCACHED_SESSIONS_REQUEST_URI_IGNORE_PATTERN="/put").test_client()
    assert "Set-Cookie" not in client.get("/put?a=1").headers
    assert shown(client) == {}


# Settings


def test_init_app_serves_several_applications(nodes: str) -> None:
    """Each with its own settings."""
    sessions = MemcachedSessions()
    for route in ("a", "b"):
        app = Flask(route)
        app.config.update(SECRET_KEY=SECRET_KEY, MEMCACHED_SESSIONS_NODES=nodes, MEMCACHED_SESSIONS_ROUTE=route)
        sessions.init_app(app)
        with app.extensions[EXTENSION] as manager:
            assert manager.settings.route == route


def test_a_manager_of_your_own() -> None:
    """Its settings hold, and none of the application's are needed."""
    with SessionManager("memory://", route="mine") as manager:
        app = Flask("shop")
        MemcachedSessions(app, manager=manager)
        assert app.extensions[EXTENSION] is manager


def test_the_secret_key_signs(shop: NewShop) -> None:
    """Lines S5, S11, T14, T16: and its fallbacks are accepted, the present one first (CVE-2025-47278)."""
    client = shop().test_client()
    client.get("/put?a=1")
    new = {"SECRET_KEY": ANOTHER_KEY, "SECRET_KEY_FALLBACKS": [SECRET_KEY]}
    rotated = with_cookie(shop(**new).test_client(), cookie_of(client))
    assert shown(rotated) == {"a": "1"}
    rotated.get("/put?b=1")

    key_alone = shop(SECRET_KEY=ANOTHER_KEY).test_client()
    assert shown(with_cookie(key_alone, cookie_of(rotated))) == {"a": "1", "b": "1"}
    assert shown(with_cookie(shop(SECRET_KEY=ANOTHER_KEY[::-1]).test_client(), cookie_of(rotated))) == {}


def test_signing_keys_of_its_own(shop: NewShop) -> None:
    """Line T14: then SECRET_KEY signs no session."""
    keys = shop(MEMCACHED_SESSIONS_SIGNING_KEYS=["sixteen bytes or more"]).extensions[EXTENSION].settings.mac_keys
    assert keys == (b"sixteen bytes or more",)


def test_a_short_secret_key_signs_too(shop: NewShop) -> None:
    """As it signs cookies: many begin with SECRET_KEY="dev"."""
    client = shop(SECRET_KEY=SHORT_KEY).test_client()
    client.get("/put?a=1")
    assert shown(with_cookie(shop(SECRET_KEY=SHORT_KEY.encode()).test_client(), cookie_of(client))) == {"a": "1"}
    assert shown(with_cookie(shop(SECRET_KEY=SHORT_KEY[::-1]).test_client(), cookie_of(client))) == {}


def test_pickle_needs_a_key_and_is_said_to_be_one(shop: NewShop) -> None:
    """Lines S6, T13: off unless chosen, and never without a signature."""
    assert not shop().session_interface.pickle_based
    assert "pickle" not in shop().extensions[EXTENSION].settings.accepted_serializers
    assert shop(MEMCACHED_SESSIONS_SERIALIZER="pickle").session_interface.pickle_based
    with pytest.raises(ConfigurationError, match=r"^MEMCACHED_SESSIONS_SERIALIZER: serializer cannot be 'pickle'"):
        shop(MEMCACHED_SESSIONS_SERIALIZER="pickle", SECRET_KEY=None)


def test_a_key_that_comes_late_is_refused(nodes: str) -> None:
    """Sessions would be stored unsigned, with nobody knowing."""
    app = Flask("shop")
    app.config.update(MEMCACHED_SESSIONS_NODES=nodes, TESTING=True)
    MemcachedSessions(app)
    app.secret_key = SECRET_KEY
    app.add_url_rule("/", view_func=lambda: "")
    with app.extensions[EXTENSION], pytest.raises(ConfigurationError, match="changed after MemcachedSessions was made"):
        app.test_client().get("/")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"MEMCACHED_SESSIONS_COPIES": 0}, "MEMCACHED_SESSIONS_COPIES: copies cannot be 0; allowed: 1"),
        ({"MEMCACHED_SESSIONS_ROUT": "a"}, "MEMCACHED_SESSIONS_ROUT: .*route"),
        ({"MEMCACHED_SESSIONS_NODES": "?"}, "MEMCACHED_SESSIONS_NODES: memcached_nodes cannot be"),
        ({"MEMCACHED_SESSIONS_MEMCACHED_NODES": "h:1"}, "_NODES and MEMCACHED_SESSIONS_MEMCACHED_NODES are the same"),
        ({"MEMCACHED_SESSIONS_COOKIE_NAME": "x"}, "rules the cookie: set SESSION_COOKIE_NAME instead"),
        ({"PERMANENT_SESSION_LIFETIME": 0}, "^PERMANENT_SESSION_LIFETIME: max_inactive_interval cannot be 0"),
        (
            {"PERMANENT_SESSION_LIFETIME": 0, "MEMCACHED_SESSIONS_MAX_INACTIVE_INTERVAL": 0},
            "^MEMCACHED_SESSIONS_MAX_INACTIVE_INTERVAL: max_inactive_interval cannot be 0",
        ),
    ],
)
def test_wrong_settings_are_refused_at_start(shop: NewShop, config: dict[str, Any], message: str) -> None:
    """With the key as it stands in the configuration, and what is allowed."""
    with pytest.raises(ConfigurationError, match=message):
        shop(**config)


def test_nodes_are_needed() -> None:
    """There is no default that would do."""
    with pytest.raises(ConfigurationError, match="MEMCACHED_SESSIONS_NODES is missing"):
        MemcachedSessions(Flask("shop"))
