"""Installed plug-ins, found by entry point: serializers, converters, and whatever other group is asked for.

The built-ins are found the same way. Invariant: a plug-in that is broken or ambiguous is reported as that, and never
keeps the others from working.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from .errors import PluginError
from .protocol import Capabilities, Serializer
from .registry import DEFAULT, ConverterRegistry

SERIALIZERS = "memcached_sessions.serializers"


@dataclass(frozen=True)
class Plugin:
    """One name of an entry-point group, and what is installed under it."""

    name: str
    entries: tuple[EntryPoint, ...]

    @property
    def distribution(self) -> str:
        """The distributions that claim the name: one, unless they are rivals."""
        return ", ".join(sorted(entry.dist.name if entry.dist else "unknown" for entry in self.entries))

    @property
    def version(self) -> str:
        """The version of the distribution; empty where several claim the name."""
        (first, *rivals) = self.entries
        return first.dist.version if first.dist and not rivals else ""

    def load(self) -> Any:
        """Return the object that the entry point names.

        Raises
        ------
        PluginError
            Two distributions claim the name, or the import failed.
        """
        (entry, *rivals) = self.entries
        if rivals:
            raise PluginError(
                f"{self.name!r} is claimed by {len(self.entries)} distributions: {self.distribution}. "
                "Uninstall all but one."
            )
        try:
            return entry.load()
        except Exception as error:
            raise PluginError(
                f"{self.name!r} of {self.distribution} {self.version} cannot be imported from {entry.value}: "
                f"{type(error).__name__}: {error}"
            ) from error


def installed(group: str) -> dict[str, Plugin]:
    """Return what is installed under an entry-point group, by name, in the order of the names.

    >>> sorted(set(installed("memcached_sessions.serializers")) & {"json", "msgpack", "pickle"})
    ['json', 'msgpack', 'pickle']
    """
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=group):
        found.setdefault(entry.name, []).append(entry)
    return {name: Plugin(name, tuple(found[name])) for name in sorted(found)}


def find(group: str, name: str) -> Plugin:
    """Return the plug-in of that name.

    Raises
    ------
    PluginError
        Nothing of that name is installed; the message gives the nearest names.
    """
    plugins = installed(group)
    if name in plugins:
        return plugins[name]
    near = get_close_matches(name, plugins, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise PluginError(f"no {group} plug-in is called {name!r}. {hint}Installed: {', '.join(plugins) or 'none'}.")


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
    factory = cast("Callable[..., Serializer]", find(SERIALIZERS, name).load())
    return factory(registry=DEFAULT if registry is None else registry, **options)


def available_serializers() -> dict[str, SerializerInfo]:
    """Return every installed serializer by name, the broken ones with the reason.

    >>> available_serializers()["json"].broken is None
    True
    """
    return {plugin.name: _describe(plugin) for plugin in installed(SERIALIZERS).values()}


def _describe(plugin: Plugin) -> SerializerInfo:
    try:
        serializer = cast("Callable[..., Serializer]", plugin.load())(registry=DEFAULT)
        implementation = str(getattr(serializer, "implementation", ""))
        capabilities = serializer.capabilities
    except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way, and is shown with its reason
        reason = str(error) if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
        return SerializerInfo(plugin.name, plugin.distribution, plugin.version, broken=reason)
    return SerializerInfo(plugin.name, plugin.distribution, plugin.version, implementation, capabilities)
