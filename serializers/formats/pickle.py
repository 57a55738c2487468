"""The `pickle` serializer: protocol 5, restricted in both directions.

Built-in types and the C-coded ones of the standard library are left to pickle. Every other value goes through its
converter: the payload holds a call by tag (`lift`, or `create` and `fill`, so that cycles through registered objects
close), and names no class of the application.

Invariants: `_Unpickler.find_class` answers from a table and imports nothing; what `dumps` writes without
``unrestricted`` the table suffices to read. The table holds types, and three calls that nothing can be done to but
calling them; a payload with calls is searched for opcodes that `dumps` does not write, above all the one that sets
attributes past `fill`. What hostile bytes can do still: take memory (``bytearray`` of any size is one call), and call
``append``, ``extend``, ``add`` or ``__setitem__`` of an instance of a registered class. A session store must sign these
payloads.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

import copyreg
import pickle
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import Any, ClassVar

from ..converter import FieldsConverter
from ..errors import DeserializationError, SerializationError
from ..paths import walk
from ..protocol import Capabilities, LibraryCall
from ..registry import DEFAULT, ConverterRegistry
from .opcodes import refuse_other_opcodes

_NATIVE: tuple[type, ...] = (
    bytearray,
    complex,
    date,
    datetime,
    Decimal,
    deque,
    OrderedDict,
    range,
    time,
    timedelta,
    timezone,
)
"""Types that pickle writes itself and that a payload may name. Fast, and exact: folds, names and signs are kept."""
_NATIVE_TYPES = frozenset(_NATIVE)
_BUILT_IN = _NATIVE_TYPES | {type(None), bool, int, float, str, bytes, list, dict, tuple, set, frozenset}


def _lift(registry: ConverterRegistry, tag: str, plain: Any) -> Any:
    return _not_callable(registry.lift(tag, plain))


def _create(registry: ConverterRegistry, tag: str) -> Any:
    converter = registry.converter_of(tag)
    if not isinstance(converter, FieldsConverter):
        raise DeserializationError(f"{tag!r} is no class with fields")
    return _not_callable(converter.create())


def _fill(registry: ConverterRegistry, instance: Any, state: Any) -> None:
    converter = registry.converter_for(type(instance))
    if not isinstance(converter, FieldsConverter):
        raise DeserializationError(f"{type(instance).__qualname__} is no class with fields")
    converter.fill(instance, state)


def _not_callable(value: Any) -> Any:
    """Return the value, unless hostile bytes could call it: pickle calls whatever it has just read."""
    if callable(value):
        raise DeserializationError(f"a {type(value).__qualname__} can be called and is not read from pickle")
    return value


class _Call:
    """A call that a payload names; without attributes, so that no payload can change what it does."""

    __slots__ = ("_call", "_name")

    def __init__(self, name: str, call: Callable[..., Any]) -> None:
        self._name = name
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)

    def __reduce__(self) -> str:
        return self._name

    def __setstate__(self, state: object) -> None:
        raise DeserializationError("it changes a call")


def _calls(registry: ConverterRegistry) -> tuple[_Call, _Call, _Call]:
    return (
        _Call("lift", partial(_lift, registry)),
        _Call("create", partial(_create, registry)),
        _Call("fill", partial(_fill, registry)),
    )


lift, create, fill = _calls(DEFAULT)
"""What payloads name. Read by pickle alone they use the default registry, by a serializer its own."""

_NATIVE_NAMES = {(cls.__module__, cls.__qualname__): cls for cls in _NATIVE}


class PickleSerializer:
    """Sessions as pickles that call nothing but this package and the types of the standard library.

    Parameters
    ----------
    registry
        The converters.
    unrestricted
        Write and read classes that are not registered, by import path. Whoever can write such payloads can run any
        code; the store must be private and the payloads signed.

    >>> serializer = PickleSerializer()
    >>> serializer.loads(serializer.dumps({"seats": (1, 2)}))
    {'seats': (1, 2)}
    >>> import pickle
    >>> try:
    ...     serializer.loads(pickle.dumps(print))
    ... except DeserializationError as error:
    ...     print(error)
    not a pickle payload: it names builtins.print, which is not allowed
    """

    name: ClassVar[str] = "pickle"
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
    )
    implementation: ClassVar[str] = f"protocol {pickle.HIGHEST_PROTOCOL}"

    def __init__(self, *, registry: ConverterRegistry = DEFAULT, unrestricted: bool = False) -> None:
        self.registry = registry
        calls = {(__name__, str(call.__reduce__())): call for call in _calls(registry)}
        pickler = _UnrestrictedPickler if unrestricted else _Pickler
        unpickler = _UnrestrictedUnpickler if unrestricted else _Unpickler
        # Subclasses, so that making one per call runs no Python code.
        self._pickler = type("_BoundPickler", (pickler,), {"registry": registry})
        self._unpickler = type("_BoundUnpickler", (unpickler,), {"allowed": {**_NATIVE_NAMES, **calls}})

    def dumps(self, value: object, /) -> bytes:
        """Return the payload for a value.

        Raises
        ------
        SerializationError
            Something in the value is not registered, or nested too deep for pickle; with the path.
        """
        buffer = BytesIO()
        try:
            self._pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
        except Exception as error:
            raise self._refusal(value, error) from error
        return buffer.getvalue()

    def loads(self, data: bytes, /) -> Any:
        """Return the value of a payload.

        Raises
        ------
        DeserializationError
            The bytes are no pickle, name what is not allowed, or hold a value that cannot be made.
        """
        try:
            stream = BytesIO(data)
            unpickler = self._unpickler(stream)
            unpickler.data = data
            if copyreg._inverted_registry:  # type: ignore[attr-defined]  # noqa: SLF001 - typeshed hides it
                # Pickle keeps a cache of what the application's extension codes stand for, and asks nobody.
                unpickler.search()
            value = unpickler.load()
        except DeserializationError as error:
            raise DeserializationError(f"not a pickle payload: {error.problem}", path=error.path) from error
        except Exception as error:
            raise DeserializationError(f"not a pickle payload: {type(error).__name__}: {error}") from error
        if stream.tell() != len(data):
            raise DeserializationError(f"not a pickle payload: {len(data) - stream.tell()} bytes after the value")
        return value

    def library_calls(self, value: object, /) -> LibraryCall:
        """Return pickle's own calls on the same objects, which name the classes of the application."""
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        converted = sum(
            self.registry.converter_for(type(place.value)) is not None and type(place.value) not in _BUILT_IN
            for place in walk(value, self.registry, once=True)
        )
        return LibraryCall(
            partial(pickle.dumps, value, pickle.HIGHEST_PROTOCOL), partial(pickle.loads, data), 0, converted, "Python"
        )

    def _refusal(self, value: object, error: Exception) -> SerializationError:
        try:
            for place in walk(value, self.registry, once=True):
                if callable(place.value) and self.registry.converter_for(type(place.value)):
                    return SerializationError(
                        f"a {type(place.value).__qualname__} can be called, so hostile bytes could call it: "
                        "pickle does not keep it",
                        path=str(place),
                    )
                if type(place.value) is OrderedDict and vars(place.value):
                    return SerializationError("this OrderedDict has attributes, which would be lost", path=str(place))
        except SerializationError as found:
            return found
        if isinstance(error, RecursionError):
            return SerializationError("nested too deep for pickle, or an instance kept by encode= contains itself")
        return SerializationError(f"pickle cannot write this value: {type(error).__name__}: {error}")


