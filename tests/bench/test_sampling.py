"""Which sessions are timed depends on the sessions alone, and some of every size are among them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from memcached_sessions.bench.sampling import MOST_TIMED, extent, spread
from memcached_sessions.bench.workload import available_workloads


@dataclass
class Visit:
    """One whose text says nothing, and that cannot be asked for it either."""

    page: str
    at: datetime

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    def __len__(self) -> int:
        raise RuntimeError("no length")


def _visit(size: int) -> dict[str, object]:
    return {"visit": Visit("x" * size, datetime(2026, 1, 1, tzinfo=UTC))}


def test_some_of_every_size_are_chosen_in_the_order_of_the_workload() -> None:
    sessions = [_visit(size) for size in (500, 400, 300, 200, 100, 0)]

    assert spread(sessions, 3) == [0, 2, 4]


def test_of_few_all_are_chosen() -> None:
    assert spread([_visit(1)] * MOST_TIMED) == list(range(MOST_TIMED))


def test_the_sessions_of_a_workload_are_the_same_each_time() -> None:
    population = next(info.workload for info in available_workloads().values() if info.workload.population)

    first, second = (spread(population.sessions()) for _ in range(2))

    assert first == second
    assert len(set(first)) == MOST_TIMED


def test_what_is_in_objects_counts_and_classes_do_not() -> None:
    assert extent(_visit(70)) - extent(_visit(20)) == 50
    assert extent(_visit(0)) < 100


def test_what_is_shared_counts_once_and_cycles_end() -> None:
    shared = ["a text of some length"]
    cycle: list[object] = [shared, shared]
    cycle.append(cycle)

    assert extent(cycle) == extent([shared])
