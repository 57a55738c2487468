"""Reads pickles of any application without importing or running anything of it.

Whatever a pickle names becomes a stand-in, of the class that it makes if `pickle_constructors` knows that. Not so the
types of the standard library that `pickle` keeps itself, and a few calls, which are made as far as they cannot cost
more than the file. Invariants: nothing is imported and nothing of another module is called; what a pickle can do is
make built-in values, those types, and stand-ins. How many classes it may name is bounded, and no name is anything but a
dotted name of Python.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

import copyreg
import pickle
import pickletools
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import Any

from ..errors import DeserializationError
from ..registry import ConverterRegistry
from ..stand_ins import StandIn, StandInClass, stand_in_class
from .pickle import PickleSerializer
from .pickle_constructors import CONSTANTS, CONSTRUCTORS, OF_FIRST_ARGUMENT, OF_SCALARS, Name, scalar_name

MOST_CLASSES = 10_000
"""That all pickles together may name; an application has a few hundred."""

MOST_TUPLES = 50_000
"""In one pickle. Python hashes nested tuples by recursion on the C stack, which has room for about 100 000."""

_TUPLES = b"t", b"\x85", b"\x86", b"\x87"
_LONGEST_NAME = 200
_LONGEST_NUMBER = 10_000
"""Characters of a Decimal."""

_OUR_CALLS = f"{__package__}.pickle"
_OLD_NAMES = {"__builtin__": "builtins", "copy_reg": "copyreg", "exceptions": "builtins"}
"""What protocols 0 to 2 call these modules."""

_REAL: dict[Name, type] = {
    (cls.__module__, cls.__qualname__): cls for cls in (complex, date, OrderedDict, timedelta, timezone)
}
"""Written in C, so that no pickle can change the class, and no larger than what they are made from."""


class PickleReader:
    """Reads pickles; what they name has one stand-in in all that one reader reads.

    Parameters
    ----------
    registry
        The converters for pickles that this package has written, which name tags and no classes.

    >>> reader = PickleReader(ConverterRegistry())
    >>> import operator
    >>> made = reader.loads(pickle.dumps({"add": operator.add, "day": date(2026, 11, 25)}))
    >>> type(made["add"]).__qualname__, made["day"]
    ('type', datetime.date(2026, 11, 25))
    """

    def __init__(self, registry: ConverterRegistry) -> None:
        self._own = PickleSerializer(registry=registry)
        self._classes: dict[tuple[str, str], type[StandIn]] = {}
        self._calls: dict[Name, _Call] = {
            **_CALLS,
            **{name: _Call(partial(self._made, *cls)) for name, cls in CONSTRUCTORS.items()},
            **dict.fromkeys(OF_SCALARS, _Call(self._scalar)),
            ("builtins", "getattr"): _Call(self._member),
            ("collections", "defaultdict"): _Call(self._defaultdict),
            ("datetime", "datetime"): _Call(partial(self._clock, datetime)),
            ("datetime", "time"): _Call(partial(self._clock, time)),
            ("zoneinfo", "ZoneInfo._unpickle"): _Call(self._zone),
        }

    def loads(self, data: bytes) -> Any:
        """Return the value of a pickle.

        Raises
        ------
        DeserializationError
            The bytes are no pickle, or one that cannot be read without its application.
        """
        try:
            if sum(map(data.count, _TUPLES)) > MOST_TUPLES:
                _refuse_many_tuples(data)
            if copyreg._inverted_registry:  # type: ignore[attr-defined]  # noqa: SLF001 - typeshed hides it
                _refuse_extensions(data)
            return _Unpickler(data, self).load()
        except _OwnPickleError:
            return self._own.loads(data)
        except DeserializationError:
            raise
        except Exception as error:
            raise DeserializationError(f"not a pickle: {type(error).__name__}: {error}") from error

    def found(self, module: str, name: str) -> Any:
        """Return what stands for a global.

        Raises
        ------
        DeserializationError
            It has a name that no class has, or too many are named.
        """
        module = _OLD_NAMES.get(module, module)
        real = _REAL.get((module, name)) or self._calls.get((module, name))
        if real is not None:
            return real
        if (module, name) in CONSTANTS:
            return self._class(*CONSTANTS[module, name])()
        if module == _OUR_CALLS:
            raise _OwnPickleError("it names a call of this package")
        return self._class(module, name)

    def _class(self, module: str, name: str) -> type[StandIn]:
        known = self._classes.get((module, name))
        if known is None:
            if not (_is_name(module) and _is_name(name)):
                raise DeserializationError("it names what no class can be called")
            if len(self._classes) >= MOST_CLASSES:
                raise DeserializationError(f"more than {MOST_CLASSES} classes are named")
            known = self._classes[module, name] = stand_in_class(module, name)
        return known

    def _made(self, module: str, name: str, *arguments: object) -> StandIn:
        return self._class(module, name)(*arguments)

    def _defaultdict(self, _: object = None, *arguments: object) -> StandIn:
        """Make a stand-in without the function that makes defaults: a report is not to tell of both."""
        return self._class("collections", "defaultdict")(*arguments)

    def _scalar(self, dtype: object, *arguments: object) -> StandIn:
        if not isinstance(dtype, StandIn):
            raise DeserializationError("it makes a scalar of what is no dtype")
        return self._class("numpy", scalar_name(dtype))(*arguments)

    def _member(self, owner: object, name: object) -> Any:
        """Return what stands for a class within another one, or a way to make it, as protocols 0 to 3 name it."""
        cls = _stand_in(owner)
        return self.found(cls.__module__, f"{cls.__qualname__}.{_of_type(str, name)}")

    def _clock(self, kind: type, *arguments: Any) -> Any:
        """Make a time; a stand-in, if its zone is one."""
        if any(type(type(argument)) is StandInClass for argument in arguments):
            return self._class(kind.__module__, kind.__qualname__)(*arguments)
        return kind(*arguments)

    def _zone(self, key: object, *_: object) -> Any:
        """Make a stand-in for a ZoneInfo, which pickle makes by a method of its class."""
        return self._class("zoneinfo", "ZoneInfo")(key)


class _OwnPickleError(DeserializationError):
    """It was written by this package's serializer, which reads it."""


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, reader: PickleReader) -> None:
        super().__init__(BytesIO(data))
        self._reader = reader

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        return self._reader.found(module_name, global_name)


