"""Ids and cookies, by WSGI and by ASGI, against the security checklist: what clients send, and what they get."""

import logging
import math
from collections import Counter
from collections.abc import Callable

import pytest
from cluster import Clock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memcached_process import MemcachedProcess, StartMemcached
from web.exchanges import Visitor
from web.stored import stored, writes
from web.views import KINDS, serve

from memcached_sessions import Session, SessionManager
from memcached_sessions.manager import ConfigurationError
from memcached_sessions.manager.session_id import SessionId

NewManager = Callable[..., SessionManager]
SID = "0123456789abcdef0123456789abcdef"

pytestmark = pytest.mark.parametrize("kind", KINDS)


def begin(session: Session) -> str:
    """Log in; return who had been."""
    before = session.get("user", "nobody")
    session["user"] = "ann"
    return before


def user(session: Session) -> str:
    """Return who is logged in."""
    return session.get("user", "nobody")


def commands(memcached: MemcachedProcess) -> int:
    """Return how many commands of any session the node was sent so far."""
    found = memcached.statistics()
    return sum(int(found[counter]) for counter in ("cmd_meta", "cmd_get", "cmd_set", "cmd_touch"))


def of_app(kind: str, view: Callable[[Session], object], manager: SessionManager, cookie: str | None) -> Visitor:
    """Return a visitor who sends a cookie."""
    return Visitor(serve(kind, view, manager), cookie)


@pytest.mark.parametrize(
    "cookie",
    [
        "../../etc/passwd",
        SID.upper(),
        SID[1:],
        SID + "0",
        f"{SID}-",
        f"{SID}-n1 \r\nflush_all",
        f"{SID}-n1\x00",
        f"{SID}-{'n' * 17}",
        f"{SID}-n1.{'a' * 64}",
        f"{SID}-n1.a~",
        f"{SID}-127.0.0.1:11211",
        f"{SID}%2Dn1",
        "\u0660" * 32,
        "x" * 65536,
    ],
)
def test_what_is_no_id_is_the_same_as_none(
    kind: str,
    cookie: str,
    new_manager: NewManager,
    shared_memcached: MemcachedProcess,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """S1, T3: no node is asked, nothing is logged, and a session that begins has an id of its own."""
    cookie = cookie.encode().decode("latin-1")
    manager = new_manager(runtime=Clock())  # with which it does not look at its nodes on its own
    before = commands(shared_memcached)

    with caplog.at_level(logging.DEBUG, "memcached_sessions"):
        read = of_app(kind, user, manager, cookie).ask()
    unasked = commands(shared_memcached) == before
    begun = of_app(kind, begin, manager, cookie)
    begun.ask()

    assert read.body == b"nobody"
    assert unasked
    assert not caplog.records
    assert SessionId.parse(begun.cookie)
    assert begun.sid != SID


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.text(st.characters(max_codepoint=255), max_size=80))
def test_no_cookie_header_is_an_error(kind: str, header: str, manager: SessionManager) -> None:
    """S1, T3: whatever bytes a client sends."""
    visitor = Visitor(serve(kind, user, manager), other_cookies=header)

    assert visitor.ask().body == b"nobody"


@pytest.mark.parametrize("node", ["zz", "n2", "127"])
def test_a_node_that_a_client_made_up_is_never_used(
    kind: str, node: str, new_manager: NewManager, shared_memcached: MemcachedProcess
) -> None:
    """S1: the session is found where it is, and the client is told."""
    visitor = of_app(kind, begin, new_manager(), None)
    visitor.ask()
    visitor.app = serve(kind, user, new_manager(route="b"))
    visitor.cookie = f"{visitor.sid}-{node}.a~0000"

    answer = visitor.ask()

    assert answer.body == b"ann"
    assert visitor.cookie.startswith(f"{visitor.sid}-n1.b~")
    assert shared_memcached.port


@pytest.mark.parametrize("cookie", [SID, f"{SID}-n1", f"{SID}-n1.a", f"{SID}-n1.a~0000"])
def test_an_unknown_id_is_replaced(kind: str, cookie: str, manager: SessionManager) -> None:
    """S2, T2: nobody can choose the id of somebody else."""
    visitor = of_app(kind, begin, manager, cookie)
    visitor.ask()

    assert visitor.sid != SID
    assert of_app(kind, user, manager, cookie).ask().body == b"nobody"
    assert of_app(kind, user, manager, visitor.cookie).ask().body == b"ann"


def test_a_node_that_is_down_makes_no_id_unknown(kind: str, start_memcached: StartMemcached) -> None:
    """S2, T2: the client keeps its id, and has its session when the node is back."""
    memcached = start_memcached()
    nodes = f"n1:127.0.0.1:{memcached.port}"
    with SessionManager(nodes, route="a") as first, SessionManager(nodes, route="b") as second:
        visitor = of_app(kind, begin, first, None)
        visitor.ask()
        memcached.freeze()
        visitor.app = serve(kind, lambda session: (user(session), session.degraded), second)

        during = visitor.ask()
        memcached.resume()

        assert during.body == b"('nobody', True)"
        assert during.set_cookie == ""
        assert of_app(kind, user, first, visitor.cookie).ask().body == b"ann"


def test_a_rotated_id_is_dead(kind: str, new_manager: NewManager) -> None:
    """S3, T5: in every process; what was fixed by an attacker before the login is worth nothing after it."""
    manager = new_manager()
    visitor = of_app(kind, begin, manager, None)
    visitor.ask()
    known_to_attacker = visitor.cookie
    visitor.app = serve(kind, lambda session: session.rotate(), manager)

    rotated = visitor.ask()

    assert rotated.set_cookie
    assert visitor.cookie != known_to_attacker
    for server in (manager, new_manager(route="b")):
        assert of_app(kind, user, server, visitor.cookie).ask().body == b"ann"
        assert of_app(kind, user, server, known_to_attacker).ask().body == b"nobody"


