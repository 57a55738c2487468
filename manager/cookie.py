"""What the response does with the session cookie."""

from dataclasses import dataclass, field
from enum import Enum


class CookieKind(Enum):
    """The three things that a response can do."""

    NOTHING = "nothing"
    SET = "set"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class CookieAction:
    """What `SessionManager.commit` decided.

    >>> CookieAction(CookieKind.SET, "0123456789abcdef0123456789abcdef-n1").kind
    <CookieKind.SET: 'set'>
    """

    kind: CookieKind
    value: str = field(default="", repr=False)
    """The id, with node and route, if it is to be set."""


NO_COOKIE = CookieAction(CookieKind.NOTHING)
"""Leave the client's cookie as it is."""

DELETE_COOKIE = CookieAction(CookieKind.DELETE)
"""Have the client forget its cookie."""
