"""What a serializer is: the protocol that plug-ins implement and the capabilities that they declare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a serializer keeps and promises; every claim is verified by the conformance suite.

    What a serializer does not keep it refuses with `SerializationError`. There is one exception: without `identity`
    an object that is referenced twice comes back as two equal ones.
    """

    identity: bool = False
    """Shared objects stay shared: two references to one list are two references to one list after a round trip."""
    cycles: bool = False
    """A value that contains itself round-trips, unless its own hash is asked for before all of it is there."""
    tuples: bool = False
    """Tuples stay tuples."""
    sets: bool = False
    """Sets and frozensets stay what they are."""
    non_str_keys: bool = False
    """Dict keys that are no strings (numbers, None, tuples, UUIDs, ...) keep type and value."""
    big_ints: bool = False
    """Integers of any size."""
    subclasses: bool = False
    """Instances of registered subclasses of built-in types (an IntEnum, a str subclass) keep their class."""
    registered_classes: bool = False
    """Instances of classes registered with a tag round-trip; unregistered ones are refused with their path."""
    evolution: bool = False
    """A registered class that gained a field with a default, lost one or reordered them still loads."""
    canonical: bool = False
    """Equal graphs, dicts in the same order, give equal bytes in every process: nothing depends on the hash seed, on
    addresses or on history."""
    safe: bool = False
    """Hostile bytes run no code, cost bounded memory, and end in a value or in `DeserializationError`."""
    cross_language: bool = False
    """The payload is a standard format that other languages read, and names no Python module. (The suite can only look
    for signs of Python in it.)"""


@runtime_checkable
class Serializer(Protocol):
    """Objects to bytes and back. Implementations are safe to share between threads.

    ``dumps`` raises `SerializationError` and ``loads`` raises `DeserializationError`, and neither raises anything else.
    What ``dumps`` accepts, ``loads`` accepts, and gives an equal value of the same types.
    """

    @property
    def name(self) -> str:
        """The name of its entry point."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it keeps and promises."""
        ...

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value."""
        ...

    def loads(self, data: bytes, /) -> object:
        """Return the value of a payload."""
        ...


@runtime_checkable
class Variants(Protocol):
    """An optional power of a serializer: be compared with itself in several settings."""

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """The options of each variant, by what it is called; the first is the serializer as it is."""
        ...


@dataclass(frozen=True)
class LibraryCall:
    """The calls of the library under a serializer, bare, for one value: what the serializer adds is measured by it."""

    dumps: Callable[[], object]
    """The library's own call on data that it takes as it is."""
    loads: Callable[[], object]
    """The library's own call on the bytes of `dumps`, with no conversion afterwards."""
    items: int
    """How many values the serializer's own pass looks at; 0 where there is no pass."""
    converted: int
    """How many of them go through a converter."""
    implementation: str = ""
    """What the pass is written in, and without a pass the converters, such as ``"Python"``; empty if the serializer
    does not say."""


@runtime_checkable
class LibraryCalls(Protocol):
    """An optional power of a serializer: show what the library under it costs alone."""

    def library_calls(self, value: object, /) -> LibraryCall:
        """Return the bare calls for a value that `Serializer.dumps` accepts."""
        ...
