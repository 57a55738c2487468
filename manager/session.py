"""What an application sees of a session during one request.

`Session` is a dict for frameworks and encoders that test for one, but its own storage holds no attribute: every
reader and mutator goes to the attributes that all requests of the process share. Invariant: nothing asks a node before
the first access.
"""

# A dict holds anything, and its methods are overloaded:
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, Any, Protocol, Self, SupportsIndex

from .request_state import RequestState, Verdict

if TYPE_CHECKING:
    from .cookie import CookieAction
    from .private_copies import PrivateCopy


class Owner(Protocol):
    """What a session asks of the manager that made it."""

    def load(self, request: RequestState) -> dict[str, Any]:
        """Find what the session holds, and return its attributes."""
        ...

    def id_of(self, request: RequestState) -> str:
        """Return the id that the client should have."""
        ...

    def sid_of(self, request: RequestState) -> str:
        """Return the constant part of the id."""
        ...

    def now(self) -> float:
        """Return seconds since the epoch."""
        ...

    def rotate(self, request: RequestState) -> None:
        """Give the session a new id."""
        ...

    def destroy(self, request: RequestState) -> None:
        """End the session."""
        ...

    def copy(self, request: RequestState) -> PrivateCopy:
        """Return a copy of the attributes that nobody else has."""
        ...

    def merge(self, request: RequestState, copy: PrivateCopy) -> None:
        """Bring into the session what was changed in a copy."""
        ...


LONGEST_IDLE = 3650 * 86_400
"""Seconds: ten years, as for the setting."""


def _limit(name: str, seconds: int | None) -> int | None:
    if seconds is not None and (type(seconds) is not int or not 1 <= seconds <= LONGEST_IDLE):
        raise ValueError(
            f"{name} cannot be {seconds!r}; allowed: seconds, a whole number from 1 to {LONGEST_IDLE}, or None; "
            "destroy() ends a session"
        )
    return seconds


_NOT_EMPTY: dict[Any, None] = {None: None}
"""What the own storage of a session holds. The json module writes a dict whose storage is empty as ``{}``, without
asking for its items; encoders that read the storage itself, as orjson, refuse the key instead of writing ``{}``."""


UNCHANGEABLE = frozenset({str, int, float, bool, bytes, type(None)})
"""What nobody can change in place. A request that was handed nothing else and set nothing cannot have changed the
session, and does not pay for finding that out, however large it is."""


