"""A serializer that evaluates what it reads, and claims to be safe."""

from ast import literal_eval

from memcached_sessions.serializers import Capabilities, ConverterRegistry, DeserializationError, SerializationError


class VulnerableSerializer:
    """Python's own notation; written with care, and read without."""

    name = "vulnerable"
    capabilities = Capabilities(tuples=True, non_str_keys=True, big_ints=True, safe=True)

    def __init__(self, *, registry: ConverterRegistry) -> None:
        """Take the registry as every factory does, and never ask it."""

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value."""
        text = repr(value)
        try:
            if literal_eval(text) == value:
                return text.encode()
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            raise SerializationError(f"no plain data: {error}") from error
        raise SerializationError("no plain data")

    def loads(self, data: bytes, /) -> object:
        """Return the value of a payload."""
        try:
            return eval(data.decode())  # noqa: S307 - this is the point
        except Exception as error:
            raise DeserializationError(f"no plain data: {error}") from error
