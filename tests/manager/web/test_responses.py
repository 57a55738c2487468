"""What a response says of the session, by WSGI and by ASGI: the cookie only when it changes, and what caches need."""

from collections.abc import Callable
from typing import Any

import pytest
from memcached_process import MemcachedProcess
from web.exchanges import Answer, Visitor
from web.stored import stored, writes
from web.views import KINDS, View, serve

from memcached_sessions import Session, SessionManager
from memcached_sessions.manager.cookie import CookieKind

NewManager = Callable[..., SessionManager]

pytestmark = pytest.mark.parametrize("kind", KINDS)


def count(session: Session) -> int:
    """Count the visits."""
    session["visits"] = session.get("visits", 0) + 1
    return session["visits"]


def ignore(session: Session) -> str:
    """Not look at it."""
    del session
    return "the same for all"


def answers(kind: str, manager: SessionManager, *views: View) -> list[Answer]:
    """Return the responses to one visitor."""
    visitor = Visitor(None)
    found: list[Answer] = []
    for view in views:
        visitor.app = serve(kind, view, manager)
        found.append(visitor.ask())
    return found


def test_a_session_lives_from_request_to_request(kind: str, manager: SessionManager) -> None:
    """As long as the visitor sends its cookie back."""
    visitor, other = Visitor(serve(kind, count, manager)), Visitor(serve(kind, count, manager))

    assert [visitor.ask().body for _ in range(3)] == [b"1", b"2", b"3"]
    assert other.ask().body == b"1"


def test_the_cookie_is_set_once(kind: str, manager: SessionManager) -> None:
    """A later response does not set it again: it could undo what a parallel one has set."""
    begun, changed, read = answers(kind, manager, count, count, lambda session: session["visits"])

    assert begun.set_cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert changed.set_cookie == read.set_cookie == ""
    assert read.body == b"2"


def test_a_session_without_data_leaves_no_trace(
    kind: str, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """S11: CVE-2015-5963. No cookie and no store write, for robots and health checks."""
    before = writes(shared_memcached)

    empty, cleared = answers(kind, manager, lambda session: session.get("user"), lambda session: session.clear())

    assert empty.set_cookie == cleared.set_cookie == ""
    assert writes(shared_memcached) == before
    assert manager.health().sessions == 0


def test_a_session_that_was_not_looked_at_is_not_in_the_response(kind: str, manager: SessionManager) -> None:
    """Whether there is one or not: caches may keep it for everybody."""
    begun, ignored = answers(kind, manager, count, ignore)

    assert begun.all("Vary") == ["Cookie"]
    assert ignored.all("Vary") == []
    assert ignored.set_cookie == ""


LOOKS: dict[str, View] = {
    "get": lambda session: session.get("user"),
    "in": lambda session: "user" in session,
    "len": len,
    "bool": bool,
    "iter": list,
    "keys": lambda session: list(session.keys()),
    "equal": lambda session: session == {},
    "copy": lambda session: session.copy(),
    "repr": repr,
    "sid": lambda session: session.sid,
    "id": lambda session: session.id,
    "has_id": lambda session: session.has_id,
    "is_new": lambda session: session.is_new,
    "created": lambda session: session.created,
    "pop": lambda session: session.pop("user", None),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("exists", [True, False])
def test_whoever_looks_at_the_session_varies_by_cookie(
    kind: str, look: str, exists: bool, manager: SessionManager
) -> None:
    """T11, S11: CVE-2023-30861, CVE-2026-27205. However it looks."""
    seen = answers(kind, manager, *([count] if exists else []), LOOKS[look])[-1]

    assert seen.all("Vary") == ["Cookie"]
    assert seen.set_cookie == ""


@pytest.mark.parametrize("exists", [True, False])
def test_a_response_with_the_cookie_varies_by_cookie(kind: str, exists: bool, manager: SessionManager) -> None:
    """T11, S11: CVE-2026-35192. Also if it was set without a look."""
    views: list[View] = [lambda session: session.destroy()] if exists else [lambda session: session.update(user=7)]

    last = answers(kind, manager, *([count] if exists else []), *views)[-1]

    assert last.set_cookie
    assert last.all("Vary") == ["Cookie"]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (["Accept-Encoding"], ["Accept-Encoding, Cookie"]),
        (["Accept-Encoding, cookie"], ["Accept-Encoding, cookie"]),
        (["*"], ["*"]),
        (["Origin", "Accept-Encoding"], ["Origin", "Accept-Encoding, Cookie"]),
        (["Cookie", "Accept-Encoding"], ["Cookie", "Accept-Encoding"]),
        (["X-Cookie"], ["X-Cookie, Cookie"]),
        ([""], ["Cookie"]),
    ],
)
def test_what_the_application_varies_by_stays(
    kind: str, own: list[str], expected: list[str], manager: SessionManager
) -> None:
    """In the headers that it has sent."""
    answer = Visitor(serve(kind, count, manager, *(("Vary", value) for value in own))).ask()

    assert answer.all("Vary") == expected


