"""The installed serializers: one by its name, or all of them with what they are.

Invariant: a serializer that is broken or ambiguous is reported as that, and never keeps the others from working.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from .errors import PluginError
from .plugins import Plugin, find, installed
from .protocol import Capabilities, Serializer, Variants
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
        The name is unknown, claimed by two distributions, or its plug-in is broken.

    >>> get_serializer("json").loads(b'{"user_id": 7}')
    {'user_id': 7}
    """
    factory = cast("Callable[..., Serializer]", find(_SERIALIZERS, name).load())
    return factory(registry=DEFAULT if registry is None else registry, **options)


def available_serializers() -> dict[str, SerializerInfo]:
    """Return every installed serializer by name, the broken ones with the reason.

    >>> available_serializers()["json"].broken is None
    True
    """
    return {plugin.name: _describe(plugin) for plugin in installed(_SERIALIZERS).values()}


def _describe(plugin: Plugin) -> SerializerInfo:
    try:
        serializer = _checked(plugin.name, cast("Callable[..., object]", plugin.load())(registry=DEFAULT))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plug-in may fail in any way, even exit, and is shown with its reason
        reason = str(error) if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
        return SerializerInfo(plugin.name, plugin.distribution, plugin.version, broken=reason)
    implementation = str(getattr(serializer, "implementation", ""))
    unvaried: Mapping[str, Mapping[str, Any]] = {plugin.name: {}}
    variants = serializer.variants if isinstance(serializer, Variants) else unvaried
    return SerializerInfo(
        plugin.name, plugin.distribution, plugin.version, implementation, serializer.capabilities, variants=variants
    )


def _checked(name: str, made: object) -> Serializer:
    if not isinstance(made, Serializer) or type(made.capabilities) is not Capabilities:
        raise PluginError(f"{type(made).__qualname__} is no Serializer: it lacks a member or its capabilities")
    if made.name != name:
        raise PluginError(f"its entry point is called {name!r}, and it calls itself {made.name!r}")
    return made
