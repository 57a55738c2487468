"""A secret of the session in each form, where the framework brings none: another site's page cannot know it."""

import secrets
from collections.abc import MutableMapping
from typing import Any


def csrf_field(session: MutableMapping[str, Any]) -> tuple[str, str]:
    """Return name and value of the hidden field that only a page of this session has.

    >>> session = {}
    >>> name, value = csrf_field(session)
    >>> is_ours(session, value), is_ours(session, "guessed"), is_ours({}, "")
    (True, False, False)
    """
    return "csrf", session.setdefault("csrf", secrets.token_urlsafe(16))


def is_ours(session: MutableMapping[str, Any], token: str) -> bool:
    """Return whether a form came from a page of this session. No session begins here."""
    expected = session.get("csrf")
    return bool(expected) and secrets.compare_digest(token.encode(), expected.encode())
