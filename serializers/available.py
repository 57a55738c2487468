"""The installed serializers: one by its name, or all of them with what they are.

Invariant: a serializer that is broken or ambiguous is reported as that, and never keeps the others from working.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from .errors import NotInstalledError, PluginError
from .plugins import Plugin, find, installed
from .protocol import Capabilities, Serializer, Variants
from .readable import readable, readable_error
from .registry import DEFAULT, ConverterRegistry

_SERIALIZERS = "memcached_sessions.serializers"


@dataclass(frozen=True)
class SerializerInfo:
    """An installed serializer: where it comes from and what it is, or why it cannot be used."""

    name: str
    distribution: str
    version: str
    implementation: str = ""
    """What does the work, such as ``"orjson 3.13.0"``; for `compact`: compiled, portable or python."""
    capabilities: Capabilities | None = None
    broken: str | None = None
    """Why it cannot be used; None if it can."""
    installed: bool = True
    """False where it cannot be used only for the want of a library: `broken` says what to install."""
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """The options of each of its variants, by label; a serializer without variants has one, of its own name."""


def get_serializer(name: str, registry: ConverterRegistry | None = None, **options: Any) -> Serializer:
    """Return a serializer by the name of its entry point.

    Parameters
    ----------
    name
        Such as ``"msgpack"``; see `available_serializers`.
    registry
        The converters that it uses; the default registry, which `register` adds to, unless given.
    options
        Handed to the serializer, which documents them.

    Raises
    ------
    PluginError
        The name is unknown, claimed by two distributions, or its plug-in is broken; `NotInstalledError` if it needs a
        library that is not installed.

    >>> get_serializer("json").loads(b'{"user_id": 7}')
    {'user_id': 7}
    """
    factory = cast("Callable[..., Serializer]", find(_SERIALIZERS, name).load())
    return factory(registry=DEFAULT if registry is None else registry, **options)


def available_serializers() -> dict[str, SerializerInfo]:
    """Return every serializer by name; those that are broken, or lack a library, with the reason.

    >>> available_serializers()["json"].broken is None
    True
    """
    return {plugin.name: _describe(plugin) for plugin in installed(_SERIALIZERS).values()}


def _describe(plugin: Plugin) -> SerializerInfo:
    try:
        return _described(plugin, cast("Callable[..., object]", plugin.load())(registry=DEFAULT))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plug-in may fail in any way, even exit, and is shown with its reason
        reason = readable(error) if isinstance(error, PluginError) else readable_error(error)
        lacking = isinstance(error, NotInstalledError)
        return SerializerInfo(plugin.name, plugin.distribution, plugin.version, broken=reason, installed=not lacking)


def _described(plugin: Plugin, made: object) -> SerializerInfo:
    """Return what a serializer says of itself. Each of its members is read once: a property may run anything."""
    if not isinstance(made, Serializer):
        raise PluginError(f"{type(made).__qualname__} is no Serializer: it lacks a member")
    name, capabilities = made.name, made.capabilities
    if type(capabilities) is not Capabilities or {type(claim) for claim in asdict(capabilities).values()} != {bool}:
        raise PluginError(f"the capabilities of {type(made).__qualname__} must be Capabilities, each True or False")
    if name != plugin.name:
        raise PluginError(f"its entry point is called {plugin.name!r}, and it calls itself {name!r}")
    unvaried: dict[str, dict[str, Any]] = {plugin.name: {}}
    variants = _checked(made.variants) if isinstance(made, Variants) else unvaried
    implementation = readable(getattr(made, "implementation", ""))
    return SerializerInfo(
        plugin.name, plugin.distribution, plugin.version, implementation, capabilities, variants=variants
    )


def _checked(variants: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the options of variants, by labels that can be printed."""
    found = {label: dict(options) for label, options in variants.items()}
    for label in found:
        if type(label) is not str or not label or readable(label) != label:
            raise PluginError(f"a variant cannot be called {label!r}: a label is a text of one line")
    if not found:
        raise PluginError("it has no variant: the first is the serializer as it is")
    return found
