"""The grid of hostile input: every attack on every serializer, each in a child with limits on time and memory."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from ...serializers import SerializerInfo
from ..isolation.forked import End, Ended
from ..isolation.interpreter import Interpreter
from ..isolation.series import Series, ask
from ..preparing import prepared
from ..result import Defence, HostileCell
from ..row import Row, every_row
from .attacks import ATTACKS, Attack

_MAKE = f"{__package__}.asking:prepare"
_WRITE = f"{__package__}.asking:write_payloads"
_ASK = f"{__package__}.asking:ask_payloads"
_SECONDS = 1.0
"""Of processor time that a payload may take: a hundred times what the largest session takes."""
_BUDGET = 5.0
"""Seconds for the payloads of an attack together."""
_MEMORY = 1 << 30
"""Bytes of address space that a child may take. More than resident memory may grow, so that what is given back at once
is seen, too."""
_ORDER = [defence for defence in Defence if defence is not Defence.NOT_APPLICABLE]


def hostile_grid(
    infos: Sequence[SerializerInfo], *, mutations: int, progress: Callable[[int, int], None] | None = None
) -> tuple[HostileCell, ...]:
    """Return what each serializer does with the bytes of each attack, row by row, in the order of `ATTACKS`.

    Parameters
    ----------
    infos
        The serializers; libraries alone may be among them.
    mutations
        How many damaged payloads each is given.
    progress
        Is told how many cells are done, and of how many.

    Raises
    ------
    InterpreterError
        No interpreter could be started.

    >>> from memcached_sessions.bench.references import reference_infos
    >>> cells = hostile_grid([reference_infos()["bare-pickle"]], mutations=10)
    >>> cells[0].attack, cells[0].defence.value
    ('code execution', 'code')
    """
    rows = every_row(infos)
    cells: list[HostileCell] = []
    with prepared([(_MAKE, {})]) as interpreter:
        for row in rows:
            written = ask(interpreter, _WRITE, {"row": row.data()}, seconds=_SECONDS, budget=_BUDGET, memory=_MEMORY)
            valid = [ended.value for ended in written.answers if ended.value]
            for attack in ATTACKS:
                cells.append(_cell(interpreter, row, attack, valid, mutations))
                if progress:
                    progress(len(cells), len(rows) * len(ATTACKS))
    return tuple(cells)


def _cell(interpreter: Interpreter, row: Row, attack: Attack, valid: list[str], mutations: int) -> HostileCell:
    if attack.needs_valid and not valid:
        detail = "it wrote none of the sessions whose bytes would be damaged"
        return HostileCell(row.label, attack.name, Defence.NOT_APPLICABLE, 0, detail=detail)
    with TemporaryDirectory(prefix="session-bench-") as folder:
        arguments: dict[str, Any] = {
            "row": row.data(),
            "attack": attack.name,
            "valid": valid,
            "mutations": mutations,
            "folder": folder,
        }
        series = ask(interpreter, _ASK, arguments, seconds=_SECONDS, budget=_BUDGET, memory=_MEMORY)
        left = any(Path(folder).iterdir())
    return _summary(row, attack, series, left=left)


def _summary(row: Row, attack: Attack, series: Series, *, left: bool) -> HostileCell:
    """Return the worst that was found; what is left in the folder was made by code of which no child could tell."""
    found = [_found(number, ended) for number, ended in enumerate(series.answers)]
    if not found:
        return HostileCell(row.label, attack.name, Defence.NOT_APPLICABLE, 0, detail=series.rest)
    if left:
        found.append((Defence.CODE, "it made the folder that the bytes named, and then its process ended"))
    worst, detail = max(found, key=lambda pair: _ORDER.index(pair[0]))
    told = [cast("dict[str, Any]", ended.value) for ended in series.answers if ended.end is End.RETURNED]
    return HostileCell(
        row.label,
        attack.name,
        worst,
        len(series.answers),
        seconds=max((answer["seconds"] for answer in told), default=None),
        memory=max((answer["growth"] for answer in told), default=None),
        detail="; ".join(filter(None, (detail, series.rest and f"not all payloads were tried: {series.rest}"))),
    )


def _found(number: int, ended: Ended) -> tuple[Defence, str]:
    if ended.end is End.RETURNED:
        return Defence(ended.value["defence"]), ended.value["detail"]
    detail = f"{ended.detail} (payload {number} of the attack)"
    return _DEFENCES[ended.end], detail


_DEFENCES = {
    End.RAISED: Defence.OTHER_ERROR,
    End.MEMORY: Defence.MEMORY,
    End.TIME: Defence.TIME,
    End.CRASH: Defence.CRASH,
}
