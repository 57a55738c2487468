"""What applications that were written for Beaker call on ``environ["beaker.session"]``."""

from .http_session import HttpSession


class BeakerSession(HttpSession):
    """A session with the methods of Beaker's.

    >>> from memcached_sessions import SessionManager
    >>> with SessionManager("memory://") as manager:
    ...     session = BeakerSession(manager.open(None))
    ...     session["user"] = 7
    ...     session.save()
    ...     session.invalidate()
    ...     print(session)
    <Session of attributes none>
    """

    __slots__ = ()

    def save(self) -> None:
        """Do nothing: what was changed is stored before the response leaves, whether this is called or not."""

    persist = save

    def has_key(self, name: str) -> bool:
        """Return whether there is an attribute; as ``in``."""
        return name in self

    @property
    def timeout(self) -> int | None:
        """Seconds that it may rest; as `Session.max_inactive_interval`, by which it is set for one session alone."""
        return self.max_inactive_interval

    def delete(self) -> None:
        """End the session, in every process; as `Session.destroy`."""
        self.destroy()

    def invalidate(self) -> None:
        """End the session; what is written afterwards begins a new one, with an id of its own."""
        self.destroy()

    def regenerate_id(self) -> None:
        """Give the session a new id; as `Session.rotate`. The old one is over, which it is not with Beaker."""
        self.rotate()
