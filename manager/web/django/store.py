"""Django's `SessionBase` on the manager.

A store has a private copy of the session, read at once and written by `save`: until then no other store sees what it
does. Invariants: no session is held between two calls, so a store needs no end; ``session_key`` is the sid, which stays
the same until `cycle_key`; an unknown key is never adopted; what was deleted meanwhile is not saved.
"""

# Django has no annotations:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import time
from collections.abc import Mapping
from math import ceil
from typing import Any

from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError

from ...manager import SessionManager
from ...private_copies import PrivateCopy
from ...session import LONGEST_IDLE, UNCHANGEABLE, Session
from ...session_id import SessionId
from .configured_manager import configured_values, session_manager

_EXPIRY = "_session_expiry"
"""The attribute in which Django keeps what `set_expiry` was given."""


class SessionStore(SessionBase):
    """The session of a request, as ``request.session``.

    Parameters
    ----------
    session_key
        The sid, or the whole id as it is in the cookie.
    """

    cookie_may_differ = False
    """Whether the cookie is set from `cookie_value`: by our middleware. Else it is the bare ``session_key``."""
    lasts_as_before = True
    """Whether `set_expiry` has not been called."""
    ignored_path = ""
    """The path of the request, if it is an ignored one: it reads what is at hand, and what it saves is dropped."""
    undecided = False
    """Whether the last save stored nothing: the session may be where nobody can ask, and nothing had been changed."""
    _copy: PrivateCopy | None = None
    """What was read, or saved last; None: nothing was."""
    _taken: PrivateCopy | None = None
    """What was read, as long as nobody has asked for all of it."""
    _began: float | None = None

    def __init__(self, session_key: str | None = None) -> None:
        sid = SessionId.sid_of(session_key)
        super().__init__(session_key if sid is None else sid)
        self.cookie_came = session_key
        """What the client has."""
        self.cookie_value: str | None = None if sid is None else session_key
        """What the client should have, with node and route; None: nothing is known of that."""

    # Reading

    def __getitem__(self, key: str) -> Any:
        at_hand = self._at_hand()
        if at_hand is not None and type(value := at_hand[key]) in UNCHANGEABLE:
            return value
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        at_hand = self._at_hand()
        return super().__contains__(key) if at_hand is None else key in at_hand

    def get(self, key: str, default: Any = None) -> Any:
        """Return an attribute, or the default."""
        at_hand = self._at_hand()
        if at_hand is not None:
            if key not in at_hand:
                return default
            if type(value := at_hand[key]) in UNCHANGEABLE:
                return value
        return super().get(key, default)

    def _at_hand(self) -> Mapping[str, Any] | None:
        """Return what can be read without a copy of all that the session holds; None if there is that already.

        Most requests read who is logged in, and no more.
        """
        if "_session_cache" in self.__dict__ or self.session_key is None:
            return None
        self.accessed = True
        if self._taken is None:
            self._taken = self._take()
        return self._taken.at_hand

    def load(self) -> dict[str, Any]:
        """Return what the session holds, nothing if there is none."""
        copy, self._taken = self._taken or self._take(), None
        return copy.attributes

    def _take(self) -> PrivateCopy:
        manager = session_manager()
        session = manager.open(self._known_as, path=self.ignored_path)
        self._began = session.began
        try:
            if session.is_new:
                return self._take_none(session)
            copy = self._copy = session.private_copy()
            manager.commit(session)  # its life is extended when that is due, and it leaves a node that is down
            if session.superseded or session.id != self.cookie_value:
                self._note(session)
            return copy
        finally:
            manager.release(session)

    async def aload(self) -> dict[str, Any]:
        """Return what the session holds; as `load`, without a thread where no node is asked."""
        copy, self._taken = self._taken, None
        return (copy or await self._atake()).attributes

    async def _atake(self) -> PrivateCopy:
        manager = session_manager()
        session = await manager.aopen(self._known_as, path=self.ignored_path)
        self._began = session.began
        try:
            if session.is_new:
                return self._take_none(session)
            copy = self._copy = session.private_copy()
            await manager.acommit(session)
            if session.superseded or session.id != self.cookie_value:
                self._note(session)
            return copy
        finally:
            manager.release(session)

    def _take_none(self, session: Session) -> PrivateCopy:
        """Hold nothing, under no key; a session that cannot be reached just now, or is not to be, keeps its key."""
        if session.degraded or self.ignored_path:
            self._copy = session.private_copy()
            return self._copy
        self._session_key = self.cookie_value = self._copy = None
        return PrivateCopy()

    def exists(self, session_key: str | None) -> bool:
        """Return whether there is a session of a key.

        Raises
        ------
        NodesDownError
            It was not found, and a node that could hold it did not answer.
        """
        return session_key is not None and session_manager().exists(session_key)

    # Writing

    def create(self) -> None:
        """Begin a session under a new key, with what this store holds."""
        self.modified = True
        if self.ignored_path:
            return
        manager = session_manager()
        session = manager.open(None, path="")
        try:
            self._write(manager, session)
        finally:
            manager.release(session)

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Store what this store has changed; what others have saved since it was loaded stays.

        Raises
        ------
        CreateError
            ``must_create``, and there is a session of this key.
        UpdateError
            The session was deleted meanwhile.
        SerializationError
            A value cannot be kept; with its path. Nothing was stored.
        """
        if must_create and self.exists(self.session_key):
            raise CreateError
        if must_create or self.session_key is None:
            self.create()
            return
        if self.ignored_path:
            return
        self._get_session()
        manager = session_manager()
        session = manager.open(self._known_as, path="", began=self._began)
        try:
            if session.is_new and not session.degraded:
                raise UpdateError
            self._write(manager, session)
        finally:
            manager.release(session)

    def _write(self, manager: SessionManager, session: Session) -> None:
        attributes = self._get_session(no_load=self._taken is None)
        copy = self._copy or PrivateCopy()
        if copy.base is None and not session.is_new:
            copy = session.private_copy()  # it was never read, so all that it held is replaced
        copy.attributes = attributes
        self._copy = copy
        age = ceil(self.get_expiry_age())
        if age <= 0:
            self._session_key, self.cookie_value = session.sid, session.id
            session.destroy()
            return
        session.merge(copy)
        self._limit(session, age, manager)
        manager.commit(session)
        self.undecided = session.degraded
        if session.ended or (session.superseded and not self.cookie_may_differ):
            raise UpdateError
        self._note(session)

    @staticmethod
    def _limit(session: Session, age: int, manager: SessionManager) -> None:
        """Let the session end so many seconds after it was saved, read or not, as Django documents."""
        until = ceil(time.time() - session.created) + age
        limits = [until, LONGEST_IDLE, manager.settings.absolute_timeout or LONGEST_IDLE]
        session.absolute_timeout = max(1, min(limits))
        idle = configured_values().get("max_inactive_interval") or LONGEST_IDLE
        session.max_inactive_interval = min(age, idle, LONGEST_IDLE)

    def _note(self, session: Session) -> None:
        """Remember what the client should have; after another request's rotation, what it has."""
        if session.sid != self.session_key:
            self._session_key = session.sid
        self.cookie_value = None if session.superseded else session.id

    @property
    def _known_as(self) -> str | None:
        """The id with node and route, if that is known of the present key."""
        cookie, key = self.cookie_value, self.session_key
        return cookie if cookie is not None and key is not None and cookie.startswith(key) else key

    def set_expiry(self, value: Any) -> None:
        """Let the session end after so many seconds, or at a time; 0: with the browser; None: as the settings say."""
        super().set_expiry(value)
        self.lasts_as_before = False

    async def aset_expiry(self, value: Any) -> None:
        """Let the session end; as `set_expiry`."""
        await super().aset_expiry(value)
        self.lasts_as_before = False

    # New keys and the end

    def cycle_key(self) -> None:
        """Give the session a new key at once, with all that is stored; the old one is dead in every process."""
        self._get_session()
        manager = session_manager()
        session = manager.open(self._known_as, path="")
        try:
            session.rotate()
            manager.commit(session)
            begun = not session.is_new
            if begun:
                self._note(session)
        finally:
            manager.release(session)
        if not begun:
            self.create()
        self.modified = True

    def delete(self, session_key: str | None = None) -> None:
        """End a session in every process: this one, or that of a key. There may be none."""
        known_as = self._known_as if session_key is None else session_key
        if known_as is None:
            return
        manager = session_manager()
        session = manager.open(known_as, path="")
        try:
            session.destroy()
        finally:
            manager.release(session)

    @classmethod
    def clear_expired(cls) -> None:
        """Do nothing: sessions expire by themselves, here and on the nodes."""

    # Async: what asks nodes runs in a thread, and an application that is cancelled leaves nothing half done

    async def aexists(self, session_key: str | None) -> bool:
        """Return whether there is a session of a key; as `exists`."""
        return await asyncio.shield(asyncio.to_thread(self.exists, session_key))

    async def acreate(self) -> None:
        """Begin a session; as `create`."""
        await asyncio.shield(asyncio.to_thread(self.create))

    async def asave(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Store what this store has changed; as `save`."""
        await asyncio.shield(asyncio.to_thread(self.save, must_create))

    async def acycle_key(self) -> None:
        """Give the session a new key; as `cycle_key`."""
        await asyncio.shield(asyncio.to_thread(self.cycle_key))

    async def adelete(self, session_key: str | None = None) -> None:
        """End a session; as `delete`."""
        await asyncio.shield(asyncio.to_thread(self.delete, session_key))

    @classmethod
    async def aclear_expired(cls) -> None:
        """Do nothing; as `clear_expired`."""
