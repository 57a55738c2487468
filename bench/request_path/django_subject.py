"""Django's cache engine on pymemcache as a subject: the two methods of its session middleware.

One row adds the signal ``request_finished``, which every real request sends and which closes the connection to
memcached. Django's settings are of the process: once configured here, they stay.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from io import BytesIO
from time import sleep
from typing import Any

from .result import Group, Kind
from .subject import COOKIES, COUNTER, SESSIONS, Offer, Target, UnavailableError

DJANGO = "Django cache engine"
"""The row that the manager's goal is about: the cheaper one."""

_ENGINE = "django.contrib.sessions.backends.cache"
_BACKEND = "django.core.cache.backends.memcached.PyMemcacheCache"
_WITH_RECEIVERS = ("django.core.handlers.base", "django.db", "django.core.cache")


def django_offers() -> list[Offer]:
    """Return the rows of Django."""
    about = "PyMemcacheCache with its defaults"
    return [
        Offer(DJANGO, Group.PEER, partial(DjangoSubject, finished=False), about=about),
        Offer(
            f"{DJANGO} + request_finished",
            Group.PEER,
            partial(DjangoSubject, finished=True),
            about=f"{about}, and the signal that every real request sends: it closes the connection",
        ),
    ]


class DjangoSubject:
    """Django's session middleware.

    Parameters
    ----------
    target
        The memcached and the content.
    finished
        Whether a request ends with ``request_finished``.
    """

    def __init__(self, target: Target, *, finished: bool) -> None:
        try:
            configuration: Any = import_module("django.conf").settings
            _configure(configuration, f"{target.host}:{target.port}")
            for module in _WITH_RECEIVERS:
                import_module(module)  # connects what a real process has listening to the signal
            middleware: Any = import_module("django.contrib.sessions.middleware").SessionMiddleware
            self._store: Any = import_module(_ENGINE).SessionStore
            self._signal: Any = import_module("django.core.signals").request_finished
            self._request_class: Any = import_module("django.core.handlers.wsgi").WSGIRequest
            self._response_class: Any = import_module("django.http").HttpResponse
            self._caches: Any = import_module("django.core.cache").caches
        except ImportError as error:
            raise UnavailableError(f"not installed ({error}): the extra request-path has it") from error
        self._name: str = configuration.SESSION_COOKIE_NAME
        self._finished = finished
        self._probe = target.probe
        self._middleware = middleware(_do_nothing)  # the next one in the chain, which is not called
        self._ids = [self._begin(target.content()) for _ in range(SESSIONS)]

    def _begin(self, content: Mapping[str, Any]) -> str:
        session = self._store()
        session.update(content)
        session.save()
        return session.session_key

    def _request(self, session_id: str) -> Any:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.input": BytesIO(),
        }
        cookies = {"HTTP_COOKIE": COOKIES.format(name=self._name, value=session_id)} if session_id else {}
        return self._request_class(environ | cookies)

    def prepare(self, kind: Kind, numbers: Sequence[int]) -> Callable[[], object]:
        """Return what makes requests; see `Subject.prepare`."""
        probe, before, after = self._probe, self._middleware.process_request, self._middleware.process_response
        finish: Callable[..., object] = self._signal.send if self._finished else _do_nothing
        ids = [""] * SESSIONS if kind is Kind.NO_SESSION else self._ids
        visits = [(self._request(ids[number % SESSIONS]), self._response_class(), number) for number in numbers]

        def none() -> object:
            for request, response, _ in visits:
                before(request)
                after(request, response)
                finish(sender=None)
            return None

        def read() -> object:
            found = None
            for request, response, _ in visits:
                before(request)
                found = request.session[probe]
                after(request, response)
                finish(sender=None)
            return found

        def change() -> object:
            for request, response, number in visits:
                before(request)
                request.session[COUNTER] = number
                after(request, response)
                finish(sender=None)
            return None

        return {Kind.READ: read, Kind.CHANGE: change}.get(kind, none)

    def settle(self) -> None:
        """Do nothing: Django awaits the replies."""

    def stored(self, number: int) -> Mapping[str, Any]:
        """Return what a new store loads."""
        return dict(self._store(self._ids[number % SESSIONS]).items())

    def increment(self, name: str, think: float) -> None:
        """Make a request that adds 1."""
        request, response = self._request(self._ids[0]), self._response_class()
        self._middleware.process_request(request)
        found = request.session.get(name, 0)
        if think:
            sleep(think)
        request.session[name] = found + 1
        self._middleware.process_response(request, response)
        if self._finished:
            self._signal.send(sender=None)

    def close(self) -> None:
        """Close the connections of this thread; those of others ended with them."""
        self._caches.close_all()


def _configure(configuration: Any, location: str) -> None:
    caches = {"default": {"BACKEND": _BACKEND, "LOCATION": location}}
    if not configuration.configured:
        configuration.configure(CACHES=caches, SESSION_ENGINE=_ENGINE)
    elif caches != configuration.CACHES:
        raise UnavailableError("Django was configured in this process before, for something else: use a new process")


def _do_nothing(*_: object, **__: object) -> None:
    pass