class _Pickler(pickle.Pickler):
    """Writes what is not built in through its converter."""

    registry: ClassVar[ConverterRegistry]

    def reducer_override(self, obj: Any, /) -> Any:
        """Return how a value that is no exact built-in is written; pickle asks for each of those."""
        cls = type(obj)
        if cls in _NATIVE_TYPES and not self.registry.is_overridden(cls):
            if cls is OrderedDict and vars(obj):
                raise SerializationError("an OrderedDict with attributes")
            return NotImplemented
        if cls is _Call or (cls is type and obj in _NATIVE_TYPES):  # the calls and types in what is being written
            return NotImplemented
        converter = self.registry.converter_for(cls)
        return self.unregistered(obj) if converter is None else _reduced(converter, obj)

    def unregistered(self, obj: object) -> Any:
        """Refuse; the caller finds the place."""
        raise SerializationError(f"{type(obj).__qualname__} is not registered")


class _UnrestrictedPickler(_Pickler):
    def unregistered(self, obj: object) -> Any:  # noqa: ARG002 - overrides
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    """Finds only what the table holds."""

    allowed: ClassVar[dict[tuple[str, str], Any]]
    data: bytes
    """The whole payload."""
    _searched = False

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return an allowed class or call; from the first call on, objects of the application can be on the stack."""
        found = self.allowed.get((module_name, global_name)) or self.unknown(module_name, global_name)
        if type(found) is _Call and not self._searched:
            self.search()
            self._searched = True
        return found

    def search(self) -> None:
        """Refuse payloads with opcodes that `dumps` does not write."""
        refuse_other_opcodes(self.data)

    def unknown(self, module_name: str, global_name: str) -> Any:
        """Refuse."""
        raise DeserializationError(f"it names {module_name}.{global_name}, which is not allowed")


class _UnrestrictedUnpickler(_Unpickler):
    def search(self) -> None:
        """Any opcode will do."""

    def unknown(self, module_name: str, global_name: str) -> Any:
        return super(_Unpickler, self).find_class(module_name, global_name)


def _reduced(converter: Any, obj: Any) -> tuple[Any, ...]:
    if callable(obj):
        raise SerializationError(f"{type(obj).__qualname__} can be called")
    if isinstance(converter, FieldsConverter):
        return create, (converter.tag,), converter.encode(obj), None, None, fill
    return lift, (converter.tag, converter.encode(obj))
