"""A whole web application as a subject: each request goes in as WSGI has it, and out as the server would send it.

Invariant: what is timed is all that the application does for a request, routing and a view of one line included; the
environments of requests are made beforehand.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from time import sleep
from typing import Any
from wsgiref.util import setup_testing_defaults

from .result import Kind
from .subject import COOKIES, COUNTER, SESSIONS, Target

BEGIN, READ, CHANGE = "/begin", "/read", "/change"
"""Paths: the view puts `GIVEN` into the session; gives what the session has under the name `GIVEN` to `FOUND`."""

GIVEN = "session_bench.given"
FOUND = "session_bench.found"
"""In the environment of a request."""


@dataclass(frozen=True)
class Site:
    """An application with views for `BEGIN`, `READ` and `CHANGE`."""

    application: Callable[[dict[str, Any], Any], Iterable[bytes]]
    cookie_name: str
    stored: Callable[[str], Mapping[str, Any]]
    """Returns what is kept of the session of a cookie, as another process would find it."""
    close: Callable[[], object]


class SiteSubject:
    """A site with sessions that were begun by requests.

    Parameters
    ----------
    target
        The memcached and the content.
    make
        Returns the site; raises `UnavailableError` if there can be none.
    """

    def __init__(self, target: Target, *, make: Callable[[Target], Site]) -> None:
        self._site = make(target)
        self._probe = target.probe
        self._ids = [self._begin(target.content()) for _ in range(SESSIONS)]

    def _begin(self, content: Mapping[str, Any]) -> str:
        cookies = SimpleCookie()

        def start_response(_: str, headers: Sequence[tuple[str, str]], __: object = None) -> None:
            for name, value in headers:
                if name.lower() == "set-cookie":
                    cookies.load(value)

        _exhaust(self._site.application(self._environ(BEGIN, content), start_response))
        return cookies[self._site.cookie_name].value

    def _environ(self, path: str, given: object, session_id: str = "") -> dict[str, Any]:
        environ: dict[str, Any] = {"PATH_INFO": path, GIVEN: given}
        if session_id:
            environ["HTTP_COOKIE"] = COOKIES.format(name=self._site.cookie_name, value=session_id)
        setup_testing_defaults(environ)
        return environ

    def prepare(self, kind: Kind, numbers: Sequence[int]) -> Callable[[], object]:
        """Return what makes requests; see `Subject.prepare`."""
        application, reads = self._site.application, kind is Kind.READ
        path = READ if reads else CHANGE
        environs = [
            self._environ(path, self._probe if reads else {COUNTER: number}, self._ids[number % SESSIONS])
            for number in numbers
        ]

        def run() -> object:
            for environ in environs:
                _exhaust(application(environ, _start_response))
            return environs[-1].get(FOUND)

        return run

    def settle(self) -> None:
        """Do nothing: what is stored is so before the response."""

    def stored(self, number: int) -> Mapping[str, Any]:
        """Return what another process would find."""
        return self._site.stored(self._ids[number % SESSIONS])

    def increment(self, name: str, think: float) -> None:
        """Make a request that reads, and one that writes 1 more."""
        environ = self._environ(READ, name, self._ids[0])
        _exhaust(self._site.application(environ, _start_response))
        if think:
            sleep(think)
        changed = self._environ(CHANGE, {name: (environ[FOUND] or 0) + 1}, self._ids[0])
        _exhaust(self._site.application(changed, _start_response))

    def close(self) -> None:
        """Close the connections."""
        self._site.close()


def _exhaust(body: Iterable[bytes]) -> None:
    """Do what a server does with a body, but for sending it."""
    try:
        for _ in body:
            pass
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def _start_response(status: str, headers: Sequence[tuple[str, str]], exc_info: object = None) -> None:
    del headers, exc_info
    if not status.startswith("200"):
        raise RuntimeError(f"the application answered {status}")
