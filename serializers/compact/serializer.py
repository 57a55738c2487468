"""The `compact` serializer: picks an implementation, and says where in the value a refusal comes from.

Invariant: both implementations raise the same errors, since what they raise without a path gets it here.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any, ClassVar, Literal, Protocol, cast

from ..collisions import CollidingHashesError, hashes_collide
from ..converter import FieldsConverter
from ..errors import DeserializationError, SerializationError
from ..implementations import asked_for, compiled_module
from ..lowering import MAX_SIZE, TooLargeError
from ..paths import Place, check_text, walk
from ..protocol import Capabilities
from ..registry import DEFAULT, ConverterRegistry
from . import reader, writer
from .refusals import TooDeepError, UnfinishedError
from .tags import MAX_DEPTH

Implementation = Literal["compiled", "portable", "python"]


class CompactSerializer:
    """Sessions as few bytes that keep shared objects, cycles, types and classes; FORMAT.md says how.

    A converter of your own for a type of the standard library (datetime, Decimal, UUID, ...) goes before the format's
    own form. Built-in data types have no other form.

    Parameters
    ----------
    registry
        The converters.
    max_size
        Bytes of the largest payload that is written or read. Reading a payload takes up to about 220 times its length
        in memory: an empty set is two bytes, and 216 in CPython.
    implementation
        ``"compiled"``, ``"portable"`` (compiled, through public interfaces of CPython only) or ``"python"``. Unless it
        is given, the environment variable ``MEMCACHED_SESSIONS_COMPACT`` says which, else the fastest is taken.

    Raises
    ------
    ValueError
        There is no such implementation, or the compiled module was not built.

    >>> serializer = CompactSerializer()
    >>> seats = [(1, 2)]
    >>> loaded = serializer.loads(serializer.dumps({"seats": seats, "held": seats}))
    >>> loaded
    {'seats': [(1, 2)], 'held': [(1, 2)]}
    >>> loaded["seats"] is loaded["held"]
    True
    """

    name: ClassVar[str] = "compact"
    capabilities: Capabilities = Capabilities(
        identity=True,
        cycles=True,
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

    def __init__(
        self,
        *,
        registry: ConverterRegistry = DEFAULT,
        max_size: int = MAX_SIZE,
        implementation: Implementation | None = None,
    ) -> None:
        if max_size < 1:
            raise ValueError(f"max_size={max_size!r}: give a number of bytes above 0")
        self.registry = registry
        self.max_size = max_size
        self._codec = _choose(implementation or asked_for())

    @property
    def implementation(self) -> Implementation:
        """What does the work: compiled, portable or python."""
        return self._codec.mode()

    @property
    def variants(self) -> dict[str, dict[str, str]]:
        """The implementations that are here, to be compared; one where the environment forces it."""
        if asked_for() or self.implementation == "python":
            return {self.name: {}}
        return {self.name: {}} | {f"{self.name}-{each}": {"implementation": each} for each in ("portable", "python")}

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value.

        Raises
        ------
        SerializationError
            Something in the value is not registered, no text, nested too deep, too large, referred to in a way that
            cannot be read, or a dict or set of too many keys with one hash; with the path.
        """
        try:
            return self._codec.dumps(value, self.registry, self.max_size)
        except Exception as error:
            raise self._refusal(value, error) from error

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
            return self._codec.loads(data, self.registry, self.max_size)
        except DeserializationError as error:
            raise DeserializationError(f"not a {self.name} payload: {error.problem}", path=error.path) from error
        except Exception as error:
            raise DeserializationError(f"not a {self.name} payload: {type(error).__name__}: {error}") from error

    def _refusal(self, value: object, error: Exception) -> SerializationError:
        """Return the error with the place of what could not be written."""
        if isinstance(error, TooLargeError):
            return error
        try:
            for place in walk(value, self.registry, once=True):
                check_text(place, self.name)
                if isinstance(error, TooDeepError) and self._is_too_deep(place):
                    return TooDeepError(path=str(place))
                if isinstance(error, UnfinishedError) and self._is_unfinished(place):
                    return UnfinishedError(path=str(place))
                if isinstance(error, CollidingHashesError) and self._collides(place.value):
                    return CollidingHashesError(place.value, path=str(place))
        except SerializationError as found:
            return found
        if isinstance(error, SerializationError):
            return error
        return SerializationError(f"{self.name} cannot write this value: {type(error).__name__}: {error}")

    def _collides(self, value: Any) -> bool:
        return type(value) in _HASHED and hashes_collide(value)

    def _is_too_deep(self, place: Place) -> bool:
        if place.depth < MAX_DEPTH:  # never less than the levels of this format
            return False
        around = list(place.line())[1:]
        return sum(self._levels(outer.value) for outer in around) >= MAX_DEPTH

    def _levels(self, value: Any) -> int:
        """Return how many levels deeper than a value the places in it are."""
        if type(value) in _LEVELS:
            return _LEVELS[type(value)]
        converter = self.registry.converter_for(type(value))
        if converter is None or isinstance(converter, FieldsConverter):
            return 1
        return 2 if type(converter.encode(value)) in (dict, list) else 1

    def _is_unfinished(self, place: Place) -> bool:
        """Return whether a place holds a value again that is around it and made by a converter."""
        converter = self.registry.converter_for(type(place.value))
        if type(place.value) in _BUILT_IN or converter is None or isinstance(converter, FieldsConverter):
            return False
        return any(outer.value is place.value for outer in place.line() if outer is not place)


class _Codec(Protocol):
    """An implementation. Its functions may raise anything, and without a path."""

    def dumps(self, value: object, registry: ConverterRegistry, max_size: int) -> bytes: ...
    def loads(self, data: bytes, registry: ConverterRegistry, max_size: int) -> object: ...
    def mode(self) -> Implementation: ...


class _Compiled(_Codec, Protocol):
    def set_portable(self, portable: bool) -> None: ...  # noqa: FBT001 - of the compiled module


class _Python:
    dumps = staticmethod(writer.dumps)
    loads = staticmethod(reader.loads)

    def mode(self) -> Implementation:
        return "python"


class _Portable:
    """The compiled module by public interfaces: the switch holds for the process, so it is on during a call only."""

    def __init__(self, compiled: _Compiled) -> None:
        self._compiled = compiled

    def dumps(self, value: object, registry: ConverterRegistry, max_size: int) -> bytes:
        self._compiled.set_portable(True)
        try:
            return self._compiled.dumps(value, registry, max_size)
        finally:
            self._compiled.set_portable(False)

    def loads(self, data: bytes, registry: ConverterRegistry, max_size: int) -> object:
        self._compiled.set_portable(True)
        try:
            return self._compiled.loads(data, registry, max_size)
        finally:
            self._compiled.set_portable(False)

    def mode(self) -> Implementation:
        return "portable"


_BUILT_IN = frozenset({dict, list, tuple, set, frozenset})
_HASHED = frozenset({dict, OrderedDict, set, frozenset})
_LEVELS: dict[type, int] = {**dict.fromkeys(_BUILT_IN, 1), deque: 3, OrderedDict: 3}


def _choose(asked: str | None) -> _Codec:
    """Return an implementation by name, or the fastest that is there."""
    compiled = cast("_Compiled | None", compiled_module(asked))
    if compiled is None:
        return _Python()
    return _Portable(compiled) if asked == "portable" else compiled
