"""A serializer that is right, and takes twenty milliseconds for it."""

import time

from memcached_sessions.serializers import ConverterRegistry, get_serializer

SECONDS = 0.02


class SlowSerializer:
    """What `json` does, later."""

    name = "slow"

    def __init__(self, *, registry: ConverterRegistry) -> None:
        """Use the registry as `json` does."""
        self._json = get_serializer("json", registry)
        self.capabilities = self._json.capabilities

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value."""
        data = self._json.dumps(value)
        time.sleep(SECONDS)
        return data

    def loads(self, data: bytes, /) -> object:
        """Return the value of a payload; an error comes at once."""
        value = self._json.loads(data)
        time.sleep(SECONDS)
        return value
