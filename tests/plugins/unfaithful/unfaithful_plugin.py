"""Two serializers that are right nearly always: one changes tuples in lists, one returns the bytes of before."""

from typing import Any

from memcached_sessions.serializers import ConverterRegistry, Serializer, get_serializer


class _LikeJson:
    """What `json` does, with its capabilities."""

    name: str

    def __init__(self, *, registry: ConverterRegistry) -> None:
        """Use the registry as `json` does."""
        self._json: Serializer = get_serializer("json", registry)
        self.capabilities = self._json.capabilities

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value."""
        return self._json.dumps(value)

    def loads(self, data: bytes, /) -> object:
        """Return the value of a payload."""
        return self._json.loads(data)


class UnfaithfulSerializer(_LikeJson):
    """Tuples inside lists come back as lists; all else, every other tuple too, comes back as it was."""

    name = "unfaithful"

    def loads(self, data: bytes, /) -> object:
        """Return nearly the value of a payload."""
        return _changed(super().loads(data))


class StaleSerializer(_LikeJson):
    """A session that changed is written as it was when it was first written."""

    name = "stale"

    def __init__(self, *, registry: ConverterRegistry) -> None:
        """Begin with no bytes of before."""
        super().__init__(registry=registry)
        self._written: dict[int, tuple[object, bytes]] = {}

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value, made once for each object."""
        return self._written.setdefault(id(value), (value, super().dumps(value)))[1]


def _changed(value: Any) -> Any:
    if type(value) is dict:
        return {key: _changed(item) for key, item in value.items()}
    if type(value) is list:
        return [_changed(list(item) if type(item) is tuple else item) for item in value]
    return value
