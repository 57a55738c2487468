"""What is counted, by name: the one list that the meter, the snapshot and Prometheus share."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Counters:
    """How often things have happened since counting began.

    >>> later, earlier = Counters(backups=5), Counters(backups=2)
    >>> (later - earlier).backups
    3
    """

    # Requests, when they are released: each is one of these four.
    requests_without_session: int = 0
    """Without an id that is one, and begun no session."""
    requests_without_session_access: int = 0
    """With an id or a session that the application did not look at."""
    requests_without_attribute_access: int = 0
    """Looked at what the session is (`Session.is_new`, its id, ...), or ended it, but at no attribute."""
    requests_with_attribute_access: int = 0
    """Looked at attributes, or set them."""

    # Ids that came, and no session of this process answers to.
    takeovers: int = 0
    """Sessions that this process did not know, loaded from a node (msm: Tomcat failover)."""
    unknown: int = 0
    """Ids of which every node says that there is no session; the request got a fresh one."""
    undecided: int = 0
    """Ids of which somebody who could not be asked may know the session; it was served empty, the id kept."""
    gone: int = 0
    """Ids whose session had been destroyed or rotated."""

    # Sessions.
    created: int = 0
    """Begun here."""
    rotated: int = 0
    """Given a new id here."""
    destroyed: int = 0
    """Destroyed here, or found destroyed or rotated by another process."""
    expired: int = 0
    """Local copies that reached their idle or absolute limit."""

    # Backups.
    modifications: int = 0
    """Commits that found a session begun or changed."""
    backups: int = 0
    """Sessions stored, in requests and in the background."""
    backup_failures: int = 0
    """Sessions that could not be stored, and marks of destroyed ones that no node took."""
    relocations: int = 0
    """Backups that moved to another node (msm: memcached failover)."""
    revalidations: int = 0
    """Questions to a node whether a local copy is fresh."""
    touches: int = 0
    """Extensions of the life of a backup that did not change."""
    merges: int = 0
    """Changes of another process taken into a session of this one."""
    conflicts: int = 0
    """Merges in which both had changed an attribute: one change was lost."""
    dropped: int = 0
    """Requests whose changes were dropped, since the session had ended meanwhile or the request is an ignored one."""
    undecodable: int = 0
    """Copies on nodes that could not be read, or not be merged."""

    # Asynchronous backups.
    backups_queued: int = 0
    """Sessions put into the queue."""
    backups_coalesced: int = 0
    """Commits whose session was in the queue already: one backup stores all that they changed."""
    backups_waited_for_room: int = 0
    """Requests that found the queue full and waited."""

    @property
    def requests_with_session(self) -> int:
        """Requests with an id that is one, or that began a session."""
        return (
            self.requests_without_session_access
            + self.requests_without_attribute_access
            + self.requests_with_attribute_access
        )

    @property
    def requests_without_modification(self) -> int:
        """Requests that looked at attributes and left them as they were; of those that commit once."""
        return max(0, self.requests_with_attribute_access - self.modifications)

    @property
    def requests(self) -> int:
        """All requests."""
        return self.requests_without_session + self.requests_with_session

    @property
    def takeovers_per_request(self) -> float:
        """Take-overs for each request with a session; sessions that stay with their process make it small.

        >>> Counters(requests_with_attribute_access=8, takeovers=2).takeovers_per_request
        0.25
        """
        return self.takeovers / (self.requests_with_session or 1)

    def __sub__(self, earlier: "Counters") -> "Counters":
        """Return what has happened since an earlier snapshot."""
        return Counters(**{name: getattr(self, name) - getattr(earlier, name) for name in COUNTERS})

    def to_dict(self) -> dict[str, int]:
        """Return all counters by name."""
        return {name: getattr(self, name) for name in COUNTERS}


COUNTERS = tuple(field.name for field in fields(Counters))
"""Their names."""
