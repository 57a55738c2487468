"""Places in a value, for error messages: ``cart.items[3].price``.

Nothing here runs while all goes well. The passes over a value keep no track of where they are; when one of them fails,
the value is walked again, slowly and in the same order, until the place is found.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from .errors import SerializationError
from .registry import ConverterRegistry

ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes, bytearray, range})
_KEEP = 6
ELEMENT, KEY = "{}", "<key>"
_LARGEST_SHOWN = 64  # bits; a huge number is not shown, and Python refuses to write one with over 4 300 digits


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A value inside another one, and the step that leads to it."""

    value: Any
    step: str = ""
    parent: Place | None = None
    depth: int = 0
    """Levels of containers and tags around it, as a lowering pass counts them."""
    looked: int = 0
    """Instances around it that were looked into, as `looking` does."""

    def __str__(self) -> str:
        """Return the path from the outermost value; a long one is shortened in the middle."""
        steps = [place.step for place in self.line() if place.step][::-1]
        if len(steps) > 2 * _KEEP:
            steps[_KEEP:-_KEEP] = [f" ... {len(steps) - 2 * _KEEP} more ... "]
        return "".join(steps).removeprefix(".")

    def line(self) -> Iterator[Place]:
        """Yield this place and those around it, outwards."""
        place: Place | None = self
        while place:
            yield place
            place = place.parent

    def inside(self, step: str, value: object, levels: int = 1, looked: int = 0) -> Place:
        """Return a place within this one, so many levels further in, and within so many more that were looked into."""
        return Place(value, step, self, self.depth + levels, self.looked + looked)


def key_step(key: object) -> str:
    """Return the step to the value of a dict key; no key of another type than str or int is shown.

    >>> key_step("items"), key_step("unit price"), key_step(3)
    ('.items', "['unit price']", '[3]')
    """
    if type(key) is str:
        shown = key if len(key) <= 40 else key[:40] + "..."
        return f".{shown}" if key.isidentifier() else f"[{shown!r}]"
    return f"[{key}]" if type(key) is int and key.bit_length() <= _LARGEST_SHOWN else f"[{type(key).__name__}]"


def check_text(place: Place, name: str) -> None:
    """Refuse a string that is no text, in the name of a format.

    Raises
    ------
    SerializationError
        The place holds a lone surrogate; with its path.
    """
    if type(place.value) is str and not is_text(place.value):
        raise SerializationError(no_text(name), path=str(place))


def is_text(value: str) -> bool:
    r"""Return whether a string can be encoded: it holds no surrogate.

    >>> is_text("käse"), is_text("\ud800")
    (True, False)
    """
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def no_text(name: str) -> str:
    """Return the words for a string with a surrogate, in the name of a format."""
    return (
        f"holds a lone surrogate, which is no Unicode text and which {name} cannot keep: "
        "decode with errors='replace', or keep it as bytes"
    )


def walk(value: object, registry: ConverterRegistry, *, once: bool) -> Iterator[Place]:
    """Yield every place of a value, outermost first, in the order in which it is written.

    Parameters
    ----------
    value
        The value.
    registry
        The converters that open the instances of registered classes.
    once
        Visit an object once, however many references lead to it, as a format with references does. Otherwise visit it
        once per reference.

    Raises
    ------
    SerializationError
        At an instance of an unregistered class, at one whose converter fails, and, unless `once`, at a value that
        contains itself; with its path.
    """
    yield from walk_into(value, lambda place: of_plain(place, lower(place, registry)), once=once)


def walk_into(value: object, opened: Callable[[Place], Iterable[Place]], *, once: bool) -> Iterator[Place]:
    """Yield every place of a value, as `walk` does.

    Parameters
    ----------
    value
        The value.
    opened
        Returns the places inside one that holds neither a scalar nor a built-in container.
    once
        As for `walk`.

    Raises
    ------
    SerializationError
        Unless `once`, at a value that contains itself. What `opened` raises is passed on.
    """
    alive: list[object] = []  # what converters make must not be freed while its id is in `known`
    known: set[int] = set()  # what was visited, if once; otherwise what is around the current place
    waiting: list[tuple[int, Iterator[Place]]] = [(0, iter((Place(value),)))]
    while waiting:
        around, places = waiting[-1]
        place = next(places, None)
        if place is None:
            waiting.pop()
            if not once:
                known.discard(around)
            continue
        yield place
        if type(place.value) in ATOMS:
            continue
        if id(place.value) in known:
            if not once:
                raise _cycle(place)
            continue
        known.add(id(place.value))
        if once:
            alive.append(place.value)
        waiting.append((id(place.value), _within(place, opened)))


def _cycle(place: Place) -> SerializationError:
    other = next(other for other in place.line() if other is not place and other.value is place.value)
    return SerializationError(
        f"refers back to {str(other) or 'the whole value'}, and this format keeps no references: "
        "break the cycle, or use a serializer with the capability cycles",
        path=str(place),
    )


def _within(place: Place, opened: Callable[[Place], Iterable[Place]]) -> Iterator[Place]:
    value = place.value
    kind = type(value)
    if kind is dict or kind is OrderedDict:
        levels = 1 if kind is dict and all(type(key) is str for key in value) else 3  # a tag, the pairs, a pair
        for key, item in value.items():
            yield place.inside(KEY, key, levels)
            yield place.inside(key_step(key), item, levels)
    elif kind is list or kind is tuple or kind is deque:
        levels = {list: 1, tuple: 2, deque: 3}[kind]  # a tag, for a deque beside its length
        for index, item in enumerate(value):
            yield place.inside(f"[{index}]", item, levels)
    elif kind is set or kind is frozenset:
        for item in value:
            yield place.inside(ELEMENT, item, 2)
    elif kind is datetime or kind is time:
        if value.tzinfo:
            yield place.inside(".tzinfo", value.tzinfo, 2)
    else:
        yield from opened(place)


def of_plain(place: Place, plain: Any) -> Iterator[Place]:
    """Yield what is in the plain data of a registered instance: its fields look like attributes."""
    kind = type(plain)
    if kind is dict:
        for name, item in plain.items():
            yield place.inside(key_step(name), item, 2)
    elif kind is list:
        for index, item in enumerate(plain):
            yield place.inside(f"[{index}]", item, 2)
    else:
        yield place.inside("", plain)


def lower(place: Place, registry: ConverterRegistry) -> object:
    """Return the plain data of a registered instance, as `plain_data`; the error has the path."""
    try:
        return plain_data(place.value, registry)
    except SerializationError as error:
        raise SerializationError(error.problem, path=str(place)) from (error.__cause__ or error)


def plain_data(value: object, registry: ConverterRegistry) -> object:
    """Return the plain data of a registered instance.

    Raises
    ------
    SerializationError
        Its class is not registered, or its converter fails; without a path.
    """
    try:
        return registry.lower(value)[1]
    except SerializationError:
        raise
    except Exception as error:
        raise SerializationError(
            f"the converter of {type(value).__qualname__} failed with {type(error).__name__}"
        ) from error
