"""Which class has which converter: the registry that every format asks, and `register`, which adds to it.

Invariants: a tag means one class; a class is written under one tag. What is installed under the entry-point group
``memcached_sessions.converters`` is loaded at the first question that the registry cannot answer without it, so that
importing and registering load nothing. What the application registers goes before what is installed. Converters for a
library wait until something else has imported it: no question to a registry imports a library, whatever a payload says.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from threading import RLock
from typing import Any, Protocol, TypeVar, cast, overload

from .awaited import Awaited, is_imported
from .class_kinds import converter_of_kind
from .classes import builtin_base, converter_of_class
from .converter import Converter
from .errors import DeserializationError, PluginError, SerializationError
from .plugins import Plugin, known, optional_converters

_CONVERTERS = "memcached_sessions.converters"
_BUILTINS = frozenset(
    (object, type, type(None), bool, int, float, str, bytes, bytearray, list, tuple, dict, set, frozenset)
)
_log = logging.getLogger("memcached_sessions")
_Class = TypeVar("_Class", bound=type)


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
        self._pending = installed
        self._awaited: tuple[Awaited, ...] = ()
        self._arriving = False
        self._loading = False
        self._lock = RLock()
        self.prepared: Prepared | None = None
        """What a serializer has made of the converters, to be fast."""
        self.broken: dict[str, str] = {}
        """Installed converters that could not be loaded, by entry point, with the reason."""

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
        if isinstance(fields, str):
            raise ValueError(f"{cls.__qualname__}: fields= takes names, such as ({fields!r},)")  # noqa: TRY004
        if encode is None or decode is None:
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
        with self._lock:
            known = self._by_tag.get(converter.tag)
            if known and not _same_class(known.cls, converter.cls):
                raise ValueError(
                    f"tag {converter.tag!r} stands for {_name(known.cls)} and cannot stand for "
                    f"{_name(converter.cls)} too: choose another tag"
                )
            if converter.cls in _BUILTINS and not self._loading:
                raise ValueError(f"{_name(converter.cls)} is kept by every format as it is and takes no converter")
            mine = self._by_class.get(converter.cls)
            if mine and mine.tag != converter.tag and (converter.cls in self._of_plugins) == self._loading:
                raise ValueError(
                    f"{_name(converter.cls)} has the tag {mine.tag!r} and cannot have {converter.tag!r} too"
                )
            if known:
                self._by_class.pop(known.cls, None)  # a reloaded module made the class anew
            self._by_tag[converter.tag] = converter
            if self._loading and mine and converter.cls not in self._of_plugins:
                self._expire()
                return  # the application's own converter writes; this one reads what it wrote before
            if self._loading:
                self._of_plugins.add(converter.cls)
            else:
                self._of_plugins.discard(converter.cls)
            self._by_class[converter.cls] = converter
            self._inherited.clear()
            self._expire()

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
        with self._lock:
            awaited = Awaited(module, register_converters, of_plugin=self._loading)
            self._awaited = (*self._awaited, awaited)

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
        self._named(spec)(self)

    def _named(self, spec: str) -> Callable[["ConverterRegistry"], None]:
        module, colon, name = spec.partition(":")
        optional = optional_converters()
        if spec in optional:
            try:
                function = optional[spec].load()
            except PluginError as error:
                raise ValueError(f"custom converter {error}") from error
        elif not (module and colon and name.isidentifier()):
            raise ValueError(
                f"custom converter {spec!r} is neither of the form 'module:function' nor the name of optional "
                f"converters: {', '.join(optional)}"
            )
        else:
            try:
                function = getattr(import_module(module), name)
            except (ImportError, AttributeError) as error:
                raise ValueError(f"custom converter {spec!r} cannot be imported: {error}") from error
        if not callable(function):
            raise ValueError(f"custom converter {spec!r} cannot be called with a registry")  # noqa: TRY004
        return cast("Callable[[ConverterRegistry], None]", function)

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
        if found is None and self._load_more():
            found = self._by_class.get(cls)
        return found or self._inherit(cls)

    def is_overridden(self, cls: type) -> bool:
        """Return whether the application gave a class a converter of its own, in place of an installed one."""
        return cls in self._by_class and cls not in self._of_plugins

    def converter_of(self, tag: str) -> Converter:
        """Return the converter that reads a tag.

        Raises
        ------
        DeserializationError
            There is none.
        """
        found = self._by_tag.get(tag)
        if found is None and self._load_more():
            found = self._by_tag.get(tag)
        if found is None:
            raise DeserializationError(self._unknown(tag))
        return found

    def _unknown(self, tag: str) -> str:
        library = tag.partition(".")[0]
        modules = [awaited.module for awaited in self._awaited if awaited.library == library]
        if modules:
            return (
                f"the tag {tag[:80]!r} is of the converters for {library}, which wait until something in this process "
                f"imports it: import {' or '.join(modules)} where the application starts"
            )
        return f"no class is registered under the tag {tag[:80]!r} in this process: register it at start"

    def _expire(self) -> None:
        if self.prepared:
            self.prepared.expire()
            self.prepared = None

    def _inherit(self, cls: type) -> Converter | None:
        with self._lock:
            parents = (self._by_class.get(base) for base in cls.__mro__[1:])
            found = next((converter for converter in parents if converter and converter.subclasses), None)
            if found:
                self._inherited[cls] = found
            return found

    def _load_more(self) -> bool:
        """Load what is installed, once, and what waited for a library that is there now; return whether any was."""
        installed_now = self._load_installed()
        return self._load_awaited() or installed_now

    def _load_awaited(self) -> bool:
        if not any(map(is_imported, self._awaited)):
            return False
        with self._lock:
            if self._loading or self._arriving:  # what registers asks
                return False
            arrived = tuple(filter(is_imported, self._awaited))
            self._arriving = True
            try:
                for awaited in arrived:
                    self._loading = awaited.of_plugin
                    self._attempt(awaited.library, partial(awaited.register_converters, self))
            finally:
                self._loading = self._arriving = False
            # Only now: whoever asks meanwhile waits for the lock.
            self._awaited = tuple(awaited for awaited in self._awaited if awaited not in arrived)
        return True

    def _load_installed(self) -> bool:
        if not self._pending:
            return False
        # Imported before the lock is taken: an import in another thread may be waiting to register a class.
        loaded = [(plugin, self._attempt(plugin.name, plugin.load)) for plugin in _plugins()]
        with self._lock:
            if self._loading:  # a converter of a plug-in asks while its plug-in is loading
                return False
            if not self._pending:
                return True
            self._loading = True
            try:
                for plugin, register_converters in loaded:
                    if register_converters:
                        self._attempt(plugin.name, partial(register_converters, self))
            finally:
                self._loading = False
            self._pending = False
        return True

    def _attempt(self, name: str, step: Callable[[], Any]) -> Any:
        """Return what a step of loading converters returns; None if it fails, which is noted."""
        try:
            return step()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a plug-in may fail in any way, even exit; the others go on
            self.broken[name] = str(error)
            _log.warning("converters %s are broken: %s", name, error)
            return None


def _plugins() -> list[Plugin]:
    """Return every installed set of converters by itself: several may have one name, which nobody asks for."""
    return [single for plugin in known(_CONVERTERS).values() for single in plugin.claimants()]


DEFAULT = ConverterRegistry()
"""The registry that `register` adds to and that serializers use unless they are given another."""


@overload
def register(
    cls: None = None,
    *,
    tag: str,
    fields: Iterable[str] | None = None,
    encode: Callable[[Any], Any] | None = None,
    decode: Callable[[Any], Any] | None = None,
    subclasses: bool = False,
    registry: ConverterRegistry = DEFAULT,
) -> Callable[[_Class], _Class]: ...
@overload
def register(
    cls: _Class,
    *,
    tag: str,
    fields: Iterable[str] | None = None,
    encode: Callable[[Any], Any] | None = None,
    decode: Callable[[Any], Any] | None = None,
    subclasses: bool = False,
    registry: ConverterRegistry = DEFAULT,
) -> _Class: ...
def register(
    cls: type | None = None,
    *,
    tag: str,
    fields: Iterable[str] | None = None,
    encode: Callable[[Any], Any] | None = None,
    decode: Callable[[Any], Any] | None = None,
    subclasses: bool = False,
    registry: ConverterRegistry = DEFAULT,
) -> Any:
    """Let instances of a class be kept in sessions; a call, or a decorator when `cls` is left out.

    Parameters
    ----------
    cls
        A dataclass, a class with slots, a named tuple, an Enum or a plain class.
    tag
        The stable name in the payload. It stays when the class is renamed or moved.
    fields
        The attributes to keep; found by themselves unless given. ``__init__`` is not called on reading.
    encode, decode
        Instead of fields: a function from an instance to plain data, and one back.
    subclasses
        Also keep instances of subclasses, which come back as what `decode` makes.
    registry
        Where to add it; the default registry unless given.

    Returns
    -------
    The class itself.

    Raises
    ------
    ValueError
        The tag or the class is taken, or the fields of the class cannot be found; the message gives the remedy.

    >>> from dataclasses import dataclass
    >>> @register(tag="doc.Item")
    ... @dataclass
    ... class Item:
    ...     sku: str
    ...     count: int = 1
    >>> from memcached_sessions.serializers import get_serializer
    >>> get_serializer("json").dumps(Item("a-1"))
    b'{"$doc.Item":{"sku":"a-1","count":1}}'
    """

    def add(target: _Class) -> _Class:
        registry.register(target, tag=tag, fields=fields, encode=encode, decode=decode, subclasses=subclasses)
        return target

    return add if cls is None else add(cls)


def unregistered(cls: type, broken: dict[str, str] | None = None) -> str:
    """Return the words for a value of a class that has no converter: what it is and what to do."""
    name = cls.__name__
    root = cls.__module__.partition(".")[0].strip("_")
    if cls.__module__ == "builtins" or builtin_base(cls) is cls:
        remedy = "put what is needed to make it again into the session instead"
    else:
        by_hand = ", encode=..., decode=..." if builtin_base(cls) else ""
        remedy = f'register({name}, tag="{root}.{name}"{by_hand})'
    notes = "".join(f"; converters {plugin!r} are broken: {reason}" for plugin, reason in (broken or {}).items())
    return f"{_name(cls)} is not registered: {remedy}{notes}"


def _same_class(one: type, other: type) -> bool:
    return one is other or (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def _name(cls: type) -> str:
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
