"""The session manager of this package as a subject: cookie in, session, cookie out.

Invariant: what is timed is all that an adapter for a framework has to do: find the cookie, open, commit and release
through `SessionManager.request`, write the cookie when there is one to set.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import sleep
from typing import Any

from ...manager import SessionManager
from ...manager.cookie import CookieKind
from ...manager.cookie_header import cookie_value, set_cookie_header
from ...manager.errors import ConfigurationError
from ...manager.settings import Settings
from ...serializers import SerializationError
from .result import Group, Kind
from .subject import COOKIES, COUNTER, SESSIONS, TIMEOUT, Offer, Target, UnavailableError, stored_elsewhere

SERIALIZERS = ("compact", "json", "msgpack", "cbor", "pickle")

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "synchronous": {},
    "asynchronous": {"session_backup_async": True},
    "revalidating": {"freshness": "revalidate"},
}
"""The settings of each."""

READS_ALL = "all attributes read"
"""The variant whose requests get all attributes: synchronous otherwise."""

SECONDS_TO_SETTLE = 30.0

_KEY = b"a key that signs the sessions of a benchmark"


def manager_offers() -> list[Offer]:
    """Return the rows of the manager."""
    return [
        Offer(
            label=f"manager, {variant}, {serializer}",
            group=Group.MANAGER,
            open=partial(ManagerSubject, serializer=serializer, settings=settings),
            about=_about(serializer, settings),
            variant=variant,
            serializer=serializer,
            keeps_updates=serializer == SERIALIZERS[0],
        )
        for variant, settings in VARIANTS.items()
        for serializer in SERIALIZERS
    ] + [
        Offer(
            label=f"manager, {READS_ALL}, {serializer}",
            group=Group.MANAGER,
            open=partial(ManagerSubject, serializer=serializer, settings={}, reads_all=True),
            kinds=(Kind.READ,),
            about="route set; the request is handed values that it could change in place, so they are encoded",
            variant=READS_ALL,
            serializer=serializer,
            keeps_updates=False,
        )
        for serializer in SERIALIZERS
    ]


def _about(serializer: str, settings: Mapping[str, Any]) -> str:
    words = ["route set", *(f"{name}={value!r}" for name, value in settings.items())]
    return ", ".join([*words, "signed"] if serializer == "pickle" else words)


class ManagerSubject:
    """A manager with one node and a route.

    Parameters
    ----------
    target
        The memcached and the content.
    serializer
        By name.
    settings
        More of them.
    reads_all
        Whether a request of kind read gets all attributes, instead of one that nobody can change in place.
    """

    def __init__(
        self, target: Target, *, serializer: str, settings: Mapping[str, Any], reads_all: bool = False
    ) -> None:
        self._reads_all = reads_all
        self._settings: dict[str, Any] = {
            "memcached_nodes": f"n1:{target.host}:{target.port}",
            "serializer": serializer,
            "signing_keys": (_KEY,) if serializer == "pickle" else (),
            **dict.fromkeys(("connect_timeout", "operation_timeout", "session_backup_timeout"), TIMEOUT),
            **settings,
        }
        try:
            self._manager = SessionManager(**self._settings, route="app1")
        except ConfigurationError as error:
            raise UnavailableError(str(error)) from error
        self._probe = target.probe
        try:
            self._ids = [self._begin(target.content()) for _ in range(SESSIONS)]
            self.settle()
        except SerializationError as error:
            self._manager.close()
            raise UnavailableError(str(error)) from error
        name = self._manager.settings.cookie_name
        self._headers = [COOKIES.format(name=name, value=session_id) for session_id in self._ids]

    def _begin(self, content: Mapping[str, Any]) -> str:
        with self._manager.request(None) as session:
            session.update(content)
        return session.id

    def prepare(self, kind: Kind, numbers: Sequence[int]) -> Callable[[], object]:
        """Return what makes requests; see `Subject.prepare`."""
        request, settings, name, probe = (
            self._manager.request,
            self._manager.settings,
            self._manager.settings.cookie_name,
            self._probe,
        )
        headers = [""] * SESSIONS if kind is Kind.NO_SESSION else self._headers
        visits = [(headers[number % SESSIONS], number) for number in numbers]

        def none() -> object:
            for header, _ in visits:
                with request(cookie_value(header, name)) as session:
                    pass
                if session.cookie.kind is not CookieKind.NOTHING:
                    set_cookie_header(session.cookie, settings, secure=True)
            return None

        def read() -> object:
            found = None
            for header, _ in visits:
                with request(cookie_value(header, name)) as session:
                    found = session[probe]
                if session.cookie.kind is not CookieKind.NOTHING:
                    set_cookie_header(session.cookie, settings, secure=True)
            return found

        def change() -> object:
            for header, number in visits:
                with request(cookie_value(header, name)) as session:
                    session[COUNTER] = number
                if session.cookie.kind is not CookieKind.NOTHING:
                    set_cookie_header(session.cookie, settings, secure=True)
            return None

        def read_all() -> object:
            found = None
            for header, _ in visits:
                with request(cookie_value(header, name)) as session:
                    found = session.copy()[probe]
                if session.cookie.kind is not CookieKind.NOTHING:
                    set_cookie_header(session.cookie, settings, secure=True)
            return found

        return {Kind.READ: read_all if self._reads_all else read, Kind.CHANGE: change}.get(kind, none)

    def settle(self) -> None:
        """Wait until everything is backed up; without asynchronous backup it is."""
        if not self._manager.settings.session_backup_async:
            return
        left = self._manager.drain(SECONDS_TO_SETTLE)
        if left:
            raise RuntimeError(f"{left} sessions are not backed up {SECONDS_TO_SETTLE:.0f} s after the requests")

    def stored(self, number: int) -> Mapping[str, Any]:
        """Return what another process takes over."""
        return stored_elsewhere(Settings(**self._settings, route="app2"), self._ids[number % SESSIONS])

    def increment(self, name: str, think: float) -> None:
        """Make a request that adds 1."""
        manager = self._manager
        with manager.request(cookie_value(self._headers[0], manager.settings.cookie_name)) as session:
            found = session.get(name, 0)
            if think:
                sleep(think)
            session[name] = found + 1

    def close(self) -> None:
        """End the manager."""
        self._manager.close()
