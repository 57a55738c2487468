"""Which class has which converter: the registry that every format asks.

Invariants: a tag means one class; a class is written under one tag. What is installed arrives at the first question
that the registry cannot answer without it, so that importing loads nothing, and registering only the kinds of classes
that libraries declare. What the application registers goes before what is installed.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from threading import RLock
from typing import Any, Protocol
from weakref import WeakSet

from .arrivals import Arrivals, converters_named
from .class_kinds import converter_of_kind
from .classes import converter_of_class
from .converter import Converter
from .errors import DeserializationError, SerializationError
from .library_remedies import library_remedy
from .unregistered import class_name, notes, unregistered

_BUILTINS = frozenset(
    (object, type, type(None), bool, int, float, str, bytes, bytearray, list, tuple, dict, set, frozenset)
)


class Prepared(Protocol):
    """What a serializer makes of the converters of a registry once, instead of asking for them at each value."""

    def expire(self) -> None:
        """Be used no more: the registry has changed."""
        ...


class ConverterRegistry:
    """The converters that a serializer uses.

    Parameters
    ----------
    installed
        Use the converters of installed distributions, this one's included. Without them only what is registered
        here is known.

    >>> registry = ConverterRegistry()
    >>> registry.lower((1, 2))
    ('tuple', [1, 2])
    >>> registry.lift("tuple", [1, 2])
    (1, 2)
    """

    def __init__(self, *, installed: bool = True) -> None:
        self._by_class: dict[type, Converter] = {}
        self._by_tag: dict[str, Converter] = {}
        self._inherited: dict[type, Converter] = {}
        self._of_plugins: set[type] = set()
        self.lock = RLock()
        """Held for a moment, while something is added."""
        self._arrivals = Arrivals(self, installed=installed)
        _registries.add(self)
        self.prepared: Prepared | None = None
        """What a serializer has made of the converters, to be fast."""

    def begin_anew(self) -> None:
        """Forget threads that were registering; in a child, after a fork."""
        self.lock = RLock()
        self._arrivals.begin_anew()

    def register(
        self,
        cls: type,
        *,
        tag: str,
        fields: Iterable[str] | None = None,
        encode: Callable[[Any], Any] | None = None,
        decode: Callable[[Any], Any] | None = None,
        subclasses: bool = False,
    ) -> None:
        """Keep instances of a class under a tag; the parameters are those of `register`."""
        if not isinstance(cls, type):  # pyright: ignore[reportUnnecessaryIsInstance] - callers are not all typed
            raise ValueError(f"{cls!r} is no class that could be registered")  # noqa: TRY004 - like its siblings
        if (encode is None) != (decode is None):
            raise ValueError(f"{cls.__qualname__}: give both encode= and decode=, or neither")
        for name, function in (("encode", encode), ("decode", decode)):
            if function is not None and not callable(function):
                raise ValueError(
                    f"{cls.__qualname__}: {name}= takes a function, not {function!r}: write it, see docs/converters.md"
                )
        if isinstance(fields, str):
            raise ValueError(f"{cls.__qualname__}: fields= takes names, such as ({fields!r},)")  # noqa: TRY004
        if encode is None or decode is None:
            if remedy := library_remedy(cls):
                raise ValueError(f"{class_name(cls)} is not kept by its fields: {remedy}; or give encode= and decode=")
            names = None if fields is None else tuple(fields)
            of_kind = converter_of_kind(cls, tag, names, subclasses=subclasses)
            self.add(of_kind or converter_of_class(cls, tag, names, subclasses=subclasses))
        elif fields is not None:
            raise ValueError(f"{cls.__qualname__}: fields= has no meaning beside encode= and decode=")
        else:
            self.add(Converter(cls, tag, encode, decode, subclasses))

    def add(self, converter: Converter) -> None:
        """Add a converter.

        Raises
        ------
        ValueError
            The tag stands for another class, or the class has another tag.
        """
        with self.lock:
            known = self._by_tag.get(converter.tag)
            if known and not _same_class(known.cls, converter.cls):
                raise ValueError(
                    f"tag {converter.tag!r} stands for {class_name(known.cls)} and cannot stand for "
                    f"{class_name(converter.cls)} too: choose another tag"
                )
            if converter.cls in _BUILTINS and not self._arrivals.of_plugins:
                raise ValueError(f"{class_name(converter.cls)} is kept by every format as it is and takes no converter")
            mine = self._by_class.get(converter.cls)
            if mine and mine.tag != converter.tag and (converter.cls in self._of_plugins) == self._arrivals.of_plugins:
                raise ValueError(
                    f"{class_name(converter.cls)} has the tag {mine.tag!r} and cannot have {converter.tag!r} too"
                )
            if known:
                self._by_class.pop(known.cls, None)  # a reloaded module made the class anew
            self._by_tag[converter.tag] = converter
            if self._arrivals.of_plugins and mine and converter.cls not in self._of_plugins:
                self._expire()
                return  # the application's own converter writes; this one reads what it wrote before
            if self._arrivals.of_plugins:
                self._of_plugins.add(converter.cls)
            else:
                self._of_plugins.discard(converter.cls)
            self._by_class[converter.cls] = converter
            self._inherited.clear()
            self._expire()

    @property
    def broken(self) -> Mapping[str, str]:
        """Installed converters that could not be loaded, by entry point or module, with the reason."""
        return self._arrivals.broken

    def when_imported(self, module: str, register_converters: Callable[["ConverterRegistry"], None]) -> None:
        """Call ``register_converters(registry)`` once something has imported a module, at the first need after that.

        Parameters
        ----------
        module
            The module that defines the classes, such as ``"numpy"``. Tags of its converters begin with the name of its
            package and a dot, so that a reader that meets one too early can say what to import.
        register_converters
            Registers converters, as an entry point does; it may import the module.

        >>> registry = ConverterRegistry()
        >>> registry.when_imported("shop", lambda registry: None)
        >>> registry.lift("shop.Item", {})
        Traceback (most recent call last):
            ...
        memcached_sessions.serializers.errors.DeserializationError: the tag 'shop.Item' is of the converters for shop, \
