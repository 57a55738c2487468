"""The table of how long each serializer took over each attack.

Invariant: what did not come to an end has no time but says what became of it.
"""

from ..result import Defence, HostileCell, Result
from .figures import NOTHING, milliseconds
from .rendering import Row, Table


def hostile_times_table(result: Result) -> Table:
    """Return the longest time of a payload, by attack and serializer, in milliseconds."""
    labels = list(dict.fromkeys(cell.label for cell in result.hostile))
    cells = {(cell.attack, cell.label): cell for cell in result.hostile}
    attacks = dict.fromkeys(cell.attack for cell in result.hostile)
    return Table(
        ("slowest payload, ms", *labels),
        tuple(Row((attack, *(_time(cells.get((attack, label))) for label in labels))) for attack in attacks),
    )


def _time(cell: HostileCell | None) -> str:
    if cell is None or cell.defence is Defence.NOT_APPLICABLE:
        return NOTHING
    if cell.seconds is None or cell.defence in (Defence.TIME, Defence.CRASH):  # then the time is of the other payloads
        return cell.defence.value
    return milliseconds(cell.seconds)
