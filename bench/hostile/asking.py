"""Hostile bytes are given to one serializer; runs in a child."""

import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypedDict

from ...serializers import ConverterRegistry, DeserializationError, Serializer
from ...serializers.readable import readable_error
from ..errand import workload_named
from ..isolation.series import Asking, answer
from ..result import Defence
from ..row import Row, RowData, row_of
from .attacks import ATTACKS, Material
from .bombs import PAIR_TAG, memory_bombs

_WORKLOADS = ("login", "cart-plain", "cart-objects")
"""Whose payloads are damaged, the richest last."""
ALLOWED = 128 << 20
"""Bytes by which resident memory may grow: more than a hundred times the largest session that a memcached takes."""
_SHOWN = 24
"""Bytes of a payload in a detail."""
_TOLD = 200
"""Letters of an error in a detail."""


@dataclass(frozen=True)
class Pair:
    """A registered class that is hashed by value."""

    left: object
    right: object


class Answer(TypedDict):
    """What one payload did, as JSON carries it."""

    defence: str
    seconds: float
    growth: int
    detail: str


def prepare() -> None:
    """Make the zip bombs once for all children: a task for `Interpreter.prepare`."""
    for payload in memory_bombs():
        del payload


def write_payloads(row: RowData, asking: Asking) -> bool:
    """Write each workload, in hexadecimal; empty if it is refused: a task for `isolation.series.ask`."""
    serializer = _made(row_of(row))
    return answer((partial(_written, serializer, name) for name in _WORKLOADS), asking)


def ask_payloads(row: RowData, attack: str, valid: list[str], mutations: int, folder: str, asking: Asking) -> bool:
    """Give a serializer every payload of an attack that has had no answer yet: a task for `isolation.series.ask`."""
    asked = row_of(row)
    serializer = _made(asked)
    material = Material([bytes.fromhex(payload) for payload in valid], mutations, folder)
    payloads = next(each for each in ATTACKS if each.name == attack).payloads(material)
    return answer(_questions(asked, serializer, payloads, Path(folder)), asking)


def _written(serializer: Serializer, workload: str) -> str:
    with suppress(Exception):  # what it refuses, and what it says then, is for other tables
        return serializer.dumps(workload_named(workload).build()).hex()
    return ""


def _made(row: Row) -> Serializer:
    registry = ConverterRegistry()
    for name in _WORKLOADS:
        workload_named(name).register(registry)
    registry.register(Pair, tag=PAIR_TAG)
    return row.make(registry)


def _questions(
    row: Row, serializer: Serializer, payloads: Iterator[bytes], folder: Path
) -> Iterator[Callable[[], Answer]]:
    before, marks = _resident(), frozenset(folder.iterdir())  # of payloads whose processes ended
    for payload in payloads:
        yield partial(_answer, row, serializer, payload, folder, before, marks)


def _answer(
    row: Row, serializer: Serializer, payload: bytes, folder: Path, before: int, marks: frozenset[Path]
) -> Answer:
    started = perf_counter()
    defence, detail = _defence(row, serializer, payload)
    seconds = perf_counter() - started
    growth = max(0, _resident() - before)
    if growth > ALLOWED and defence is not Defence.MEMORY:
        defence, detail = Defence.MEMORY, f"resident memory grew by {growth >> 20} MiB"
    if made := frozenset(folder.iterdir()) - marks:
        defence, detail = Defence.CODE, "it made the folder that the bytes named"
        for path in made:
            shutil.rmtree(path)
    if defence in (Defence.REFUSED, Defence.READ):
        return Answer(defence=defence, seconds=seconds, growth=growth, detail="")
    shown = payload[:_SHOWN].hex() + ("..." if len(payload) > _SHOWN else "")
    return Answer(defence=defence, seconds=seconds, growth=growth, detail=f"{detail} (payload {shown})")


def _defence(row: Row, serializer: Serializer, payload: bytes) -> tuple[Defence, str]:
    refusals = Exception if row.is_library else DeserializationError
    try:
        serializer.loads(payload)
    except MemoryError:
        return Defence.MEMORY, "MemoryError"
    except refusals:
        return Defence.REFUSED, ""
    except BaseException as error:  # noqa: BLE001 - what nobody expects is the finding
        return Defence.OTHER_ERROR, readable_error(error)[:_TOLD]
    return Defence.READ, ""


def _resident() -> int:
    """Return the most memory that this process ever had resident, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
