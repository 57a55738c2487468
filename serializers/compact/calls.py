"""`dumps` and `loads` of the serializer, which are compiled where the module was built.

`Calls` is the class that has them: a compiled one, so that no frame of Python stands between the caller and the
compiled passes, which take less than a microsecond on a small session; or else `PythonCalls`.
"""

from typing import Any, Literal

from ..implementations import compiled_module
from ..registry import ConverterRegistry
from . import reader, writer
from .explanations import refused_unread, unreadable, unwritable

Implementation = Literal["compiled", "portable", "python"]


class PythonCalls:
    """The calls in Python. The compiled class has the same attributes, and may be told to do its work in Python, too.

    Parameters
    ----------
    registry
        The converters.
    max_size
        Bytes of the largest payload that is written or read.
    implementation
        What to do the work with, if it is here.
    """

    def __init__(self, registry: ConverterRegistry, max_size: int, implementation: Implementation) -> None:  # noqa: ARG002
        self._registry = registry
        self._max_size = max_size

    @property
    def registry(self) -> ConverterRegistry:
        """The converters."""
        return self._registry

    @property
    def max_size(self) -> int:
        """Bytes of the largest payload that is written or read."""
        return self._max_size

    @property
    def implementation(self) -> Implementation:
        """What does the work."""
        return "python"

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value.

        Raises
        ------
        SerializationError
            Something in the value is not registered, no text, nested too deep, too large, referred to in a way that
            cannot be read, or a dict or set of too many keys with one hash; with the path.
        """
        try:
            return writer.dumps(value, self.registry, self.max_size)
        except Exception as error:  # noqa: BLE001 - none is swallowed
            explained = unwritable(value, error, self.registry)
            raise explained from (None if explained is error else error)  # no error is its own cause

    def loads(self, data: bytes, /) -> Any:
        """Return the value of a payload.

        Raises
        ------
        DeserializationError
            The bytes are no payload of this format, too large, or hold a value that cannot be made.
        """
        # callers are not all typed:
        if not isinstance(data, bytes) or bytes.__len__(data) > self.max_size:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise refused_unread(data, self.max_size)
        try:
            return reader.loads(data, self.registry, self.max_size)
        except Exception as error:
            raise unreadable(error) from error


Calls: type[PythonCalls] = getattr(compiled_module(None), "Calls", PythonCalls)
