"""Writes a value in the compact format; FORMAT.md in Python.

The writer does not recurse: `levels` holds an iterator over what is inside each open value, outermost first. A handler
writes the head of a value, and returns a level if more is inside.

Invariant: what is written depends on the order of encounter alone. Nothing asks for an address, a count of references,
or (but to refuse a container) a hash of the value's parts; ids are looked up, never written, and their objects are kept
alive meanwhile.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

from functools import partial
from typing import Any

from ..converter import FieldsConverter
from ..errors import SerializationError
from ..registry import ConverterRegistry
from ..unregistered import unregistered
from . import packing, refusals, tags
from .copies import Copies
from .levels import OpenValue
from .set_order import SetOrder
from .value_types import hashed_by_identity, is_native, is_value_type
from .value_writers import BUILT_IN, NATIVE, Handler, write_converted, write_instance


def dumps(value: object, registry: ConverterRegistry, max_size: int) -> bytes:
    """Return the payload of a value, or raise anything; a `SerializationError` has no path.

    >>> dumps({"seats": (1, 2)}, ConverterRegistry(), 100).hex(" ")
    '01 69 25 73 65 61 74 73 72 01 02'
    """
    room = max_size * tags.SORT_KEYS_PER_SIZE
    order = SetOrder(lambda element, size: Writer(registry, size, order, in_sort_key=True).write(element), room)
    return Writer(registry, max_size, order, bytes([tags.VERSION])).write(value)


class Writer:
    """One pass over one value.

    Parameters
    ----------
    registry
        The converters.
    max_size
        Bytes that may be written.
    order
        Puts the elements of sets in order.
    head
        What stands before the value.
    in_sort_key
        This pass makes a sort key, in which a `set` has no elements.
    """

    def __init__(
        self,
        registry: ConverterRegistry,
        max_size: int,
        order: SetOrder,
        head: bytes = b"",
        *,
        in_sort_key: bool = False,
    ) -> None:
        self.registry = registry
        self.max_size = max_size
        self.order = order
        self.in_sort_key = in_sort_key
        self.out = bytearray(head)
        self.handlers = BUILT_IN.copy()
        self.strings: dict[str, int] = {}
        self.classes: dict[tuple[str, tuple[str, ...] | None], int] = {}
        self.numbers: dict[int, int] = {}
        self.objects: list[object] = []
        self.starts: list[int] = []
        self.weights: list[int | None] = []
        self.unfinished_converted: set[int] = set()
        self.weight = 0
        self.hashed_weight = 0
        self.hashed = False
        """The value that is being written is hashed when it is read."""
        self.copies = Copies(max_size, refusals.CopiedError)
        self.copied = False
        """The value that is being written is given to a converter when it is read, which may copy it."""
        self.begun = 0
        """Where the value that is being written begins."""

    def write(self, root: object) -> bytes:
        """Return the head and the bytes of a value."""
        levels = [OpenValue(iter((root,)), 1, hashed=False)]
        while levels:
            level = levels[-1]
            for value in level.inside:
                if len(levels) > tags.MAX_DEPTH:
                    raise refusals.TooDeepError
                level.count -= 1
                self.hashed = level.hashed or (level.keys and level.count % 2 == 1)
                self.copied = bool(level.copied)
                opened = self.begin(value)
                if len(self.out) > self.max_size:
                    raise refusals.too_large(self.max_size)
                if opened:
                    if opened.copied is None:
                        opened.copied = level.copied
                    levels.append(opened)
                    break
            else:
                if level.count:
                    raise refusals.changed()
                levels.pop()
                if level.one_from is not None:
                    self.copies.count_one(level.one_from, len(self.out))
                self.complete(level.number)
        return bytes(self.out)

    def begin(self, value: Any) -> OpenValue | None:
        """Write a value, or its head if more is inside."""
        self.begun = len(self.out)
        number = self.numbers.get(id(value))
        if number is not None:
            return self.refer(number)
        self.weight += 1
        cls = type(value)
        handler = self.handlers.get(cls)
        if handler is None:
            handler = self.handlers[cls] = self.handler_of(cls)
        return handler(self, value)

    def handler_of(self, cls: type) -> Handler:
        """Return what writes the instances of a class that is not built in."""
        converter = self.registry.converter_for(cls)
        if is_native(cls, converter):
            return NATIVE[cls]
        if converter is None:
            raise SerializationError(unregistered(cls, self.registry.broken))
        if isinstance(converter, FieldsConverter):
            return partial(write_instance, converter=converter, shielded=hashed_by_identity(cls))
        return partial(write_converted, converter=converter, is_value=is_value_type(converter))

    def number_object(self, value: object) -> int:
        """Give an object its number; its own weight is counted already."""
        number = self.numbers[id(value)] = len(self.objects)
        self.objects.append(value)
        self.starts.append(self.weight - 1)
        self.weights.append(None)
        self.copies.begin(self.begun)
        return number

    def complete(self, number: int | None) -> None:
        """Note that all of an object is written."""
        if number is not None:
            self.weights[number] = self.weight - self.starts[number]
            self.copies.complete(number, len(self.out))
            self.unfinished_converted.discard(number)

    def refer(self, number: int) -> None:
        """Write a reference to an object that has a number."""
        if number in self.unfinished_converted:
            raise refusals.UnfinishedError
        weight = self.weights[number]
        looked_into = self.hashed and not hashed_by_identity(type(self.objects[number]))
        if looked_into and weight is None:
            raise refusals.unfinished_key()
        so_far = self.weight - self.starts[number] if weight is None else weight
        counted = min(so_far, tags.MAX_HASHED_WEIGHT + 1)
        self.weight += counted
        if looked_into:
            self.hashed_weight += counted
            if self.hashed_weight > tags.MAX_HASHED_WEIGHT:
                raise refusals.heavy_keys()
        value, complete = self.objects[number], weight is not None
        self.copies.refer(value, number, self.begun, complete=complete, copied=self.copied)
        self.put(tags.REFERENCE, packing.varint(number))

    def put(self, tag: int, *parts: bytes | bytearray) -> None:
        """Write a tag and what follows it."""
        self.out.append(tag)
        for part in parts:
            self.out += part

    def put_sized(self, tag: int, data: bytes | bytearray) -> None:
        """Write a tag, a length and so many bytes."""
        if len(data) > self.max_size:
            raise refusals.too_large(self.max_size)
        self.put(tag, packing.varint(len(data)), data)

    def put_count(self, tag: int, short: int, count: int) -> None:
        """Write the tag of a container and how much is in it, in one byte if it is little."""
        if count < tags.SHORT_LENGTHS:
            self.put(short + count)
        else:
            self.put(tag, packing.varint(count))

    def put_class(self, tag: str, names: tuple[str, ...] | None, new: int, low: int, known: int) -> None:
        """Write which class an instance or a converted value is of: its entry, or its number."""
        number = self.classes.get((tag, names))
        if number is None:
            self.classes[tag, names] = len(self.classes)
            texts = [text.encode() for text in (tag, *(names or ()))]
            sized = [packing.varint(len(text)) + text for text in texts]
            count = () if names is None else (packing.varint(len(names)),)
            self.put(new, sized[0], *count, *sized[1:])
        elif number < tags.LOW_CLASSES:
            self.put(low + number)
        else:
            self.put(known, packing.varint(number))
