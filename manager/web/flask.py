"""Flask: sessions of the manager as ``flask.session``.

`MemcachedSessions` is the extension; Flask's own settings rule the cookie and the lifetime. Invariants: no node is
asked for a request that does not look at its session; a session without data leaves no trace; a cookie is sent only
when the id changes or its lifetime is renewed; a response that depends on the session says so to caches; a session that
could not be asked for is ended by nothing but `FlaskSession.clear`.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from flask import Flask, Request, Response
from flask import session as current_session
from flask.sessions import SessionInterface, SessionMixin
from markupsafe import Markup
from werkzeug.local import LocalProxy

from ...serializers import SerializationError
from ..cookie import CookieAction, CookieKind
from ..errors import ConfigurationError
from ..manager import SessionManager
from ..request_state import Verdict
from ..session import Session
from ..settings import Settings
from .framework_settings import framework_settings, seconds_of
from .safe_text import keep_safe_text

EXTENSION = "memcached_sessions"
"""The key of the manager in ``app.extensions``."""

_PREFIX = "MEMCACHED_SESSIONS_"
_OF_THE_SERIALIZER = "MEMCACHED_SESSIONS_COMPACT"  # chooses the implementation of compact, in the environment
_PERMANENT = "_permanent"
"""The attribute in which Flask keeps whether a session outlives the browser."""


class FlaskSession(Session, SessionMixin):
    """What ``flask.session`` is: a `Session` with the marks that Flask and its extensions look at.

    The marks are about the attributes themselves; what changes deep inside a value is stored all the same.
    """

    modified = False
    permanence_changed = False
    """Whether this request has made it outlive the browser, or not any more."""
    streams = False
    """Whether the body is sent after the session was saved."""
    torn_down = False
    """Whether Flask has told of the end of the request while its body was still to be sent."""

    _marked_as_accessed = False
    _cleared = False
    _refilled = False
    """Whether this request has changed it since it was cleared."""
    _found_something: bool | None = None
    """Whether there was data in it before the first change of this request; None: it has changed nothing."""

    @property
    def accessed(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride] - Flask has an attribute there
        """Whether the response may depend on it: it was looked at, or Flask has handed it out."""
        request = self.request_state
        return self._marked_as_accessed or request.used or request.looked_at

    @accessed.setter
    def accessed(self, value: bool) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._marked_as_accessed = value

    @property
    def new(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride] - Flask has a constant there
        """Whether it begins with this request."""
        return self.is_new

    @property
    def permanent(self) -> bool:
        """Whether the cookie outlives the browser, for ``PERMANENT_SESSION_LIFETIME``."""
        return bool(self.get(_PERMANENT))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        if bool(value) != self.permanent:
            self._shared()[_PERMANENT] = bool(value)
            self.permanence_changed = True

    def rotate(self) -> None:
        """Give the session a new id at once; the old one is dead in every process. For logins."""
        super().rotate()
        self.modified = True

    def clear(self) -> None:
        """Remove all attributes. If nothing follows, the session ends in every process when the request is saved; else
        what follows has a new id from then on, and the old one is dead.
        """
        super().clear()
        self._cleared, self._refilled = True, False

    @property
    def holds_nothing(self) -> bool:
        """Whether there is no data in it; how long it is to live is none."""
        attributes = self.request_state.attributes
        return not attributes or (len(attributes) == 1 and _PERMANENT in attributes)

    @property
    def was_emptied(self) -> bool:
        """Whether this request took out the last of what it had found, and nobody has put in, or can put in, more.

        To be asked after a commit, which has brought in what other processes have put in. Where no node could say that,
        or a backup waits, or another request has the session open, it goes on, empty.
        """
        request = self.request_state
        entry = request.entry
        if not (self._found_something and self.holds_nothing) or entry is None or request.ignored:
            return False
        return not (self.ended or self.superseded or entry.behind or entry.has_others)

    def act_on_clear(self, *, may_rotate: bool) -> None:
        """End what was cleared, or give what was put in since then a new id if the client can still be told."""
        request = self.request_state
        if not self._cleared or request.ignored:
            return
        if not self._refilled or self.holds_nothing:
            self.destroy()
        elif may_rotate:
            if request.entry is None and request.verdict is Verdict.UNDECIDED:
                refilled = dict(request.attributes or {})
                self.destroy()
                self._shared().update(refilled)
            elif request.entry is not None and not self.ended:
                self.rotate()
            self._cleared = False

    def forget_permanence(self) -> None:
        """Remove what alone would make a session out of nothing."""
        if self.request_state.attributes:
            self.request_state.attributes.clear()

    def _changing(self) -> dict[str, Any]:
        self.modified, self._refilled = True, self._cleared
        attributes = super()._changing()
        if self._found_something is None:
            self._found_something = not self.holds_nothing
        return attributes


class MemcachedSessionInterface(SessionInterface):
    """What Flask asks for the session of a request, and gives it back to.

    Parameters
    ----------
    manager
        Of the application.
    """

    def __init__(self, manager: SessionManager) -> None:
        self.manager = manager
        self.pickle_based = manager.settings.accepted_serializers[0] == "pickle"

    def open_session(self, app: Flask, request: Request) -> FlaskSession:
        """Return the session of a request; no node is asked yet."""
        cookie = request.cookies.get(self.get_cookie_name(app))
        return FlaskSession.of(self.manager.open(cookie, method=request.method, path=request.path))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store what the request has changed, and tell the client what it has to know.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path. What this request changed is dropped.
        """
        if not isinstance(session, FlaskSession):
            raise TypeError(f"a {type(session).__name__} is no session of MemcachedSessions, and cannot be saved")
        session.streams = False
        try:
            self._save(app, session, response)
        except BaseException:
            # That of the request is to be saved with an error page. The other was opened beside it, as the test
            # client's session_transaction does.
            if session is not _session_of_request():
                self.manager.release(session)
            raise
        if response.is_streamed and not response.direct_passthrough:  # a file passed through tells nobody of its end
            session.streams = True
            response.call_on_close(partial(self.release, app, session))
        else:  # at once: another function for the end of requests may fail before ours
            self.manager.release(session)

    def _save(self, app: Flask, session: FlaskSession, response: Response) -> None:
        accessed = session.accessed
        action = self._commit(session, response.status_code)
        if action.kind is CookieKind.DELETE:
            response.delete_cookie(self.get_cookie_name(app), **self._cookie_attributes(app))
        elif action.kind is CookieKind.SET or (accessed and self._renews_cookie(app, session)):
            expires = self.get_expiration_time(app, session)
            response.set_cookie(
                self.get_cookie_name(app), action.value or session.id, expires=expires, **self._cookie_attributes(app)
            )
        elif not accessed:
            return
        response.vary.add("Cookie")

    def _commit(self, session: FlaskSession, status: int) -> CookieAction:
        session.act_on_clear(may_rotate=True)
        if session.holds_nothing and session.request_state.entry is None:
            session.forget_permanence()
        action = self.manager.commit(session, status=status)
        if session.was_emptied:
            session.destroy()
            action = self.manager.commit(session, status=status)
        return action

    def _renews_cookie(self, app: Flask, session: FlaskSession) -> bool:
        """Whether the client is to keep the id that it has for longer, or for less long."""
        if session.request_state.entry is None or session.ended or session.superseded:
            return False
        return session.permanence_changed or (session.permanent and self.should_set_cookie(app, session))

    def _cookie_attributes(self, app: Flask) -> dict[str, Any]:
        """Return what names a cookie to a browser: it is deleted by the same attributes as it was set."""
        return {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "httponly": self.get_cookie_httponly(app),
            "samesite": self.get_cookie_samesite(app),
            "partitioned": self.get_cookie_partitioned(app),
        }

    def tear_down(self, app: Flask, session: FlaskSession, error: BaseException | None) -> None:
        """Let go of the session of a request, unless its body is still to be sent.

        Flask 3.1.2 and later tells of the end of a request before the body of ``stream_with_context`` begins, and again
        when it has ended.
        """
        if session.streams and not session.torn_down and error is None:
            session.torn_down = True
        else:
            self.release(app, session)

    def release(self, app: Flask, session: FlaskSession) -> None:
        """Let go of the session of a request, after storing what was changed while the body was sent."""
        try:
            if session.streams and not session.request_state.released:
                session.act_on_clear(may_rotate=False)
                if session.request_state.entry is None and not session.holds_nothing:
                    app.logger.warning(
                        "A session began while the body of its response was sent: dropped, for no cookie can be set any"
                        " more. Put something into it before the first byte"
                    )
                else:
                    self.manager.commit(session)
        except SerializationError:
            app.logger.exception("A value that was set while the body of a response was sent cannot be kept")
        finally:
            self.manager.release(session)


