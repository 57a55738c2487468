"""Flask's sessions as subjects: ``open_session`` and ``save_session``, on requests made beforehand.

Flask-Session, the adapter of this package, and sessions in a dict: what Flask itself takes of both. Whatever an
extension has Flask call before and after a request is called too; all else that Flask does is no part of what is timed.
pymemcache's own defaults (``no_delay=False``, replies not awaited) cost Flask-Session 40 ms a request when requests
follow each other, so its rows are tuned.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from functools import partial
from http.cookies import SimpleCookie
from importlib import import_module
from time import sleep
from typing import Any

from .manager_subject import READS_ALL
from .result import Group, Kind
from .subject import COOKIES, COUNTER, SESSIONS, Offer, Target, UnavailableError

FLASK_SESSION = "Flask-Session"
"""The row that the adapter's goal is about: its defaults."""

FLASK_ADAPTER = "Flask adapter, synchronous"
FLASK_ALONE = "Flask alone, sessions in a dict"

_TUNED = "pymemcache with no_delay, replies awaited, timeouts"


def flask_offers() -> list[Offer]:
    """Return the rows of Flask."""
    return [
        Offer(
            FLASK_SESSION,
            Group.PEER,
            partial(FlaskSubject, make=lambda makers, target: makers.with_flask_session(target, refresh=True)),
            about=_TUNED,
        ),
        Offer(
            f"{FLASK_SESSION}, no refresh",
            Group.PEER,
            partial(FlaskSubject, make=lambda makers, target: makers.with_flask_session(target, refresh=False)),
            about=f"{_TUNED}, SESSION_REFRESH_EACH_REQUEST=False: the fastest, and sessions that are only read expire",
        ),
        Offer(
            FLASK_ADAPTER,
            Group.ADAPTER,
            partial(FlaskSubject, make=lambda makers, target: makers.with_the_adapter(target, asynchronous=False)),
            about="MemcachedSessions, compact, route set, signed with SECRET_KEY",
            counterpart=FLASK_SESSION,
            framework=FLASK_ALONE,
        ),
        Offer(
            "Flask adapter, asynchronous",
            Group.ADAPTER,
            partial(FlaskSubject, make=lambda makers, target: makers.with_the_adapter(target, asynchronous=True)),
            about="the same, session_backup_async=True",
            counterpart=FLASK_SESSION,
            framework=FLASK_ALONE,
        ),
        Offer(
            f"Flask adapter, {READS_ALL}",
            Group.ADAPTER,
            partial(
                FlaskSubject,
                make=lambda makers, target: makers.with_the_adapter(target, asynchronous=False),
                reads_all=True,
            ),
            (Kind.READ,),
            about="the same, synchronous; the request is handed values that it could change in place",
            keeps_updates=False,
            counterpart=FLASK_SESSION,
            framework=FLASK_ALONE,
        ),
        Offer(
            FLASK_ALONE,
            Group.FRAMEWORK,
            partial(FlaskSubject, make=lambda makers, _: makers.with_a_dict()),
            about="a session interface that keeps its sessions in the process: what Flask takes of every row of it",
            keeps_updates=False,
        ),
    ]


class FlaskSubject:
    """An application with sessions.

    Parameters
    ----------
    target
        The memcached and the content.
    make
        Makes a `FlaskApplication`, given the module of them, which can be imported only where Flask is.
    reads_all
        Whether a request of kind read gets all attributes.
    """

    def __init__(self, target: Target, *, make: Callable[[Any, Target], Any], reads_all: bool = False) -> None:
        self._reads_all = reads_all
        try:
            self._environ: Any = import_module("werkzeug.test").create_environ
            self._application = make(import_module(".flask_applications", __package__), target)
        except ImportError as error:
            raise UnavailableError(f"not installed ({error}): the extra request-path has it") from error
        self._app = self._application.app
        self._sessions: Any = self._app.session_interface
        self._name: str = self._app.config["SESSION_COOKIE_NAME"]
        self._probe = target.probe
        # The requests run in a context of their own that has a present one, as there is when Flask calls these methods.
        self._context = copy_context()
        self._present = self._app.request_context(self._environ("/"))
        self._context.run(self._present.push)
        self._ids = [self._context.run(self._begin, target.content()) for _ in range(SESSIONS)]
        self.settle()

    def _begin(self, content: Mapping[str, Any]) -> str:
        session, response = self._sessions.open_session(self._app, self._request("")), self._app.response_class()
        session.update(content)
        self._sessions.save_session(self._app, session, response)
        return SimpleCookie(response.headers["Set-Cookie"])[self._name].value

    def _request(self, session_id: str) -> Any:
        cookies = {"HTTP_COOKIE": COOKIES.format(name=self._name, value=session_id)} if session_id else {}
        return self._app.request_class(self._environ("/") | cookies)

    def prepare(self, kind: Kind, numbers: Sequence[int]) -> Callable[[], object]:
        """Return what makes requests; see `Subject.prepare`."""
        app, probe, open_, save = self._app, self._probe, self._sessions.open_session, self._sessions.save_session
        reads_all = self._reads_all
        before: Sequence[Any] = app.before_request_funcs.get(None, ())
        after: Sequence[Any] = app.teardown_request_funcs.get(None, ())
        ids = [""] * SESSIONS if kind is Kind.NO_SESSION else self._ids
        visits = [(self._request(ids[number % SESSIONS]), app.response_class(), number) for number in numbers]

        def none() -> object:
            for request, response, _ in visits:
                session = open_(app, request)
                for hook in before:
                    hook()
                save(app, session, response)
                for hook in after:
                    hook(None)
            return None

        def read() -> object:
            found = None
            for request, response, _ in visits:
                session = open_(app, request)
                for hook in before:
                    hook()
                session.accessed = True  # Flask does that when it hands it out
                found = dict(session.items())[probe] if reads_all else session[probe]
                save(app, session, response)
                for hook in after:
                    hook(None)
            return found

        def change() -> object:
            for request, response, number in visits:
                session = open_(app, request)
                for hook in before:
                    hook()
                session.accessed = True
                session[COUNTER] = number
                save(app, session, response)
                for hook in after:
                    hook(None)
            return None

        return partial(self._context.run, {Kind.READ: read, Kind.CHANGE: change}.get(kind, none))

    def settle(self) -> None:
        """Wait until everything is backed up; without asynchronous backup it is."""
        self._application.settle()

    def stored(self, number: int) -> Mapping[str, Any]:
        """Return what another process would find."""
        return self._application.stored(self._ids[number % SESSIONS])

    def increment(self, name: str, think: float) -> None:
        """Make a request that adds 1."""
        with self._app.request_context(self._environ("/")):
            session = self._sessions.open_session(self._app, self._request(self._ids[0]))
            found = session.get(name, 0)
            if think:
                sleep(think)
            session[name] = found + 1
            self._sessions.save_session(self._app, session, self._app.response_class())

    def close(self) -> None:
        """End the present request, and close the connections."""
        self._context.run(self._present.pop)
        self._application.close()
