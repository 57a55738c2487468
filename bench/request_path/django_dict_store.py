"""Django's sessions in a dict of the process: what they cost beside any store.

Imported only where Django is installed. Invariant: a store does what every engine has to, and nothing else.
"""

# Django has no annotations:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

from django.contrib.sessions.backends.base import SessionBase


class DictStore(SessionBase):
    """A session of a dict.

    Parameters
    ----------
    kept
        All sessions by their keys.
    session_key
        Of this one; None: it is new.
    """

    def __init__(self, kept: dict[str, dict[str, Any]], session_key: str | None = None) -> None:
        self._kept = kept
        super().__init__(session_key)

    def exists(self, session_key: str) -> bool:
        """Return whether there is a session of a key."""
        return session_key in self._kept

    def create(self) -> None:
        """Begin a session with what this store holds."""
        self._session_key = self._get_new_session_key()
        self.save()

    def load(self) -> dict[str, Any]:
        """Return a copy, for stores are isolated."""
        return dict(self._kept.get(self.session_key or "", {}))

    def save(self, must_create: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - Django's signature
        """Keep what this store holds."""
        if self.session_key is None:
            self.create()
        else:
            self._kept[self.session_key] = dict(self._get_session())

    def delete(self, session_key: str | None = None) -> None:
        """End a session."""
        self._kept.pop(session_key or self.session_key or "", None)
