"""A workload: a session to store, built again in the same way whenever it is asked for.

Workloads are found by entry point, those of this package too. Invariants: `Workload.build` depends on nothing but the
code and its seed, so every process, whatever its hash seed, measures the same session; the process that asks which
workloads there are builds none of them, for a build may do anything, and need not end.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from ..serializers import ConverterRegistry
from ..serializers.errors import PluginError
from ..serializers.plugins import Plugin, installed
from ..serializers.readable import readable, readable_error
from .isolation.forked import End, run_forked

WORKLOADS = "memcached_sessions.workloads"

_BUILD_SECONDS = 20.0
"""How long a workload may take to build, for it to be one."""
_BUILD_MEMORY = 4 << 30
"""Bytes of address space that it may take."""


def register_nothing(registry: ConverterRegistry) -> None:
    """Leave a registry as it is: for sessions that have no classes of their own."""
    del registry


@dataclass(frozen=True)
class Workload:
    """A session and the classes in it.

    >>> from memcached_sessions.serializers import ConverterRegistry, get_serializer
    >>> visits = Workload("visits", "a counter", seed=None, build=lambda: {"visits": 3})
    >>> registry = ConverterRegistry()
    >>> visits.register(registry)
    >>> get_serializer("json", registry).dumps(visits.build())
    b'{"visits":3}'
    """

    name: str
    """What it is called in commands, results and reports; the name of its entry point."""
    description: str
    """One line for readers of a report."""
    seed: int | None
    """Where its random values start; None if it has none."""
    build: Callable[[], object]
    """Returns the session: a new object on every call, and always an equal one."""
    register: Callable[[ConverterRegistry], None] = register_nothing
    """Registers the classes of the session with the registry that the serializers will use."""
    population: bool = False
    """Whether `build` returns a list of many sessions, each of which is stored by itself, and not one session."""
    private: bool = False
    """Whether its sessions are somebody's own: no other user of the machine may read them while they are measured."""

    def sessions(self) -> list[object]:
        """Return the sessions, made anew; one, unless it is a population.

        >>> Workload("visits", "a counter", seed=None, build=lambda: {"visits": 3}).sessions()
        [{'visits': 3}]
        """
        built = self.build()
        return cast("list[object]", built) if self.population else [built]


@dataclass(frozen=True)
class WorkloadInfo:
    """An installed workload: where it comes from, and what it is or why it cannot be used."""

    name: str
    distribution: str
    version: str
    workload: Workload | None = None
    broken: str | None = None
    """Why it cannot be used; None if it can."""


def available_workloads() -> dict[str, WorkloadInfo]:
    """Return every installed workload by name, the broken ones with the reason.

    Each is built once, in a child. One that does not end, exits or crashes is broken, as is one that fails. Two
    distributions that claim one name make that name broken, with a reason that names both.

    >>> available_workloads()["login"].broken is None
    True
    """
    return {name: _tried(info) for name, info in installed_workloads().items()}


def installed_workloads() -> dict[str, WorkloadInfo]:
    """Return what `available_workloads` does, but build none: for who knows already which of them can be built.

    >>> installed_workloads()["login"].workload.seed
    14142
    """
    return {plugin.name: _describe(plugin) for plugin in installed(WORKLOADS).values()}


def _describe(plugin: Plugin) -> WorkloadInfo:
    try:
        workload = _checked(plugin.name, plugin.load())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plug-in may fail in any way, even exit, and is shown with its reason
        reason = readable(error) if isinstance(error, PluginError) else readable_error(error)
        return WorkloadInfo(plugin.name, plugin.distribution, plugin.version, broken=reason)
    return WorkloadInfo(plugin.name, plugin.distribution, plugin.version, workload)


def _checked(name: str, found: Any) -> Workload:
    """Return a workload as it was found, but with nothing in it that a result could not hold."""
    if not isinstance(found, Workload) or found.name != name:
        other = f"one called {found.name!r}" if isinstance(found, Workload) else type(found).__qualname__
        raise PluginError(f"its entry point must name a Workload called {name!r}, not {other}")
    if found.seed is not None and type(found.seed) is not int:
        raise PluginError(f"its seed must be an int or None, not {type(found.seed).__qualname__}")
    return Workload(
        name, readable(found.description), found.seed, found.build, found.register, population=bool(found.population)
    )


def _tried(info: WorkloadInfo) -> WorkloadInfo:
    """Return what is known of a workload once it was built in a child."""
    if info.workload is None:
        return info
    ended = run_forked(partial(_build, info.workload), seconds=_BUILD_SECONDS, memory=_BUILD_MEMORY)
    if ended.end is End.RETURNED:
        return info
    return replace(info, workload=None, broken=f"it cannot be built: {ended.detail}")


def _build(workload: Workload) -> None:
    sessions = workload.sessions()
    if workload.population and (type(sessions) is not list or not sessions):
        raise PluginError("a population must be a list of at least one session")
