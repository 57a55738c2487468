"""How a manager and its nodes do."""

from dataclasses import dataclass

from .process import Process


@dataclass(frozen=True)
class NodeHealth:
    """How one node does."""

    node: str
    """Its name or address."""
    available: bool
    """Whether requests use it."""
    debts: int
    """Writes that it missed and that are made up for before it is used again."""
    problem: str
    """Why it is not available."""


@dataclass(frozen=True)
class Health:
    """How a manager does."""

    nodes: tuple[NodeHealth, ...]
    sessions: int
    """Sessions in this process."""
    unbacked: int
    """Of these, how many are not backed up in their present state."""
    revalidates: bool
    """Whether every request asks a node if its session is fresh."""
    enabled: bool
    """Whether memcached is used; without it no session is backed up."""
    dry_run: bool
    """Whether this is a dry run: sessions are tried and reported on, and live in the process alone."""


def health_of(process: Process) -> Health:
    """Return how a process and its nodes do."""
    live, enabled = process.sessions.live(), process.settings.enabled
    return Health(
        nodes=tuple(NodeHealth(node.label, node.available, node.debts, node.last_error) for node in process.nodes.all),
        sessions=len(live),
        unbacked=sum(entry.behind or not enabled for entry in live),
        revalidates=process.freshness.revalidates,
        enabled=enabled,
        dry_run=process.settings.dry_run,
    )
