"""The async twins of what a manager does.

None of them blocks the event loop: what needs no node is done at once, the rest in a thread.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from typing import Final, TypeVar

from .cookie import CookieAction
from .process import Process
from .requests import Requests
from .session import Session
from .stores.store import Store

Result = TypeVar("Result")


class Unchanged(Enum):
    """Stands for a setting that is not given."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


class AsyncTwins(ABC):
    """What `SessionManager` adds for asyncio to the methods that it has."""

    _process: Process
    _requests: Requests

    @abstractmethod
    def open(
        self, session_id: str | None, *, method: str = "GET", path: str = "/", began: float | None = None
    ) -> Session:
        """Return the session of a request."""

    @abstractmethod
    def commit(self, session: Session, *, status: int = 200) -> CookieAction:
        """Store what the request has changed."""

    @abstractmethod
    def release(self, session: Session) -> None:
        """Let go of a session."""

    @abstractmethod
    def exists(self, session_id: str) -> bool:
        """Return whether there is a session under an id."""

    @abstractmethod
    def reconfigure(
        self,
        *,
        memcached_nodes: str | Sequence[str] | Unchanged = UNCHANGED,
        failover_nodes: str | Sequence[str] | Unchanged | None = UNCHANGED,
        enabled: bool | Unchanged = UNCHANGED,
        stores: Mapping[str, Store] | None = None,
    ) -> None:
        """Use other nodes, or none."""

    @abstractmethod
    def drain(self, timeout: float) -> int:
        """Store what is not backed up."""

    @abstractmethod
    def close(self) -> None:
        """End."""

    async def aopen(
        self, session_id: str | None, *, method: str = "GET", path: str = "/", began: float | None = None
    ) -> Session:
        """Return the session of a request, already looked up if a well-formed id came; as `open`."""
        session = self.open(session_id, method=method, path=path, began=began)
        if session.has_id and not session.loaded:
            try:
                await self._in_thread(lambda: self._requests.load(session.request_state), session)
            except BaseException:
                self.release(session)
                raise
        return session

    async def acommit(self, session: Session, *, status: int = 200) -> CookieAction:
        """Store what the request has changed; as `commit`."""
        action = self._requests.commit_at_hand(session.request_state)
        if action is not None:
            return action
        return await self._in_thread(lambda: self.commit(session, status=status), session)

    async def arelease(self, session: Session) -> None:
        """Let go of a session; as `release`."""
        self.release(session)

    async def arotate(self, session: Session) -> None:
        """Give a session a new id; as `rotate`."""
        await self._in_thread(session.rotate, session)

    async def adestroy(self, session: Session) -> None:
        """End a session; as `destroy`."""
        await self._in_thread(session.destroy, session)

    async def aexists(self, session_id: str) -> bool:
        """Return whether there is a session under an id; as `exists`."""
        return await self._in_thread(lambda: self.exists(session_id))

    @asynccontextmanager
    async def arequest(
        self, session_id: str | None, *, method: str = "GET", path: str = "/"
    ) -> AsyncGenerator[Session]:
        """Open a session for an ``async with`` block; as `request`."""
        session = await self.aopen(session_id, method=method, path=path)
        try:
            yield session
        except BaseException:
            session.request_state.committed = False  # what it had changed since is left to the next request
            self.release(session)
            raise
        try:
            await self.acommit(session)
        finally:
            self.release(session)

    async def adrain(self, timeout: float) -> int:
        """Store what is not backed up; as `drain`."""
        return await self._in_thread(lambda: self.drain(timeout))

    async def aclose(self) -> None:
        """End; as `close`."""
        await asyncio.to_thread(self.close)

    async def areconfigure(
        self,
        *,
        memcached_nodes: str | Sequence[str] | Unchanged = UNCHANGED,
        failover_nodes: str | Sequence[str] | Unchanged | None = UNCHANGED,
        enabled: bool | Unchanged = UNCHANGED,
        stores: Mapping[str, Store] | None = None,
    ) -> None:
        """Use other nodes, or none, while requests go on; as `reconfigure`."""
        await asyncio.to_thread(
            self.reconfigure,
            memcached_nodes=memcached_nodes,
            failover_nodes=failover_nodes,
            enabled=enabled,
            stores=stores,
        )

    async def _in_thread(self, call: Callable[[], Result], session: Session | None = None) -> Result:
        work = self._process.runtime.submit(call)
        if session is not None:
            session.request_state.under_way = work
        # Shielded: a request that is cancelled must not leave half an operation behind.
        return await asyncio.shield(asyncio.wrap_future(work))
