"""A manager whose only thread for asynchronous backups is kept at another session, so that everything else waits."""

from collections.abc import Generator
from contextlib import contextmanager

from cluster import Client, Server, eventually

from memcached_sessions.manager.entry import Entry, Turn


def entry_of(server: Server, client: Client) -> Entry:
    """Return what a manager holds of the session of a client."""
    entry = server._process.sessions.get(client.sid)  # noqa: SLF001 - what waits is not public
    assert entry is not None
    return entry


@contextmanager
def stalled(server: Server) -> Generator[None]:
    """Let the thread wait for the mutex of a session that nobody else uses; its manager has ``backup_thread_count=1``.

    That session has a change that is not stored, and takes a place in the queue.
    """
    other = Client()
    other.write(server, other=1)
    eventually(lambda: not server.health().unbacked)
    entry = entry_of(server, other)
    with entry.mutex:
        other.write(server, other=2)
        eventually(lambda: entry.turn is Turn.UNDER_WAY)
        yield
