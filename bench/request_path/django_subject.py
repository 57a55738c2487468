"""Django's sessions as subjects: the two methods of the session middleware, on requests made beforehand.

The cache engine on pymemcache, the adapter of this package, and sessions in a dict: what Django itself takes of both.
Some rows add the signal ``request_finished``, which every real request sends and which closes the connection of the
cache. Django's settings are of the process: once configured here, they stay. So they are the same for all rows, and
what tells these apart is the middleware, which looks for its engine only when it is made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from io import BytesIO
from time import sleep
from typing import Any

from .manager_subject import READS_ALL
from .result import Group, Kind
from .subject import COOKIES, COUNTER, SESSIONS, TIMEOUT, Offer, Target, UnavailableError, stored_elsewhere

DJANGO = "Django cache engine"
"""The row that the manager's goal is about: the cheaper one."""

DJANGO_ADAPTER = "Django adapter"
DJANGO_ALONE = "Django alone, sessions in a dict"

_ENGINE = "memcached_sessions.manager.web.django"
_CACHE_ENGINE = "django.contrib.sessions.backends.cache"
_BACKEND = "django.core.cache.backends.memcached.PyMemcacheCache"
_SETTING = "MEMCACHED_SESSIONS"
_TIMEOUTS = ("connect_timeout", "operation_timeout", "session_backup_timeout")
_WITH_RECEIVERS = ("django.core.handlers.base", "django.db", "django.core.cache")


def django_offers() -> list[Offer]:
    """Return the rows of Django."""
    cache = "PyMemcacheCache with its defaults"
    adapter = "SessionMiddleware and engine, compact, route set, signed with SECRET_KEY"
    signal = "and the signal that every real request sends"
    finished = " + request_finished"
    return [
        Offer(DJANGO, Group.PEER, partial(DjangoCacheSubject, finished=False), about=cache),
        Offer(
            f"{DJANGO}{finished}",
            Group.PEER,
            partial(DjangoCacheSubject, finished=True),
            about=f"{cache}, {signal}: it closes the connection",
        ),
        Offer(
            DJANGO_ADAPTER,
            Group.ADAPTER,
            partial(DjangoAdapterSubject, finished=False),
            about=adapter,
            counterpart=DJANGO,
            framework=DJANGO_ALONE,
        ),
        Offer(
            f"{DJANGO_ADAPTER}, {READS_ALL}",
            Group.ADAPTER,
            partial(DjangoAdapterSubject, finished=False, reads_all=True),
            (Kind.READ,),
            about="the same; the request is handed values that it could change in place, so it gets a copy of them",
            keeps_updates=False,
            counterpart=DJANGO,
            framework=DJANGO_ALONE,
        ),
        Offer(
            f"{DJANGO_ADAPTER}{finished}",
            Group.ADAPTER,
            partial(DjangoAdapterSubject, finished=True),
            about=f"{adapter}, {signal}",
            counterpart=f"{DJANGO}{finished}",
            framework=f"{DJANGO_ALONE}{finished}",
        ),
        *(
            Offer(
                f"{DJANGO_ALONE}{added}",
                Group.FRAMEWORK,
                partial(DjangoDictSubject, finished=bool(added)),
                about="Django's middleware with an engine that keeps its sessions in the process"
                + (f", {signal}" if added else ": what Django takes of every row of it"),
                keeps_updates=False,
            )
            for added in ("", finished)
        ),
    ]