def test_cookies_of_the_application_stay(kind: str, manager: SessionManager) -> None:
    """There may be several headers of one name."""
    app = serve(kind, count, manager, ("Set-Cookie", "theme=dark"), ("Set-Cookie", "seen=yes"))

    answer = Visitor(app).ask()

    assert answer.all("Set-Cookie")[:2] == ["theme=dark", "seen=yes"]
    assert len(answer.all("Set-Cookie")) == 3


def test_the_session_is_found_among_other_cookies(kind: str, manager: SessionManager) -> None:
    """Also beside one that no parser of whole headers accepts."""
    visitor = Visitor(serve(kind, count, manager), other_cookies='theme=dark; bad[]="; id2=0')

    assert [visitor.ask().body for _ in range(2)] == [b"1", b"2"]


def test_destroying_deletes_the_cookie(kind: str, manager: SessionManager) -> None:
    """By the same attributes; a visitor without one is told nothing."""
    destroyed = answers(kind, manager, count, lambda session: session.destroy())[-1]
    none = answers(kind, manager, lambda session: session.destroy())[-1]

    assert destroyed.set_cookie == "id=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    assert none.set_cookie == ""


def clear(session: Session) -> None:
    """Log out, as applications do that know no other way."""
    session.clear()


def log_in_anew(session: Session) -> None:
    """Leave nothing of what was there before the login."""
    session.clear()
    session["user"] = 7


def test_clearing_ends_the_session(kind: str, manager: SessionManager, shared_memcached: MemcachedProcess) -> None:
    """It is the usual logout: in every process, and the cookie is deleted; who comes next has another id."""
    visitor = Visitor(serve(kind, count, manager))
    visitor.ask()
    old = visitor.cookie
    visitor.app = serve(kind, clear, manager)

    cleared = visitor.ask()

    assert cleared.set_cookie == "id=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    assert cleared.all("Vary") == ["Cookie"]
    assert stored(shared_memcached, old) == {}
    assert manager.health().sessions == 0
    returned = Visitor(serve(kind, count, manager), old)
    assert returned.ask().body == b"1"
    assert returned.sid != str(old)[:32]


