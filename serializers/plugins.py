"""Installed plug-ins of an entry-point group: serializers, converters, workloads, whatever is asked for.

The built-ins are found the same way. Invariant: looking for plug-ins imports none of them, and one that is broken or
ambiguous is an error only when it is loaded.
"""

import sys
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from .errors import NotInstalledError, PluginError
from .readable import readable_error


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

    def claimants(self) -> "list[Plugin]":
        """Return a plug-in for each distribution that claims the name."""
        return [Plugin(self.name, (entry,)) for entry in self.entries]

    def load(self) -> Any:
        """Return the object that the entry point names.

        Raises
        ------
        PluginError
            Two distributions claim the name, or the import failed; `NotInstalledError` if that is only for the want of
            a library that an extra brings.
        """
        (entry, *rivals) = self.entries
        if rivals:
            raise PluginError(
                f"{self.name!r} is claimed by {len(self.entries)} distributions: {self.distribution}. "
                "Uninstall all but one."
            )
        try:
            return entry.load()
        except (KeyboardInterrupt, NotInstalledError):
            raise
        except BaseException as error:
            raise PluginError(
                f"{self.name!r} of {self.distribution} {self.version} cannot be imported from {entry.value}: "
                f"{readable_error(error)}"
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


def known(group: str) -> dict[str, Plugin]:
    """Return what `installed` returned when it was first asked with the present ``sys.path``: that looks at no file."""
    return _known(group, tuple(sys.path))


@lru_cache(maxsize=64)
def _known(group: str, _path: tuple[str, ...]) -> dict[str, Plugin]:
    return installed(group)


def optional_converters() -> dict[str, Plugin]:
    """Return the installed converters that an application has to choose, by name.

    >>> "django-models" in optional_converters()
    True
    """
    return known("memcached_sessions.optional_converters")


def find(group: str, name: str) -> Plugin:
    """Return the plug-in of that name, be it that it was installed a moment ago.

    Raises
    ------
    PluginError
        Nothing of that name is installed; the message gives the nearest names.
    """
    if name in (plugins := known(group)):
        return plugins[name]
    _known.cache_clear()
    if name in (plugins := known(group)):
        return plugins[name]
    near = get_close_matches(name, plugins, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise PluginError(f"no {group} plug-in is called {name!r}. {hint}Known: {', '.join(plugins) or 'none'}.")
