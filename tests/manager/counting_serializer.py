"""A serializer that tells how often a session was encoded."""

from memcached_sessions.serializers import get_serializer


class Counting:
    """A serializer that counts what it encodes."""

    name = "counting"

    def __init__(self) -> None:
        self._inner = get_serializer("compact")
        self.capabilities = self._inner.capabilities
        self.encoded = 0

    def dumps(self, value: object, /) -> bytes:
        """Return the payload of a value."""
        self.encoded += 1
        return self._inner.dumps(value)

    def loads(self, data: bytes, /) -> object:
        """Return the value of a payload."""
        return self._inner.loads(data)
