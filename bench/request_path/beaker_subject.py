"""Beaker's ``ext:memcached`` on pymemcache as a subject: its middleware around an application that does nearly nothing.

Beaker knows other clients only, so a stand-in gives pymemcache the interface of python-memcached. The application
around which it is put is part of what is timed: well under a microsecond.
"""

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from time import sleep
from types import ModuleType
from typing import Any

from pymemcache.client.base import PooledClient

from .result import Group, Kind
from .subject import COOKIES, COUNTER, SESSIONS, TIMEOUT, Offer, Target, UnavailableError

_KEY = "beaker.session"
_COOKIE = "beaker.session.id"
_STAND_IN = "memcache"


def beaker_offers() -> list[Offer]:
    """Return the row of Beaker."""
    about = "ext:memcached, pymemcache with no_delay, replies awaited, timeouts"
    return [Offer("Beaker", Group.PEER, BeakerSubject, about=about)]


class _Client:
    """pymemcache behind the calls of python-memcached that Beaker makes."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._client: Any = PooledClient(
            addresses[0], connect_timeout=TIMEOUT, timeout=TIMEOUT, no_delay=True, default_noreply=False
        )
        self.delete = self._client.delete

    def get(self, key: str) -> str | None:
        """Return text as text, which Beaker relies on."""
        value = self._client.get(key)
        return None if value is None else value.decode("ascii")

    def set(self, key: str, value: object, time: int = 0) -> object:
        return self._client.set(key, value, expire=time)


class BeakerSubject:
    """Beaker's session middleware.

    Parameters
    ----------
    target
        The memcached and the content.
    """

    def __init__(self, target: Target) -> None:
        try:
            self._wrap: Any = import_module("beaker.middleware").SessionMiddleware
            with _stand_in():
                import_module("beaker.ext.memcached")._load_client(_STAND_IN)  # noqa: SLF001 - it remembers the module
        except ImportError as error:
            raise UnavailableError(f"not installed ({error}): the extra request-path has it") from error
        self._options = {
            "session.type": "ext:memcached",
            "session.url": f"{target.host}:{target.port}",
            "session.memcache_module": _STAND_IN,
            "session.key": _COOKIE,
        }
        self._probe = target.probe
        self._ids = [self._begin(target.content()) for _ in range(SESSIONS)]

    def _begin(self, content: Mapping[str, Any]) -> str:
        def view(session: Any) -> str:
            session.update(content)
            session.save()
            return session.id

        return self._visit(view, {})

    def _visit(self, view: Callable[[Any], Any], environ: dict[str, Any]) -> Any:
        """Make one request, and return what the view returned."""
        returned: list[Any] = []

        def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Sequence[bytes]:
            returned.append(view(environ[_KEY]))
            start_response("200 OK", [])
            return ()

        self._wrap(app, self._options)(environ, _start_response)
        return returned[0]

    def _environ(self, session_id: str) -> dict[str, Any]:
        cookies = {"HTTP_COOKIE": COOKIES.format(name=_COOKIE, value=session_id)} if session_id else {}
        return {"PATH_INFO": "/"} | cookies

    def prepare(self, kind: Kind, numbers: Sequence[int]) -> Callable[[], object]:
        """Return what makes requests; see `Subject.prepare`."""
        probe = self._probe
        ids = [""] * SESSIONS if kind is Kind.NO_SESSION else self._ids
        environs = [self._environ(ids[number % SESSIONS]) | {COUNTER: number} for number in numbers]
        found: object = None

        def none(environ: dict[str, Any], start_response: Callable[..., object]) -> Sequence[bytes]:
            del environ
            start_response("200 OK", [])
            return ()

        def read(environ: dict[str, Any], start_response: Callable[..., object]) -> Sequence[bytes]:
            nonlocal found
            found = environ[_KEY][probe]
            start_response("200 OK", [])
            return ()

        def change(environ: dict[str, Any], start_response: Callable[..., object]) -> Sequence[bytes]:
            session = environ[_KEY]
            session[COUNTER] = environ[COUNTER]
            session.save()
            start_response("200 OK", [])
            return ()

        application = self._wrap({Kind.READ: read, Kind.CHANGE: change}.get(kind, none), self._options)

        def requests() -> object:
            for environ in environs:
                application(environ, _start_response)
            return found

        return requests

    def settle(self) -> None:
        """Do nothing: replies were awaited."""

    def stored(self, number: int) -> Mapping[str, Any]:
        """Return what a new request loads."""
        return self._visit(lambda session: dict(session.items()), self._environ(self._ids[number % SESSIONS]))

    def increment(self, name: str, think: float) -> None:
        """Make a request that adds 1."""

        def view(session: Any) -> None:
            found = session.get(name, 0)
            if think:
                sleep(think)
            session[name] = found + 1
            session.save()

        self._visit(view, self._environ(self._ids[0]))

    def close(self) -> None:
        """Do nothing: Beaker keeps its client for as long as the process lives."""


@contextmanager
def _stand_in() -> Generator[None, None, None]:
    """Let Beaker find pymemcache where it looks for python-memcached."""
    real = sys.modules.get(_STAND_IN)
    module = ModuleType(_STAND_IN)
    module.__dict__["Client"] = _Client
    sys.modules[_STAND_IN] = module
    try:
        yield
    finally:
        if real is None:
            del sys.modules[_STAND_IN]
        else:
            sys.modules[_STAND_IN] = real


def _start_response(status: str, headers: Sequence[tuple[str, str]], exc_info: object = None) -> None:
    del status, headers, exc_info
