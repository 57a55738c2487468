"""Flask-Session on pymemcache as a subject: ``open_session`` and ``save_session``, on requests made beforehand.

pymemcache's own defaults (``no_delay=False``, replies not awaited) cost Flask-Session 40 ms a request when requests
follow each other, so both rows are tuned. Flask itself is no part of what is timed.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from time import sleep
from typing import Any

from pymemcache.client.base import PooledClient

from .result import Group, Kind
from .subject import COOKIES, COUNTER, SESSIONS, TIMEOUT, Offer, Target, UnavailableError

_TUNED = "pymemcache with no_delay, replies awaited, timeouts"


def flask_offers() -> list[Offer]:
    """Return the rows of Flask-Session."""
    return [
        Offer("Flask-Session", Group.PEER, partial(FlaskSubject, refresh=True), about=_TUNED),
        Offer(
            "Flask-Session, no refresh",
            Group.PEER,
            partial(FlaskSubject, refresh=False),
            about=f"{_TUNED}, SESSION_REFRESH_EACH_REQUEST=False: the fastest, and sessions that are only read expire",
        ),
    ]


class FlaskSubject:
    """An application with Flask-Session.

    Parameters
    ----------
    target
        The memcached and the content.
    refresh
        The setting ``SESSION_REFRESH_EACH_REQUEST``: on by default.
    """

    def __init__(self, target: Target, *, refresh: bool) -> None:
        try:
            flask: Any = import_module("flask")
            flask_session: Any = import_module("flask_session")
            self._environ: Any = import_module("werkzeug.test").create_environ
        except ImportError as error:
            raise UnavailableError(f"not installed ({error}): the extra request-path has it") from error
        self._client = PooledClient(
            (target.host, target.port),
            connect_timeout=TIMEOUT,
            timeout=TIMEOUT,
            no_delay=True,
            default_noreply=False,
        )
        self._app = flask.Flask("session-bench")
        self._app.config.update(
            SESSION_TYPE="memcached", SESSION_MEMCACHED=self._client, SESSION_REFRESH_EACH_REQUEST=refresh
        )
        flask_session.Session(self._app)
        self._sessions: Any = self._app.session_interface
        self._probe = target.probe
        self._ids = [self._begin(target.content()) for _ in range(SESSIONS)]

    def _begin(self, content: Mapping[str, Any]) -> str:
        session = self._sessions.open_session(self._app, self._request(""))
        session.update(content)
        self._sessions.save_session(self._app, session, self._app.response_class())
        return session.sid

    def _request(self, session_id: str) -> Any:
        name = self._app.config["SESSION_COOKIE_NAME"]
        cookies = {"HTTP_COOKIE": COOKIES.format(name=name, value=session_id)} if session_id else {}
        return self._app.request_class(self._environ("/") | cookies)

    def prepare(self, kind: Kind, numbers: Sequence[int]) -> Callable[[], object]:
        """Return what makes requests; see `Subject.prepare`."""
        app, probe, open_, save = self._app, self._probe, self._sessions.open_session, self._sessions.save_session
        ids = [""] * SESSIONS if kind is Kind.NO_SESSION else self._ids
        visits = [(self._request(ids[number % SESSIONS]), app.response_class(), number) for number in numbers]

        def none() -> object:
            for request, response, _ in visits:
                session = open_(app, request)
                save(app, session, response)
            return None

        def read() -> object:
            found = None
            for request, response, _ in visits:
                session = open_(app, request)
                found = session[probe]
                save(app, session, response)
            return found

        def change() -> object:
            for request, response, number in visits:
                session = open_(app, request)
                session[COUNTER] = number
                save(app, session, response)
            return None

        return {Kind.READ: read, Kind.CHANGE: change}.get(kind, none)

    def settle(self) -> None:
        """Do nothing: replies were awaited."""

    def stored(self, number: int) -> Mapping[str, Any]:
        """Return what the interface makes of what memcached holds."""
        return dict(self._sessions.open_session(self._app, self._request(self._ids[number % SESSIONS])))

    def increment(self, name: str, think: float) -> None:
        """Make a request that adds 1."""
        session = self._sessions.open_session(self._app, self._request(self._ids[0]))
        found = session.get(name, 0)
        if think:
            sleep(think)
        session[name] = found + 1
        self._sessions.save_session(self._app, session, self._app.response_class())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
