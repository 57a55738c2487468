"""A flow: what a visitor does in two halves, between which another process takes the session over.

Invariant: both processes have the same nodes and nothing else in common.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flows.witness import Witness

from memcached_sessions.serializers.fidelity import difference


@dataclass(frozen=True)
class Flow:
    """What a visitor does.

    ``browser`` is a test client of the framework, which keeps cookies.
    """

    name: str
    begin: Callable[[Any], Any]
    """Takes the browser; returns what the second half needs to know, such as where to go on."""
    go_on: Callable[[Any, Any], None]
    """Takes the browser, which has its cookies and another process before it, and what the first half returned."""
    expected: Callable[[Any], Any] = lambda session: session
    """See `Witness`."""

    def __str__(self) -> str:
        return self.name.replace(" ", "_")


@dataclass
class Run:
    """What was seen of a flow: the witness of each process."""

    before: Witness
    after: Witness

    @classmethod
    def of(cls, flow: Any, serializer: str) -> "Run":
        """Return the run of a flow in a built-in format that is about to begin."""
        return cls(Witness(serializer, flow.expected), Witness(serializer, flow.expected))

    def check(self) -> None:
        """Fail unless the process that took over found what the other one had stored last."""
        changed = difference(self.before.written[-1], self.after.read[0])
        assert changed is None, changed