class DjangoSubject:
    """A session middleware of Django; subclasses say which, and what is kept where.

    Parameters
    ----------
    target
        The memcached and the content.
    finished
        Whether a request ends with ``request_finished``.
    reads_all
        Whether a request of kind read gets all attributes.
    """

    def __init__(self, target: Target, *, finished: bool, reads_all: bool = False) -> None:
        self._reads_all = reads_all
        try:
            configuration: Any = import_module("django.conf").settings
            _configure(configuration, f"{target.host}:{target.port}")
            for module in _WITH_RECEIVERS:
                import_module(module)  # connects what a real process has listening to the signal
            self._signals: Any = import_module("django.core.signals")
            self._request_class: Any = import_module("django.core.handlers.wsgi").WSGIRequest
            self._response_class: Any = import_module("django.http").HttpResponse
            self._caches: Any = import_module("django.core.cache").caches
            self.middleware: Any = self._new_middleware()
        except ImportError as error:
            raise UnavailableError(f"not installed ({error}): the extra request-path has it") from error
        self.cookie_name: str = configuration.SESSION_COOKIE_NAME
        self._finished = finished
        self._probe = target.probe
        self._ids = [self._begin(target.content()) for _ in range(SESSIONS)]

    def _new_middleware(self) -> Any:
        """Return the middleware of this row; the next one in the chain is not called."""
        raise NotImplementedError

    def _begin(self, content: Mapping[str, Any]) -> str:
        request, response = self._request(""), self._response_class()
        self.middleware.process_request(request)
        request.session.update(content)
        self.middleware.process_response(request, response)
        return response.cookies[self.cookie_name].value

    def _request(self, session_id: str) -> Any:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.input": BytesIO(),
        }
        cookies = {"HTTP_COOKIE": COOKIES.format(name=self.cookie_name, value=session_id)} if session_id else {}
        return self._request_class(environ | cookies)

    def prepare(self, kind: Kind, numbers: Sequence[int]) -> Callable[[], object]:
        """Return what makes requests; see `Subject.prepare`."""
        probe, before, after = self._probe, self.middleware.process_request, self.middleware.process_response
        reads_all = self._reads_all
        finish: Callable[..., object] = self._signals.request_finished.send if self._finished else _do_nothing
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
                found = dict(request.session.items())[probe] if reads_all else request.session[probe]
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
        """Return what another process would find."""
        return self.stored_under(self._ids[number % SESSIONS])

    def stored_under(self, cookie: str) -> Mapping[str, Any]:
        """Return what a new store loads for a cookie."""
        return dict(self.middleware.SessionStore(cookie).items())

    def increment(self, name: str, think: float) -> None:
        """Make a request that adds 1."""
        request, response = self._request(self._ids[0]), self._response_class()
        self.middleware.process_request(request)
        found = request.session.get(name, 0)
        if think:
            sleep(think)
        request.session[name] = found + 1
        self.middleware.process_response(request, response)
        if self._finished:
            self._signals.request_finished.send(sender=None)

    def close(self) -> None:
        """Close the connections of this thread; those of others ended with them."""
        self._caches.close_all()


class DjangoCacheSubject(DjangoSubject):
    """Django's cache engine; its parameters are those of `DjangoSubject`."""

    def _new_middleware(self) -> Any:
        return _middleware_with(import_module(_CACHE_ENGINE).SessionStore)


class DjangoDictSubject(DjangoSubject):
    """An engine without a store; its parameters are those of `DjangoSubject`."""

    def _new_middleware(self) -> Any:
        kept: dict[str, dict[str, Any]] = {}
        return _middleware_with(partial(import_module(".django_dict_store", __package__).DictStore, kept))


class DjangoAdapterSubject(DjangoSubject):
    """The engine and the middleware of this package; its parameters are those of `DjangoSubject`.

    There is one manager for the process, which all subjects of this kind share.
    """

    def _new_middleware(self) -> Any:
        return import_module(_ENGINE).SessionMiddleware(_do_nothing)

    def stored_under(self, cookie: str) -> Mapping[str, Any]:
        """Return what another process takes over."""
        settings = import_module(_ENGINE).session_manager().settings
        return stored_elsewhere(replace(settings, route="app2"), cookie)

    def close(self) -> None:
        """Close the manager, and let the next one who asks for it have a new one, as after a change of its settings."""
        self._signals.setting_changed.send(sender=type(self), setting=_SETTING, value=None, enter=False)
        super().close()


def _middleware_with(store: Callable[..., object]) -> Any:
    middleware: Any = import_module("django.contrib.sessions.middleware").SessionMiddleware(_do_nothing)
    middleware.SessionStore = store
    return middleware


def _configure(configuration: Any, location: str) -> None:
    given = {
        "CACHES": {"default": {"BACKEND": _BACKEND, "LOCATION": location}},
        "ROOT_URLCONF": f"{__package__}.django_site",
        "SECRET_KEY": "a key that signs the sessions of a benchmark",
        "SESSION_ENGINE": _ENGINE,
        _SETTING: {"nodes": f"n1:{location}", "route": "app1", **dict.fromkeys(_TIMEOUTS, TIMEOUT)},
    }
    if not configuration.configured:
        configuration.configure(**given)
    elif any(getattr(configuration, name, None) != value for name, value in given.items()):
        raise UnavailableError("Django was configured in this process before, for something else: use a new process")


def _do_nothing(*_: object, **__: object) -> None:
    pass
