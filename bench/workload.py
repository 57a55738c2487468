"""A workload: a session to store, built again in the same way whenever it is asked for.

Workloads are found by entry point, those of this package too. Invariant: `Workload.build` depends on nothing but the
code and its seed, so every process, whatever its hash seed, measures the same session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from ..serializers import ConverterRegistry
from ..serializers.errors import PluginError
from ..serializers.plugins import Plugin, installed

WORKLOADS = "memcached_sessions.workloads"


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

    Two distributions that claim one name make that name broken, with a reason that names both.

    >>> available_workloads()["login"].broken is None
    True
    """
    return {plugin.name: _describe(plugin) for plugin in installed(WORKLOADS).values()}


def _describe(plugin: Plugin) -> WorkloadInfo:
    broken = ""
    try:
        workload = plugin.load()
        if isinstance(workload, Workload) and workload.name == plugin.name:
            workload.build()
            return WorkloadInfo(plugin.name, plugin.distribution, plugin.version, workload)
        broken = (
            f"its entry point must name a Workload called {plugin.name!r}, not "
            f"{f'one called {workload.name!r}' if isinstance(workload, Workload) else type(workload).__qualname__}"
        )
    except PluginError as error:
        broken = str(error)
    except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way, and is shown with its reason
        broken = f"it cannot be built: {type(error).__name__}: {error}"
    return WorkloadInfo(plugin.name, plugin.distribution, plugin.version, broken=broken)