class _Call:
    """A call that is made, without attributes, so that no payload can change what it does."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)

    def __setstate__(self, state: object) -> None:
        raise DeserializationError("it changes a call")


def _new(cls: object, *arguments: object) -> Any:
    """Make a stand-in, as `copyreg.__newobj__` would make an instance."""
    made = _stand_in(cls)
    return made.__new__(made, *arguments)


def _reconstruct(cls: object, _: object, state: object) -> Any:
    """Make a stand-in, as `copyreg._reconstructor` would make an instance of a class that extends a built-in one."""
    if type(state) is list:
        made = _new(cls)
        made.extend(state)
    elif type(state) is dict:
        made = _new(cls)
        for key, value in state.items():
            made[key] = value
    else:
        made = _new(cls) if state is None else _new(cls, state)
    return made


def _stand_in(cls: object) -> type[StandIn]:
    if type(cls) is not StandInClass:
        raise DeserializationError("it makes an instance of what is no class of an application")
    return cls  # type: ignore[return-value]


def _of_type(kind: type, value: object) -> Any:
    if type(value) is not kind:
        raise DeserializationError(f"a {kind.__name__} is expected, not a {type(value).__name__}")
    return value


def _collected(kind: type) -> Callable[..., Any]:
    """Return what makes a collection of a list: of a range or a number it could be of any size."""
    return lambda items=None, *rest: kind([] if items is None else _list_of(items), *rest)


def _list_of(items: object) -> list[Any]:
    return list(items) if type(items) is tuple else _of_type(list, items)


def _bytes(*given: object) -> bytes:
    return bytes(_list_of(given[0])) if given else b""


def _bytearray(*given: object) -> bytearray:
    if not given:
        return bytearray()
    if type(given[0]) is str:
        return bytearray(given[0].encode("latin1"))  # protocols 0 to 2
    return bytearray(_of_type(bytes, given[0]))


def _encoded(text: object, encoding: object = "latin1") -> bytes:
    """Return the bytes that protocols 0 to 2 keep as text."""
    if encoding != "latin1":
        raise DeserializationError("it encodes text in another way than pickle does")
    return _of_type(str, text).encode("latin1")


def _range(*bounds: object) -> range:
    return range(*(_of_type(int, bound) for bound in bounds))


def _decimal(number: object) -> Decimal:
    if len(_of_type(str, number)) > _LONGEST_NUMBER:
        raise DeserializationError(f"a Decimal of more than {_LONGEST_NUMBER} characters")
    return Decimal(number)  # type: ignore[arg-type]


_CALLS: dict[Name, _Call] = {
    ("builtins", "bytearray"): _Call(_bytearray),
    ("builtins", "bytes"): _Call(_bytes),
    ("builtins", "frozenset"): _Call(_collected(frozenset)),
    ("builtins", "range"): _Call(_range),
    ("builtins", "xrange"): _Call(_range),  # in protocols 0 to 2
    ("builtins", "set"): _Call(_collected(set)),
    ("collections", "deque"): _Call(_collected(deque)),
    ("copyreg", "__newobj__"): _Call(_new),
    ("copyreg", "_reconstructor"): _Call(_reconstruct),
    ("_codecs", "encode"): _Call(_encoded),
    ("decimal", "Decimal"): _Call(_decimal),
    **dict.fromkeys(OF_FIRST_ARGUMENT, _Call(_new)),
}


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and all(part.isidentifier() for part in text.split("."))


def _refuse_many_tuples(data: bytes) -> None:
    if sum(opcode.name.startswith("TUPLE") for opcode, _, _ in pickletools.genops(data)) > MOST_TUPLES:
        raise DeserializationError(f"more than {MOST_TUPLES} tuples, which may be too deep for Python")


def _refuse_extensions(data: bytes) -> None:
    """Refuse opcodes that stand for globals of this process, from a cache that asks nobody."""
    for opcode, _, _ in pickletools.genops(data):
        if opcode.name.startswith("EXT"):
            raise DeserializationError("it names classes by extension codes, which mean something in its application")