class MemcachedSessions:
    """The extension: `flask.session` lives in this process, backed up on memcached.

    Settings are those of `Settings`, in upper case after ``MEMCACHED_SESSIONS_``; ``MEMCACHED_SESSIONS_NODES`` says
    where sessions are backed up. ``SESSION_COOKIE_*`` and ``SESSION_REFRESH_EACH_REQUEST`` hold as ever;
    ``PERMANENT_SESSION_LIFETIME`` is how long sessions may rest, and ``SECRET_KEY`` and ``SECRET_KEY_FALLBACKS`` sign
    what is stored, unless other settings say so.

    Parameters
    ----------
    app
        The application, configured; None: `init_app` follows.
    manager
        One that you have made, whose settings hold then; it is yours to close.

    >>> from flask import Flask, session
    >>> app = Flask(__name__)
    >>> app.config.update(SECRET_KEY="change me, I am a secret", MEMCACHED_SESSIONS_NODES="memory://")
    >>> _ = MemcachedSessions(app)
    >>> @app.get("/")
    ... def visit():
    ...     session["visits"] = session.get("visits", 0) + 1
    ...     return str(session["visits"])
    >>> client = app.test_client()
    >>> client.get("/").text, client.get("/").text
    ('1', '2')
    >>> app.extensions["memcached_sessions"].close()  # at the end of the process that happens by itself
    """

    def __init__(self, app: Flask | None = None, *, manager: SessionManager | None = None) -> None:
        self._given = manager
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Give an application its sessions.

        Raises
        ------
        ConfigurationError
            A setting is wrong, or a node answers that is no memcached 1.6 with meta commands.
        """
        keep_safe_text(Markup, tag="markupsafe.Markup")
        manager = self._given or SessionManager(_settings(app))
        keys = None if self._given or f"{_PREFIX}SIGNING_KEYS" in app.config else _secret_keys(app)
        interface = MemcachedSessionInterface(manager)
        app.extensions[EXTENSION] = manager
        app.session_interface = interface

        @app.before_request
        def refuse_late_keys() -> None:  # pyright: ignore[reportUnusedFunction] - Flask calls it
            if keys is not None and _secret_keys(app) != keys:
                raise ConfigurationError(
                    "SECRET_KEY or SECRET_KEY_FALLBACKS changed after MemcachedSessions was made, which signs with"
                    " them: set them before"
                )

        @app.teardown_request
        def tear_down(error: BaseException | None) -> None:  # pyright: ignore[reportUnusedFunction]
            session = _session_of_request()
            if isinstance(session, FlaskSession):
                interface.tear_down(app, session, error)


def _session_of_request() -> SessionMixin:
    # Behind the proxy, by the method that Werkzeug documents for it.
    proxy = cast("LocalProxy[SessionMixin]", current_session)
    return proxy._get_current_object()  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001


def _settings(app: Flask) -> Settings:
    values = {
        key.removeprefix(_PREFIX).lower(): value
        for key, value in cast("dict[str, Any]", app.config).items()
        if key.startswith(_PREFIX) and key != _OF_THE_SERIALIZER
    }
    return framework_settings(
        values,
        spell=lambda name: f"{_PREFIX}{name.upper()}",
        lifetime=seconds_of(app.permanent_session_lifetime),
        secret_keys=_secret_keys(app),
    )


def _secret_keys(app: Flask) -> list[str | bytes]:
    keys: list[str | bytes | None] = [app.secret_key]
    keys += cast("dict[str, Any]", app.config).get("SECRET_KEY_FALLBACKS") or ()
    return [key for key in keys if key]