def test_no_log_and_no_repr_has_an_id(
    kind: str, new_manager: NewManager, caplog: pytest.LogCaptureFixture, shared_memcached: MemcachedProcess
) -> None:
    """S9: nor what a session holds; a view shows it, and one fails, in debug mode."""
    manager = new_manager()
    visitor = of_app(kind, begin, manager, None)
    sids = set[str]()

    def fail(session: Session) -> None:
        session["lock"] = object()

    with caplog.at_level(logging.DEBUG):
        for view in (begin, repr, lambda session: session.rotate(), repr, lambda session: session.destroy()):
            visitor.app = serve(kind, view, manager)
            shown = visitor.ask().body.decode()
            sids.add(visitor.sid)
            assert "ann" not in shown
            assert not [sid for sid in sids if sid and sid in shown]
        with pytest.raises(ValueError, match="lock") as error:
            of_app(kind, fail, manager, None).ask()

    logged = " ".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    assert len(sids) == 3
    assert not [sid for sid in sids if sid and (sid in logged or sid in str(error.value))]
    assert writes(shared_memcached)


def test_ids_are_random(kind: str, manager: SessionManager) -> None:
    """T1: 128 bits each, from the system's generator; each digit carries four."""
    sids: list[str] = []
    for _ in range(200):
        visitor = of_app(kind, begin, manager, None)
        visitor.ask()
        sids.append(visitor.sid)

    assert len(set(sids)) == 200
    assert all(len(sid) == 32 for sid in sids)
    counts = Counter("".join(sids))
    entropy = -sum(count / 6400 * math.log2(count / 6400) for count in counts.values())
    assert entropy > 3.98  # of 4; less has a chance below 1e-20


def test_an_empty_id_is_none(kind: str, manager: SessionManager) -> None:
    """T4, S11: CVE-2015-3982. Clients with an empty cookie share nothing."""
    for cookie in ("", '""', " "):
        visitor = of_app(kind, begin, manager, cookie)
        assert visitor.ask().body == b"nobody"
        assert visitor.sid


def test_a_new_session_takes_nobodys_place(kind: str, manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    """T6: if chance gave an id twice, the one who has it keeps it."""
    first = of_app(kind, begin, manager, None)
    first.ask()
    tokens = iter([bytes.fromhex(first.sid)])
    runtime = manager._process.runtime  # noqa: SLF001 - chance cannot be made to do this
    real = runtime.token
    second_manager_view = serve(kind, lambda session: session.update(user="mallory"), manager)
    monkeypatch.setattr(runtime, "token", lambda size: next(tokens, None) or real(size))

    second = Visitor(second_manager_view)
    second.ask()

    assert of_app(kind, user, manager, first.cookie).ask().body == b"ann"


def test_a_slow_request_does_not_undo_a_logout(
    kind: str, new_manager: NewManager, shared_memcached: MemcachedProcess
) -> None:
    """T7: it had the session before, and writes to it after; in the same process and in another."""
    manager = new_manager()
    for other in (manager, new_manager(route="b")):
        visitor = of_app(kind, begin, manager, None)
        visitor.ask()
        logout = of_app("wsgi", lambda session: session.destroy(), other, visitor.cookie)

        def slow(session: Session, logout: Visitor = logout) -> None:
            session["page"] = 1
            logout.ask()
            session["page"] = 2

        slow_visitor = of_app(kind, slow, manager, visitor.cookie)
        slow_visitor.ask()

        assert stored(shared_memcached, visitor.cookie) == {}
        for server in (manager, other):
            assert of_app(kind, user, server, visitor.cookie).ask().body == b"nobody"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookies_are_safe_without_settings(kind: str, scheme: str, manager: SessionManager) -> None:
    """T8: no script reads them, no other site sends them with its forms, no plain http carries what https has set."""
    visitor = Visitor(serve(kind, begin, manager), scheme=scheme)
    attributes = visitor.ask().set_cookie.split("; ")[1:]

    assert attributes == ["Path=/", "HttpOnly", "SameSite=Lax"] + ["Secure"] * (scheme == "https")


@pytest.mark.parametrize("name", ["__Host-id", "__Secure-id"])
def test_a_cookie_with_a_prefix_can_be_deleted(kind: str, name: str, new_manager: NewManager) -> None:
    """T9: browsers ignore a deletion that lacks what the prefix demands; a proxy has taken the request by https."""
    manager = new_manager(cookie_name=name)
    (begun,) = Visitor(serve(kind, begin, manager)).ask().all("Set-Cookie")
    browser = Visitor(serve(kind, lambda session: session.destroy(), manager), other_cookies=begun.partition(";")[0])

    (deleted,) = browser.ask().all("Set-Cookie")

    assert begun.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Lax; Secure"
    assert deleted == f"{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"
    with pytest.raises(ConfigurationError):
        new_manager(cookie_name="__Host-id", cookie_path="/shop")


def test_sessions_end_when_they_rest_and_when_they_are_old(kind: str) -> None:
    """T10: both limits hold, whatever the client goes on sending."""
    clock = Clock()
    with SessionManager("memory://", max_inactive_interval=60, absolute_timeout=200, runtime=clock) as manager:
        resting, busy = of_app(kind, begin, manager, None), of_app(kind, begin, manager, None)
        resting.ask()
        busy.ask()
        seen: list[bytes] = []
        for view in [user] * 6:
            clock.ahead += 40
            busy.app = serve(kind, view, manager)
            seen.append(busy.ask().body)

        assert seen == [b"ann"] * 4 + [b"nobody"] * 2
        assert of_app(kind, user, manager, resting.cookie).ask().body == b"nobody"
