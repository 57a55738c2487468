"""What json, msgpack and cbor have in common: data goes through a lowering pass, then through the library.

    value --lowering pass--> plain data with tags --library--> bytes --library with hooks--> value

Invariants: only `SerializationError` and `DeserializationError` come out; what is written can be read, so the same
limits hold both ways; a payload is never larger than `max_size`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from ..errors import DeserializationError, SerializationError
from ..implementations import lowering_pass
from ..lifting import Tagged, lift_by_place
from ..lowering import MAX_DEPTH, MAX_SIZE, PythonLowering, Rules, TooLargeError, too_deep
from ..paths import ATOMS, check_text, walk
from ..protocol import Capabilities, LibraryCall
from ..registry import DEFAULT, ConverterRegistry

TREE = Capabilities(
    tuples=True,
    sets=True,
    non_str_keys=True,
    big_ints=True,
    subclasses=True,
    registered_classes=True,
    evolution=True,
    canonical=True,
    safe=True,
    cross_language=True,
)
"""A tree has no references: shared objects come back as copies, and cycles are refused."""

Lift = Callable[[str, Any], Any]


class TreeSerializer(ABC):
    """A serializer over a library that writes trees of plain data.

    Parameters
    ----------
    registry
        The converters.
    max_size
        Bytes of the largest payload that is written or read. Reading a payload takes up to about 75 times its length
        in memory: an empty list is one byte in msgpack and CBOR and 64 bytes in CPython.
    """

    name: ClassVar[str]
    capabilities: Capabilities = TREE
    implementation: ClassVar[str]

    def __init__(self, *, registry: ConverterRegistry = DEFAULT, max_size: int = MAX_SIZE) -> None:
        if max_size < 1:
            raise ValueError(f"max_size={max_size!r}: give a number of bytes above 0")
        self.registry = registry
        self.max_size = max_size
        lowering = lowering_pass()(self.rules, registry, max_size)
        self.lower = lowering.lower
        self.lowered_in = "Python" if isinstance(lowering, PythonLowering) else "C"
        """What the pass is written in."""

    @property
    @abstractmethod
    def rules(self) -> Rules:
        """What the library keeps, and how the format writes the rest."""

    @abstractmethod
    def write(self, value: Any) -> bytes:
        """Return the payload of a value, or raise anything."""

    @abstractmethod
    def read(self, data: bytes, lift: Lift) -> Any:
        """Return the value of a payload whose tags are read by `lift`, or raise anything."""

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value.

        Raises
        ------
        SerializationError
            The value cannot be kept as it is; with the path.
        """
        try:
            data = self.write(value)
        except Exception as error:
            raise self._refusal(value, error) from error
        if len(data) > self.max_size:
            raise SerializationError(f"{len(data)} bytes in {self.name}, over max_size={self.max_size}: store less")
        return data

    def loads(self, data: bytes, /) -> Any:
        """Return the value of a payload.

        Raises
        ------
        DeserializationError
            The bytes are no payload of this format, too large, or hold a value that cannot be made.
        """
        if not isinstance(data, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] - callers are not all typed
            raise DeserializationError(f"{self.name} reads bytes, not {type(data).__name__}")
        if len(data) > self.max_size:
            raise DeserializationError(f"{len(data)} bytes of {self.name}, over max_size={self.max_size}")
        try:
            return self.read(data, self.registry.lift)
        except Exception as error:
            raise self._rejection(data, error) from error

    def _refusal(self, value: object, error: Exception) -> SerializationError:
        """Return the error with the place of what could not be written."""
        if isinstance(error, TooLargeError):
            return error
        try:
            # Each object once first: a value that shares a lot has very many places.
            for place in walk(value, self.registry, once=True):
                check_text(place, self.name)
            for place in walk(value, self.registry, once=False):
                if place.depth >= MAX_DEPTH and type(place.value) not in ATOMS:
                    return SerializationError(too_deep(self.name), path=str(place))
        except SerializationError as found:
            return found
        if isinstance(error, SerializationError):
            return error
        return SerializationError(f"{self.name} cannot write this value: {type(error).__name__}: {error}")

    def _rejection(self, data: bytes, error: Exception) -> DeserializationError:
        """Return the error with the place of what could not be read."""
        try:
            lift_by_place(self.read(data, Tagged), self.registry)
        except DeserializationError as found:
            return found
        except Exception:  # noqa: BLE001, S110 - the library cannot read it at all: the first error says why
            pass
        return DeserializationError(f"not a {self.name} payload: {type(error).__name__}: {error}")


def count_items(value: object, registry: ConverterRegistry) -> int:
    """Return how many values a lowering pass looks at."""
    return sum(1 for _ in walk(value, registry, once=False))


def library_call(
    serializer: TreeSerializer, value: object, dumps: Callable[[Any], bytes], loads: Callable[[bytes], object]
) -> LibraryCall:
    """Return the bare calls of a library on the lowered data of a value."""
    plain, converted = serializer.lower(value)
    data = dumps(plain)
    items = count_items(value, serializer.registry)
    return LibraryCall(partial(dumps, plain), partial(loads, data), items, converted, serializer.lowered_in)