def test_what_is_put_into_a_cleared_session_has_a_new_id(
    kind: str, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """It is the usual login: whoever knew the old id is not logged in."""
    visitor = Visitor(serve(kind, count, manager))
    visitor.ask()
    old = visitor.cookie
    visitor.app = serve(kind, log_in_anew, manager)

    visitor.ask()

    assert visitor.sid != str(old)[:32]
    assert stored(shared_memcached, visitor.cookie) == {"user": 7}
    assert stored(shared_memcached, old) == {}
    assert Visitor(serve(kind, count, manager), old).ask().body == b"1"


def test_a_session_that_was_cleared_and_rotated_is_rotated_once(
    kind: str, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """The application has seen to the new id itself."""

    def log_in(session: Session) -> str:
        session.clear()
        session.rotate()
        session["user"] = 7
        return session.sid

    visitor = Visitor(serve(kind, count, manager))
    visitor.ask()
    visitor.app = serve(kind, log_in, manager)

    assert visitor.ask().body.decode() == visitor.sid
    assert stored(shared_memcached, visitor.cookie) == {"user": 7}


def test_a_session_whose_attributes_were_removed_one_by_one_goes_on(kind: str, manager: SessionManager) -> None:
    """Messages that were shown, and the like: it is empty, and has its id."""
    visitor = Visitor(serve(kind, count, manager))
    visitor.ask()
    sid = visitor.sid
    visitor.app = serve(kind, lambda session: session.pop("visits"), manager)

    assert visitor.ask().set_cookie == ""
    visitor.app = serve(kind, count, manager)
    assert visitor.ask().body == b"1"
    assert visitor.sid == sid


def test_what_a_request_beside_a_logout_writes_is_lost(
    kind: str, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """And its response leaves the cookie alone."""
    visitor = Visitor(serve(kind, count, manager))
    visitor.ask()
    old, beside = visitor.cookie, manager.open(visitor.cookie)
    assert beside["visits"] == 1
    visitor.app = serve(kind, clear, manager)
    visitor.ask()

    beside["page"] = 2
    action = manager.commit(beside)
    manager.release(beside)

    assert action.kind is CookieKind.NOTHING
    assert stored(shared_memcached, old) == {}


def test_a_session_that_a_failing_view_has_cleared_goes_on_empty(kind: str, manager: SessionManager) -> None:
    """No response of ours can delete its cookie."""

    def fail(session: Session) -> None:
        session.clear()
        raise LookupError("the view failed")

    visitor = Visitor(serve(kind, count, manager))
    visitor.ask()
    visitor.app = serve(kind, fail, manager)
    with pytest.raises(LookupError):
        visitor.ask()
    visitor.app = serve(kind, lambda session: f"{dict(session.items())} {session.sid}", manager)

    assert visitor.ask().body.decode() == f"{{}} {visitor.sid}"


def test_the_settings_of_the_cookie_hold(kind: str, new_manager: NewManager) -> None:
    """All of them, when it is set and when it is deleted."""
    manager = new_manager(
        cookie_domain="shop.example",
        cookie_path="/shop",
        cookie_httponly=False,
        cookie_samesite="None",
        cookie_partitioned=True,
    )
    attributes = "Domain=shop.example; Path=/shop; SameSite=None; Secure; Partitioned"

    begun, ended = answers(kind, manager, count, lambda session: session.destroy())

    assert begun.set_cookie.partition("; ")[2] == attributes
    assert ended.set_cookie == f"id=; Max-Age=0; {attributes}"


def test_the_cookie_has_the_name_of_the_setting(kind: str, new_manager: NewManager) -> None:
    """In both directions."""
    app = serve(kind, count, new_manager(cookie_name="shop-session"))
    (begun,) = Visitor(app).ask().all("Set-Cookie")

    assert Visitor(app, other_cookies=begun.partition(";")[0]).ask().body == b"2"


def test_the_cookie_is_secure_if_the_request_is(kind: str, manager: SessionManager) -> None:
    """Without a setting."""
    answer = Visitor(serve(kind, count, manager), scheme="https").ask()

    assert answer.set_cookie.endswith("; Secure")


def test_ignored_requests_ask_no_node(kind: str, new_manager: NewManager, shared_memcached: MemcachedProcess) -> None:
    """The pattern is matched with the whole path, as text."""
    manager = new_manager(request_uri_ignore_pattern="/häfen/.*")
    visitor = Visitor(serve(kind, count, manager))
    before = writes(shared_memcached)

    ignored = visitor.ask("/häfen/logo.png")

    assert ignored.set_cookie == ""
    assert writes(shared_memcached) == before
    assert visitor.ask("/hafen/").set_cookie


def test_what_a_failing_view_has_put_into_a_new_session_is_not_stored(
    kind: str, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """No response of ours can carry its cookie."""

    def fail(session: Session) -> None:
        session["user"] = 7
        raise LookupError("the view failed")

    before = writes(shared_memcached)

    with pytest.raises(LookupError, match="the view failed"):
        Visitor(serve(kind, fail, manager)).ask()

    assert writes(shared_memcached) == before


def test_a_response_is_not_sent_before_the_session_is_stored(
    kind: str, manager: SessionManager, shared_memcached: MemcachedProcess
) -> None:
    """Whoever has the response finds what it tells of, in any process."""
    visitor = Visitor(serve(kind, count, manager))
    for visits in (1, 2):
        visitor.ask()
        assert stored(shared_memcached, visitor.cookie) == {"visits": visits}


def test_a_value_that_cannot_be_kept_is_an_error_before_anything_is_sent(kind: str, manager: SessionManager) -> None:
    """With its path; the session goes on without it."""
    visitor = Visitor(serve(kind, count, manager))
    visitor.ask()

    def keep_a_lock(session: Session) -> None:
        session["lock"] = object()

    with pytest.raises(ValueError, match="lock"):
        Visitor(serve(kind, keep_a_lock, manager), visitor.cookie).ask()

    assert visitor.ask().body == b"2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give the middleware nodes"),
        ({"route": "a"}, "give the middleware nodes"),
        ({"nodes": "memory://", "manager": True}, "give nodes to that"),
        ({"manager": True, "route": "a"}, "give route to that"),
    ],
)
def test_a_middleware_has_a_manager_or_makes_one(
    kind: str, arguments: dict[str, Any], message: str, manager: SessionManager
) -> None:
    """Never both, or settings would be without effect."""
    from memcached_sessions.manager.web import asgi, wsgi

    if "manager" in arguments:
        arguments = arguments | {"manager": manager}

    with pytest.raises(TypeError, match=message):
        {"wsgi": wsgi, "asgi": asgi}[kind].SessionMiddleware(lambda: None, **arguments)