class Session(dict[str, Any]):
    """The attributes of a session by name, and what it is.

    Made by `SessionManager.open`. What was changed, also deep inside a value, is stored by `SessionManager.commit` of
    the request that got it from its session.

    >>> from memcached_sessions import SessionManager
    >>> with SessionManager("memory://") as manager:
    ...     with manager.request(None) as session:
    ...         session["cart"] = ["apple"]
    ...     with manager.request(session.id) as again:
    ...         again["cart"].append("pear")
    ...     print(again)
    <Session of attributes 'cart'>
    """

    __slots__ = ("_owner", "request_state")

    def __init__(self, owner: Owner, request_state: RequestState) -> None:
        super().__init__(_NOT_EMPTY)
        self._owner = owner
        self.request_state = request_state
        """For the manager."""

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return the session of a request as one of this class, for adapters whose frameworks ask for more."""
        return cls(session._owner, session.request_state)

    # What it is

    @property
    def id(self) -> str:
        """The id for the cookie, with node and route; it may change by relocation, take-over and rotation."""
        self.request_state.looked_at = True
        return self._owner.id_of(self.request_state)

    @property
    def sid(self) -> str:
        """The part of the id that stays the same for the session's life, until rotation."""
        self.request_state.looked_at = True
        return self._owner.sid_of(self.request_state)

    @property
    def cookie(self) -> CookieAction:
        """What the response does with the cookie, since the last commit."""
        return self.request_state.cookie

    @property
    def began(self) -> float:
        """When its request began, by the clock of `SessionManager.open`."""
        return self.request_state.began

    @property
    def has_id(self) -> bool:
        """Whether a well-formed id came with the request."""
        return self.request_state.came is not None

    @property
    def loaded(self) -> bool:
        """Whether it was looked at, or was at hand."""
        return self.request_state.attributes is not None

    @property
    def is_new(self) -> bool:
        """Whether this request begins it: there was no session under the id that came, or no id."""
        self._find()
        return self.request_state.entry is None or self.request_state.begun

    @property
    def degraded(self) -> bool:
        """Whether somebody may hold the session who could not be asked: it is empty, and the client keeps its id."""
        self._find()
        return self.request_state.verdict is Verdict.UNDECIDED

    @property
    def ended(self) -> bool:
        """Whether it was destroyed or has expired since this request looked at it: nothing is stored for it."""
        entry = self.request_state.entry
        return entry is not None and not entry.is_live

    @property
    def superseded(self) -> bool:
        """Whether another request has rotated it: what this one changes is stored, but its client keeps the old id."""
        entry = self.request_state.entry
        return entry is not None and entry.is_live and entry.sid != self.request_state.sid

    @property
    def created(self) -> float:
        """When it began, in seconds since the epoch; now, if it begins with this request."""
        self._find()
        return self._owner.now() if self.request_state.entry is None else self.request_state.entry.created

    @property
    def max_inactive_interval(self) -> int | None:
        """Seconds that it may rest; None: for ever. To be set for one session alone."""
        self._find()
        return self.request_state.idle if self.request_state.entry is None else self.request_state.entry.idle

    @max_inactive_interval.setter
    def max_inactive_interval(self, seconds: int | None) -> None:
        self._find()
        self.request_state.note_changeable()
        self.request_state.idle = _limit("max_inactive_interval", seconds)
        if self.request_state.entry is not None:
            self.request_state.entry.idle = seconds

    @property
    def absolute_timeout(self) -> int | None:
        """Seconds that it lives in all, however much it is used; None: for ever. To be set for one session alone."""
        self._find()
        entry = self.request_state.entry
        return self.request_state.absolute if entry is None else entry.absolute

    @absolute_timeout.setter
    def absolute_timeout(self, seconds: int | None) -> None:
        self._find()
        self.request_state.note_changeable()
        self.request_state.absolute = _limit("absolute_timeout", seconds)
        if self.request_state.entry is not None:
            self.request_state.entry.absolute = seconds

    def rotate(self) -> None:
        """Give the session a new id at once; the old one is dead in every process. For logins."""
        self.request_state.looked_at = True
        self._owner.rotate(self.request_state)

    def destroy(self) -> None:
        """End the session at once, in every process. What is written afterwards begins a new one."""
        self.request_state.looked_at = True
        self._owner.destroy(self.request_state)

    def private_copy(self) -> PrivateCopy:
        """Return the attributes as objects of their own, for a framework whose sessions do not see each other.

        >>> from memcached_sessions import SessionManager
        >>> with SessionManager("memory://") as manager:
        ...     with manager.request(None) as session:
        ...         session["cart"] = ["apple"]
        ...     with manager.request(session.id) as session:
        ...         copy = session.private_copy()
        ...         copy.attributes["cart"].append("pear")
        ...         print(session["cart"])
        ...         session.merge(copy)
        ...         print(session["cart"])
        ['apple']
        ['apple', 'pear']
        """
        self._looked_at()
        return self._owner.copy(self.request_state)

    def merge(self, copy: PrivateCopy) -> None:
        """Bring into the session what was changed in a copy of it, as the write of another process: what others have
        changed since it was made stays, and where both changed an attribute the copy wins.

        The next commit stores it. It begins the session where there was none, even if it holds nothing; but a copy that
        was not changed begins none in the place of one that may be elsewhere (`degraded`).

        Raises
        ------
        SerializationError
            A value of the copy cannot be kept; with its path. Nothing was changed.
        """
        self._shared()
        self._owner.merge(self.request_state, copy)

    def _find(self) -> None:
        """Look the session up, if that was not done before."""
        request = self.request_state
        request.looked_at = True
        if request.attributes is None:
            self._owner.load(request)

    def _shared(self) -> dict[str, Any]:
        """Return the attributes for what may change them, now or later through a value that is handed out."""
        self.request_state.note_changeable()
        return self._looked_at()

    def _looked_at(self) -> dict[str, Any]:
        """Return the attributes for what can change nothing."""
        request = self.request_state
        request.used = True
        attributes = request.attributes
        return self._owner.load(request) if attributes is None else attributes

    def _changing(self) -> dict[str, Any]:
        """Return the attributes to whoever changes which there are."""
        return self._shared()

    # Readers

    def __getitem__(self, name: str) -> Any:
        value = self._looked_at()[name]
        if type(value) not in UNCHANGEABLE:
            self.request_state.note_changeable()
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._looked_at()

    def __iter__(self) -> Iterator[str]:
        return iter(self._looked_at())

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._looked_at())

    def __len__(self) -> int:
        return len(self._looked_at())

    def __bool__(self) -> bool:
        return bool(self._looked_at())

    def __eq__(self, other: object) -> bool:
        return self._shared() == (other._shared() if isinstance(other, Session) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # pyright: ignore[reportAssignmentType] - as for every dict

    def __or__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return self._shared() | dict(other)

    def __ror__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return dict(other) | self._shared()

    def __repr__(self) -> str:
        """Name the attributes, never their values, and never the id."""
        if self.request_state.attributes is None:
            return "<Session, not looked at>"
        return f"<Session of attributes {', '.join(map(repr, self.request_state.attributes)) or 'none'}>"

    def __copy__(self) -> dict[str, Any]:
        return self._shared().copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        from copy import deepcopy  # noqa: PLC0415 - rare

        return deepcopy(self._shared(), memo)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return dict, (self._shared().copy(),)

    def copy(self) -> dict[str, Any]:
        """Return the attributes as a dict of its own; the values are the same objects."""
        return self._shared().copy()

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or the default."""
        value = self._looked_at().get(name, default)
        if type(value) not in UNCHANGEABLE:
            self.request_state.note_changeable()
        return value

    def keys(self) -> KeysView[str]:
        """Return the names, as a view."""
        return self._shared().keys()

    def values(self) -> ValuesView[Any]:
        """Return the values, as a view."""
        return self._shared().values()

    def items(self) -> ItemsView[str, Any]:
        """Return names and values, as a view."""
        return self._shared().items()

    # Mutators

    def __setitem__(self, name: str, value: Any) -> None:
        if type(name) is not str:
            raise TypeError(f"names of session attributes are str, not {type(name).__name__}: {name!r}")
        self._changing()[name] = value

    def __delitem__(self, name: str) -> None:
        del self._changing()[name]

    def __ior__(self, other: Any) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.update(other)
        return self

    def clear(self) -> None:
        """Remove all attributes; the session goes on, empty."""
        self._changing().clear()

    def pop(self, name: str, *default: Any) -> Any:
        """Remove an attribute and return it, or the default."""
        return (self._changing() if name in self else self._shared()).pop(name, *default)

    def popitem(self) -> tuple[str, Any]:
        """Remove the attribute that came last, and return its name and value."""
        return self._changing().popitem()

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return an attribute, after adding it if it was not there."""
        shared = self._shared()
        if name not in shared:
            self[name] = default
        return shared[name]

    def update(self, *others: Any, **more: Any) -> None:
        """Add or replace attributes."""
        changes = dict[Any, Any](*others, **more)
        for name, value in changes.items():
            self[name] = value

    @classmethod
    def fromkeys(cls, iterable: Iterable[str], value: Any = None) -> dict[str, Any]:
        """Return a plain dict, for a session is made by its manager."""
        return dict.fromkeys(iterable, value)
