"""What a node missed while it did not answer, to be made up for before it is used again.

Invariant: a debt is taken on only while the node's circuit is open, and the circuit closes only when there is none
(rule R7 of the protocol). Debts are bounded; the oldest are dropped first, and a take-over that reads all nodes finds
the newest state without them.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from .version_vector import VersionVector

MAX_DEBTS = 100_000


@dataclass(frozen=True, slots=True)
class Debt:
    """A write that a node missed, or may have carried out or yet carry out.

    Parameters
    ----------
    sid
        Of the session; it stays in this process.
    vector
        Of the state that was written.
    until
        When it no longer matters, by the monotonic clock in seconds.
    tombstone
        The bytes, client flags and life (seconds) of a mark that says the session is dead; None for a session's state.
    """

    sid: str = field(repr=False)
    vector: VersionVector
    until: float
    tombstone: tuple[bytes, int, int] | None = None


class Debts:
    """The debts towards one node, by storage key. Not safe for threads: the node's lock is held."""

    def __init__(self) -> None:
        self._owed: OrderedDict[str, Debt] = OrderedDict()

    def __len__(self) -> int:
        return len(self._owed)

    def owe(self, key: str, debt: Debt) -> None:
        """Note a debt in place of an older one for the key; a tombstone stays."""
        known = self._owed.get(key)
        if known is not None and known.tombstone and not debt.tombstone:
            return
        self._owed[key] = debt
        self._owed.move_to_end(key)
        if len(self._owed) > MAX_DEBTS:
            self._owed.popitem(last=False)

    def take(self, now: float) -> tuple[str, Debt] | None:
        """Remove and return a debt that still matters, None if there is none."""
        while self._owed:
            key, debt = self._owed.popitem(last=False)
            if debt.until > now:
                return key, debt
        return None