which wait until something in this process imports it: import shop where the application starts
        """
        self._arrivals.wait_for(module, register_converters)

    def import_libraries(self) -> None:
        """From now on import the library that the converters of a tag wait for, when a payload has such a tag.

        For commands that read what applications have written. An application imports what it uses.
        """
        self._arrivals.imports = True

    @property
    def awaited(self) -> tuple[str, ...]:
        """The modules that converters wait for.

        >>> ConverterRegistry(installed=False).awaited
        ()
        """
        return self._arrivals.awaited

    def load(self, spec: str) -> None:
        """Call the ``register_converters(registry)`` that a setting names.

        Parameters
        ----------
        spec
            ``"module:function"``, or the name of converters that are installed to be chosen, under the entry-point
            group ``memcached_sessions.optional_converters``.

        Raises
        ------
        ValueError
            The text is no such name, or names nothing that can be called.

        >>> ConverterRegistry().load("shop.sessions")
        Traceback (most recent call last):
            ...
        ValueError: custom converter 'shop.sessions' is neither of the form 'module:function' nor the name of optional \
converters: django-models
        """
        converters_named(spec)(self)

    def lower(self, value: object) -> tuple[str, Any]:
        """Return the tag and the plain data of a value that has a converter.

        Raises
        ------
        SerializationError
            Its class has none. An error of the converter itself is passed on.
        """
        converter = self._by_class.get(type(value)) or self.converter_for(type(value))
        if converter is None:
            raise SerializationError(unregistered(type(value), self.broken))
        return converter.tag, converter.encode(value)

    def lift(self, tag: str, plain: Any) -> Any:
        """Return the value of a tag and plain data.

        Raises
        ------
        DeserializationError
            Nothing is registered under the tag. An error of the converter itself is passed on.
        """
        return self.converter_of(tag).decode(plain)

    @property
    def by_class(self) -> Mapping[type, Converter]:
        """The converters by class, as they are at any time; without inherited ones, and before the installed ones are
        loaded without those."""
        return self._by_class

    def converter_for(self, cls: type) -> Converter | None:
        """Return the converter that writes instances of a class, or None."""
        found = self._by_class.get(cls) or self._inherited.get(cls)
        if found is None and self._arrivals.load():
            found = self._by_class.get(cls)
        return found or self._inherit(cls)

    def is_overridden(self, cls: type) -> bool:
        """Return whether the application gave a class a converter of its own, in place of an installed one."""
        return cls in self._by_class and cls not in self._of_plugins

    def adopt(self, other: "ConverterRegistry") -> None:
        """Add what an application has registered in another registry, but for classes and tags that are known here.

        >>> registry, other = ConverterRegistry(), ConverterRegistry()
        >>> class Cart: ...
        >>> other.register(Cart, tag="shop.Cart")
        >>> registry.adopt(other)
        >>> registry.converter_of("shop.Cart").cls.__name__
        'Cart'
        """
        for cls, converter in list(other.by_class.items()):
            if other.is_overridden(cls) and converter.tag not in self._by_tag and cls not in self._by_class:
                self.add(converter)

    def converter_of(self, tag: str) -> Converter:
        """Return the converter that reads a tag.

        Raises
        ------
        DeserializationError
            There is none.
        """
        found = self._by_tag.get(tag)
        if found is None and self._arrivals.load(tag):
            found = self._by_tag.get(tag)
        if found is None:
            raise DeserializationError(self._unknown(tag))
        return found

    def _unknown(self, tag: str) -> str:
        library = tag.partition(".")[0]
        modules = [module for module in self.awaited if module.partition(".")[0] == library]
        if modules:
            return (
                f"the tag {tag[:80]!r} is of the converters for {library}, which wait until something in this process "
                f"imports it: import {' or '.join(modules)} where the application starts"
            )
        words = f"no class is registered under the tag {tag[:80]!r} in this process: register it at start"
        return words + notes(self.broken)

    def _expire(self) -> None:
        if self.prepared:
            self.prepared.expire()
            self.prepared = None

    def _inherit(self, cls: type) -> Converter | None:
        with self.lock:
            parents = (self._by_class.get(base) for base in cls.__mro__[1:])
            found = next((converter for converter in parents if converter and converter.subclasses), None)
            if found:
                self._inherited[cls] = found
            return found


_registries: "WeakSet[ConverterRegistry]" = WeakSet()


def _begin_anew() -> None:
    for registry in list(_registries):
        registry.begin_anew()


os.register_at_fork(after_in_child=_begin_anew)

DEFAULT = ConverterRegistry()
"""The registry that `register` adds to and that serializers use unless they are given another."""


def _same_class(one: type, other: type) -> bool:
    return one is other or (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)
