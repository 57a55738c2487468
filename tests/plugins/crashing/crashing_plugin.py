"""A serializer that is right until it ends its process, or never ends."""

import os
from uuid import UUID

from memcached_sessions.serializers import ConverterRegistry, get_serializer


class CrashingSerializer:
    """What `json` does, but for sessions with sets or UUIDs, and some bytes."""

    name = "crashing"

    def __init__(self, *, registry: ConverterRegistry) -> None:
        """Use the registry as `json` does."""
        self._json = get_serializer("json", registry)
        self.capabilities = self._json.capabilities

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value; a set in it ends the process, a UUID is looked at for ever."""
        held = {type(attribute) for attribute in value.values()} if type(value) is dict else set()
        if set in held:
            os.abort()
        while UUID in held:
            pass
        return self._json.dumps(value)

    def loads(self, data: bytes, /) -> object:
        """Return the value of a payload; one that begins as no text does ends the process."""
        if data.startswith(b"\xff\xff"):
            os.abort()
        while data.startswith(b"\xfe\xfe"):
            pass
        return self._json.loads(data)
