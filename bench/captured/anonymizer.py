"""Sessions made anonymous: the same shapes, lengths and repetitions, other contents.

What stays: the containers, how many values are in each and in which order; which objects are shared, and cycles; the
classes, the names of their fields and the members of their Enums; the length of each string in characters and in bytes,
its punctuation and which of its characters are letters or digits; how many digits a number has; which values are equal;
time zones; True, False and None. `texts`, `numbers`, `blobs` and `standard_values` say what becomes of the rest.

Invariant: no string, and no bytes, of four or more characters are in the result, neither by themselves nor in others.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

import secrets
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time
from enum import Enum
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from ...serializers import Converter, ConverterRegistry, SerializationError
from ...serializers.converter import FieldsConverter, NamedTupleConverter
from ...serializers.paths import Place, key_step, walk
from .blobs import BlobError, Blobs, text_of
from .numbers import Numbers
from .standard_values import StandardValues
from .texts import TextError, Texts

_KEPT = (type(None), bool, ZoneInfo)
_ADVICE = "or measure the sessions as they are, with --as-they-are"


class AnonymizationError(ValueError):
    """A value cannot be made anonymous.

    Parameters
    ----------
    problem
        What happened and what to do, without the place.
    path
        Where in the session, such as ``"cart.items[3].price"``.
    """

    def __init__(self, problem: str, *, path: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.problem = problem
        self.path = path


def anonymized(session: object, registry: ConverterRegistry, seed: int) -> object:
    """Return one session made anonymous by itself; as `Anonymizer`.

    >>> session = anonymized({"name": "Ada Lovelace", "visits": [1969, 1969]}, ConverterRegistry(), seed=1)
    >>> [len(key) for key in session], "Ada" in str(session), len(set(list(session.values())[1]))
    ([4, 6], False, 1)
    """
    return Anonymizer([session], registry, seed=seed).anonymized(session)


class Anonymizer:
    """Makes sessions of one site anonymous together: what is equal in two of them is equal afterwards.

    Parameters
    ----------
    sessions
        All sessions: what is in any of them is in none afterwards, and their letters are those that are drawn.
    registry
        The converters of the classes in them.
    seed
        Where what is drawn starts; None: nobody can draw the same again.

    Raises
    ------
    AnonymizationError
        An instance of a class without a converter is in a session.
    """

    def __init__(self, sessions: Iterable[object], registry: ConverterRegistry, *, seed: int | None = None) -> None:
        self._registry = registry
        random = Random(secrets.randbits(128) if seed is None else seed)  # noqa: S311 - a generator, started by a secret
        texts, blobs = _originals(sessions, registry)
        self._values = _Values(texts, blobs, registry, random)

    def anonymized(self, session: object) -> object:
        """Return a session made anonymous.

        Raises
        ------
        AnonymizationError
            A value in it cannot be; with its path.
        """
        try:
            return _Rewriting(self._registry, self._values).run(session)
        except RecursionError:
            raise AnonymizationError(
                f"tuples or frozensets are nested too deep: use lists, {_ADVICE}", path=""
            ) from None


class _Values:
    """Anonymizes values that hold no others; each time there is a new object, since two equal objects were two."""

    def __init__(self, texts: Counter[str], blobs: set[bytes], registry: ConverterRegistry, random: Random) -> None:
        self._registry = registry
        self._texts = Texts(texts, random)
        self._blobs = Blobs([*blobs, *(text.encode("utf-8", "surrogatepass") for text in texts)], self._texts, random)
        self._numbers = Numbers(random)
        self._standard = StandardValues(self._numbers, self._texts, random)

    def __contains__(self, cls: type) -> bool:
        return cls in (int, float, str, bytes, bytearray) or cls in self._standard

    def replaced(self, value: Any) -> Any:
        """Return what stands for a value."""
        kind = type(value)
        if kind is int:
            return self._numbers.integer(value)
        if kind is float:
            return self._numbers.floating(value)
        if kind is str:
            return self._texts.replaced(value).encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
        if kind is bytes or kind is bytearray:
            return kind(bytearray(self._blobs.replaced(bytes(value))))
        tag, plain = self._registry.lower(self._standard.replaced(value))
        return self._registry.lift(tag, plain)


def _originals(sessions: Iterable[object], registry: ConverterRegistry) -> tuple[Counter[str], set[bytes]]:
    texts: Counter[str] = Counter()
    blobs: set[bytes] = set()
    try:
        for session in sessions:
            for place in walk(session, registry, once=True):
                if type(place.value) is str:
                    texts[place.value] += 1
                elif type(place.value) in (bytes, bytearray):
                    blobs.add(bytes(place.value))
    except SerializationError as error:
        raise AnonymizationError(f"{error.problem} (--converters), {_ADVICE}", path=error.path) from error
    texts.update(text for text in map(text_of, blobs) if text is not None)
    return texts, blobs


class _Rewriting:
    """One pass over a session. Containers that can be filled later are, so that depth and cycles are no matter."""

    def __init__(self, registry: ConverterRegistry, values: _Values) -> None:
        self._registry = registry
        self._values = values
        self._made: dict[int, Any] = {}
        self._alive: list[Any] = []  # what converters make must not be freed while its id is in `_made`
        self._unfilled: list[Callable[[], None]] = []
        self._decoding: set[int] = set()
        self._unhashed: list[Callable[[], None]] = []
        """Dicts and sets, which ask for hashes: filled when the instances that may be in them are."""

    def run(self, session: object) -> object:
        result = self._of(session, Place(session))
        self._finish()
        return result

    def _finish(self) -> None:
        while self._unhashed or self._unfilled:
            self._fill()
            if self._unhashed:
                self._unhashed.pop()()

    def _fill(self) -> None:
        while self._unfilled:
            self._unfilled.pop()()

    def _of(self, value: Any, place: Place) -> Any:
        if type(value) in _KEPT or isinstance(value, Enum):
            return value
        if id(value) not in self._made:
            self._alive.append(value)
            made = self._new(value, place)
            # A tuple may have been made on the way, where it is in a cycle.
            self._made.setdefault(id(value), made)
        return self._made[id(value)]

    def _new(self, value: Any, place: Place) -> Any:
        kind = type(value)
        if kind is list or kind is deque:
            return self._later(value, place, [] if kind is list else deque(maxlen=value.maxlen), self._fill_sequence)
        if kind is dict or kind is OrderedDict:
            return self._later(value, place, kind(), self._fill_mapping)
        if kind is set:
            return self._later(value, place, set(), self._fill_set)
        if kind is tuple:
            return tuple(self._items(value, place))
        if kind is frozenset:
            items = list(self._items(_ordered(value), place))
            self._fill()
            return self._checked(frozenset(items), len(value), place)
        try:
            if kind is datetime or kind is time:
                zone = None if value.tzinfo is None else self._of(value.tzinfo, place.inside(".tzinfo", value.tzinfo))
                return self._values.replaced(value.replace(tzinfo=None)).replace(tzinfo=zone)
            if kind in self._values:
                return self._values.replaced(value)
        except (TextError, BlobError) as error:
            raise AnonymizationError(f"{error}: shorten it, {_ADVICE}", path=str(place)) from error
        return self._instance(value, place)

    def _later(self, value: Any, place: Place, made: Any, fill: Callable[[Any, Place, Any], None]) -> Any:
        self._made[id(value)] = made
        waiting = self._unhashed if fill in (self._fill_mapping, self._fill_set) else self._unfilled
        waiting.append(lambda: fill(value, place, made))
        return made

    def _fill_sequence(self, value: Any, place: Place, made: Any) -> None:
        made.extend(self._items(value, place))

    def _fill_mapping(self, value: Any, place: Place, made: Any) -> None:
        pairs = [
            (self._of(key, place.inside("<key>", key)), item, place.inside(key_step(key), item))
            for key, item in value.items()
        ]
        self._fill()
        for key, item, inner in pairs:
            made[key] = self._of(item, inner)
        self._checked(made, len(value), place)

    def _fill_set(self, value: Any, place: Place, made: Any) -> None:
        items = list(self._items(_ordered(value), place))
        self._fill()
        made.update(items)
        self._checked(made, len(value), place)

    def _items(self, value: Iterable[Any], place: Place) -> Iterator[Any]:
        for index, item in enumerate(value):
            yield self._of(item, place.inside(f"[{index}]", item))

    def _checked(self, made: Any, size: int, place: Place) -> Any:
        if len(made) != size:
            raise AnonymizationError(
                f"two of its keys or elements would be equal afterwards, {_ADVICE}", path=str(place)
            )
        return made

    def _instance(self, value: Any, place: Place) -> Any:
        converter = self._registry.converter_for(type(value))
        assert converter is not None  # noqa: S101 - otherwise there would be no `Anonymizer`
        plain = converter.encode(value)
        if isinstance(converter, FieldsConverter):
            made = self._made[id(value)] = converter.create()
            self._unfilled.append(lambda: converter.fill(made, dict(self._fields(plain, place))))
            return made
        if isinstance(converter, NamedTupleConverter):
            return converter.decode(dict(self._fields(plain, place)))
        return self._decoded(value, converter, plain, place)

    def _fields(self, plain: dict[str, Any], place: Place) -> Iterator[tuple[str, Any]]:
        for name, item in plain.items():
            yield name, self._of(item, place.inside(key_step(name), item))

    def _decoded(self, value: Any, converter: Converter, plain: Any, place: Place) -> Any:
        """Return an instance of a class whose converter alone knows what its plain data means."""
        if id(value) in self._decoding:
            raise _untaken(converter, "refers to itself", place)
        self._decoding.add(id(value))
        # The keys of a dict are names there, as those of fields are.
        new = dict(self._fields(plain, place)) if type(plain) is dict else self._of(plain, place)
        self._finish()
        try:
            made = converter.decode(new)
        except Exception as error:
            raise _untaken(converter, f"does not take other data ({type(error).__name__})", place) from error
        if type(made) is not type(value):
            raise _untaken(converter, f"makes a {type(made).__name__} of other data", place)
        self._decoding.discard(id(value))
        return made


def _untaken(converter: Converter, what: str, place: Place) -> AnonymizationError:
    return AnonymizationError(
        f"the converter {converter.tag!r} {what}: register the class by its fields, without encode= and decode=, "
        f"{_ADVICE}",
        path=str(place),
    )


def _ordered(elements: Iterable[Any]) -> list[Any]:
    """Return elements in an order that does not depend on the hash seed, as far as there is one."""
    items = list(elements)
    return sorted(items, key=repr) if all(type(item) in (str, int, float, bytes) for item in items) else items
