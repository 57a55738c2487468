"""A serializer that looks at every session that a manager writes: does it come back as it was, and what is in it?

Invariant: what is compared is the very object that the manager hands over, and what its bytes hold.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from flows.kinds import Kind

from memcached_sessions.serializers import Serializer, get_serializer
from memcached_sessions.serializers.fidelity import difference

FORMATS = ("json", "msgpack", "cbor", "compact", "pickle")
"""The built-in ones. All but the last are safe."""


class Witness:
    """A built-in format, under its name, with what went through it.

    Parameters
    ----------
    name
        Of the format.
    expected
        Returns what a session is to come back as, if not as itself: what is lazy comes back as text.
    """

    def __init__(self, name: str, expected: Callable[[Any], Any] = lambda session: session) -> None:
        self.name = name
        self._inner: Serializer = get_serializer(name)
        self.capabilities = self._inner.capabilities
        self._expected = expected
        self.written: list[Any] = []
        """Each session that was written, as its bytes hold it."""
        self.read: list[Any] = []
        """Each session that was read."""
        self.kinds: dict[str, Kind] = defaultdict(Kind)
        """What was found under each key."""

    def dumps(self, value: Any, /) -> bytes:
        """Return the payload of a session, which holds nothing else than the session."""
        payload = self._inner.dumps(value)
        loaded: Any = self._inner.loads(payload)
        changed = difference(self._expected(value), loaded, identity=self.capabilities.identity)
        assert changed is None, f"{self.name}: {changed}"
        self.written.append(loaded)
        for key, attribute in value.items():
            self.kinds[key].note(attribute, loaded[key])
        return payload

    def loads(self, data: bytes, /) -> object:
        """Return the session of a payload."""
        loaded = self._inner.loads(data)
        self.read.append(self._inner.loads(data))
        return loaded
