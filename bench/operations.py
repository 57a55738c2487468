"""What is timed of a case: its operations, each as a call.

Invariant: a call of a population goes through all of its sessions, and a call of a single session has nothing of ours
around what is measured.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import cast

from .case import CHANGED_ATTRIBUTE, Ready, ReadyCase, ReadyFloor, over_all
from .envelope import KEY, envelope_of
from .store import SessionStore


class Operation(StrEnum):
    """What is timed."""

    DUMPS = "dumps"
    LOADS = "loads"
    ROUND_TRIP = "round_trip"
    """dumps, set, get, loads."""
    BARE_DUMPS = "bare_dumps"
    """The library under the serializer alone."""
    BARE_LOADS = "bare_loads"
    ENVELOPE_DUMPS = "envelope_dumps"
    """dumps, and the envelope of the session manager around it, signed."""
    ENVELOPE_LOADS = "envelope_loads"
    """The envelope checked and opened, and loads."""
    UNCHANGED = "unchanged"
    """dumps, and a comparison with the bytes of before."""
    RESAVE = "resave"
    """One attribute is set, then dumps and the envelope."""


RANKED = (Operation.DUMPS, Operation.LOADS, Operation.ROUND_TRIP)
"""What serializers are compared by, and so timed in every pass."""

Call = Callable[[], object]


def operations_of(ready: Ready, store: SessionStore) -> dict[Operation, Call]:
    """Return the calls of a verified case.

    Parameters
    ----------
    ready
        The case.
    store
        Where round trips go.
    """
    if isinstance(ready, ReadyFloor):
        return {Operation.LOADS: ready.loads()}
    return dict(_operations(ready, store))


def _operations(ready: ReadyCase, store: SessionStore) -> Iterator[tuple[Operation, Call]]:
    yield Operation.DUMPS, ready.dumps()
    yield Operation.LOADS, ready.loads()
    yield Operation.ROUND_TRIP, RoundTrip(ready, store).run
    if ready.library:
        yield Operation.BARE_DUMPS, ready.library.dumps
        yield Operation.BARE_LOADS, ready.library.loads
    stored = StoredValue(ready)
    sealed = [stored.seal(session) for session in ready.sessions]
    yield Operation.ENVELOPE_DUMPS, over_all(stored.seal, ready.sessions)
    yield Operation.ENVELOPE_LOADS, over_all(stored.open, sealed)
    yield Operation.UNCHANGED, over_all(stored.is_unchanged, list(zip(ready.sessions, ready.payloads, strict=True)))
    if all(isinstance(session, dict) for session in ready.sessions):
        changed = [dict(cast("dict[str, object]", session)) for session in ready.sessions]
        yield Operation.RESAVE, over_all(stored.seal_changed, changed)


class RoundTrip:
    """One request's worth of a session: stored after a request, fetched and loaded by the next."""

    def __init__(self, ready: ReadyCase, store: SessionStore) -> None:
        self._dumps = ready.serializer.dumps
        self._loads = ready.serializer.loads
        self._sessions = ready.sessions
        self._set = store.set
        self._get = store.get

    def run(self) -> object:
        """Store each session, fetch it and return what came back of the last.

        Raises
        ------
        LookupError
            The store has lost it.
        """
        loaded: object = None
        for session in self._sessions:
            self._set(KEY, self._dumps(session))
            payload = self._get(KEY)
            if payload is None:
                raise LookupError(f"the store lost {KEY!r} between set and get: it may be full")
            loaded = self._loads(payload)
        return loaded


class StoredValue:
    """What the session manager stores: an envelope around the payload, signed and not compressed."""

    def __init__(self, ready: ReadyCase) -> None:
        self._dumps = ready.serializer.dumps
        self._loads = ready.serializer.loads
        self._codec, self._header = envelope_of(ready.serializer.name)
        self._changes = 0

    def seal(self, session: object, /) -> bytes:
        """Return the stored value of a session."""
        return self._codec.seal(KEY, self._header, self._dumps(session))

    def seal_changed(self, session: dict[str, object], /) -> bytes:
        """Set an attribute to something that it was not, and return the stored value."""
        self._changes += 1
        session[CHANGED_ATTRIBUTE] = self._changes
        return self._codec.seal(KEY, self._header, self._dumps(session))

    def open(self, data: bytes, /) -> object:
        """Return the session of a stored value."""
        return self._loads(self._codec.open(KEY, data).payload)

    def is_unchanged(self, session_and_payload: tuple[object, bytes], /) -> bool:
        """Whether a session gives the bytes that it gave before."""
        session, before = session_and_payload
        return self._dumps(session) == before
