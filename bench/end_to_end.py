"""Requests through a real memcached with the session manager: how many a second, and how long each takes.

Every request loads a session that was saved elsewhere before, changes one attribute and saves it; `alternating` says
how. All serializers sign with the same key, as pickle must. How it is measured: each cell, a serializer on a workload
at one concurrency, has a child of its own in each round, and the cells are shuffled anew in every round; rounds differ
in their interpreter and their memcached. Client, threads and server share the machine's cores, so figures are for
comparing serializers with each other, not for planning servers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from ..manager.percentile import percentile
from ..serializers import SerializerInfo
from .case import Case
from .each_case import Progress
from .intervals import estimate, exactly
from .isolation.forked import End
from .isolation.interpreter import Interpreter
from .passes import ORDER_SEED
from .preparing import Preparation, ask, prepared
from .references import reference_infos
from .result import EndToEnd
from .store import memcached
from .visiting import Visits, in_tasks, in_threads

_MODES = {"threads": in_threads, "asyncio": in_tasks}

_PATIENCE = 15.0
"""Seconds that beginning and warming the sessions of a cell may take, beyond the time for which it is measured."""


def end_to_end(
    cases: Sequence[Case],
    *,
    seconds: float,
    rounds: int,
    concurrencies: Sequence[int] = (1, 4, 16),
    asyncio_concurrency: int = 16,
    preparations: Sequence[Preparation] = (),
    progress: Progress | None = None,
) -> tuple[EndToEnd, ...]:
    """Return what requests take in each case.

    Parameters
    ----------
    cases
        Verified ones, such as `of_requests` chooses.
    seconds
        For which each cell is measured in a round.
    rounds
        How many values the throughput is the median of; at least 1.
    concurrencies
        How many threads.
    asyncio_concurrency
        How many tasks.
    preparations
        Tasks that every interpreter begins with.
    progress
        Is told how many cells were measured, counted in each round.

    Returns
    -------
    One entry for each cell, in the order of cases and concurrencies; those that failed with the
    reason. Nothing where there is no memcached.
    """
    counts = [("threads", count) for count in concurrencies] + [("asyncio", asyncio_concurrency)]
    cells = [_Cell(case, mode, count) for case in cases for mode, count in counts]
    if not cells:
        return ()
    random = Random(ORDER_SEED)  # noqa: S311 - an order, no secret
    private = any(case.workload.private for case in cases)
    steps = 0
    for _ in range(rounds):
        # What was stored in the round stays: memory that nobody has to make room in.
        with memcached("-m", "1024", "-I", "8m", private=private) as address, prepared(preparations) as interpreter:
            if address is None:
                return ()
            for cell in random.sample(cells, len(cells)):
                if not cell.detail:
                    _measure(cell, interpreter, address, seconds)
                    if cell.hung:
                        _give_up(cell, cells)
                steps += 1
                if progress:
                    progress(steps, rounds * len(cells))
    return tuple(_joined(cell) for cell in cells)


def of_requests(cases: Sequence[Case], infos: Sequence[SerializerInfo]) -> list[Case]:
    """Return the cases that requests are measured with: those of the first variant of every serializer.

    Parameters
    ----------
    cases
        Of any serializers and labels.
    infos
        The serializers; broken ones and references do not take part.

    >>> from memcached_sessions.bench.case import every_case
    >>> from memcached_sessions.bench.workloads.login import LOGIN
    >>> from memcached_sessions.serializers import available_serializers
    >>> infos = [available_serializers()[name] for name in ("compact", "json")]
    >>> [case.label for case in of_requests(every_case([LOGIN], infos), infos)]
    ['compact', 'json']
    """
    references = reference_infos()
    rows = {
        (info.name, next(iter(info.variants))) for info in infos if info.broken is None and info.name not in references
    }
    return [case for case in cases if (case.serializer, case.label) in rows]


@dataclass
class _Cell:
    """A serializer on a workload at one concurrency, and what is known of it so far."""

    case: Case
    mode: str
    concurrency: int
    rounds: list[Visits] = field(default_factory=list[Visits])
    detail: str = ""
    hung: bool = False


def _measure(cell: _Cell, interpreter: Interpreter, address: str, seconds: float) -> None:
    task = _MODES[cell.mode]
    arguments = {"address": address, "concurrency": cell.concurrency, "seconds": seconds}
    ended = ask(interpreter, f"{task.__module__}:{task.__name__}", cell.case, arguments, seconds=seconds + _PATIENCE)
    if ended.end is End.RETURNED:
        cell.rounds.append(ended.value)
    else:
        cell.detail, cell.hung = ended.detail, ended.end is End.TIME


def _give_up(hung: _Cell, cells: Sequence[_Cell]) -> None:
    """Wait no second time for a serializer that hangs on a workload."""
    for cell in cells:
        if cell.case == hung.case and not cell.rounds and not cell.detail:
            cell.detail = f"not tried, for with {hung.concurrency} ({hung.mode}) {hung.detail}"


def _joined(cell: _Cell) -> EndToEnd:
    case = cell.case
    if cell.detail:
        return EndToEnd(
            case.workload.name, case.label, cell.mode, cell.concurrency, 0, exactly(0), 0, 0, 0, 0, detail=cell.detail
        )
    latencies = sorted(latency for each in cell.rounds for latency in each["latencies"])
    late = [delay for each in cell.rounds for delay in each["late"]]
    return EndToEnd(
        workload=case.workload.name,
        label=case.label,
        mode=cell.mode,
        concurrency=cell.concurrency,
        requests=len(latencies),
        throughput=estimate([len(each["latencies"]) / each["seconds"] for each in cell.rounds]),
        p50=percentile(latencies, 0.5),
        p95=percentile(latencies, 0.95),
        p99=percentile(latencies, 0.99),
        p999=percentile(latencies, 0.999),
        stall=percentile(late, 0.99) if late else None,
        rounds=len(cell.rounds),
    )
