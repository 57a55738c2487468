"""What goes wrong when sessions are read."""

from ...errors import ManagerError


class SourceError(ManagerError):
    """There is no session to look at; the message says why and what to do."""
