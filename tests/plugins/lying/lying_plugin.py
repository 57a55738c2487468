"""A serializer that claims what it does not do: it hands everything to `json` and lets it change what it likes."""

import json

from memcached_sessions.serializers import Capabilities, ConverterRegistry


class LyingSerializer:
    """Tuples come back as lists, keys as strings, every other object as its text; nothing is refused."""

    name = "lying"
    capabilities = Capabilities(
        tuples=True, sets=True, non_str_keys=True, big_ints=True, registered_classes=True, safe=True
    )

    def __init__(self, *, registry: ConverterRegistry) -> None:
        """Take the registry as every factory does, and never ask it."""

    def dumps(self, value: object, /) -> bytes:
        """Return some payload."""
        return json.dumps(value, default=str).encode()

    def loads(self, data: bytes, /) -> object:
        """Return whatever became of the value."""
        return json.loads(data)
