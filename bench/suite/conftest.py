"""The cases of the comparison as parameters of pytest-benchmark's tests: ``pytest --pyargs memcached_sessions.bench``.

A test is called after its case, as in ``test_dumps[cart-plain-msgpack]``, so ``-k msgpack`` selects. Invariants: what
is refused or not faithful is skipped with the reason before anything is timed, and a broken plug-in is one skipped row
per operation. Nothing here depends on the settings of the folder that pytest is started in.
"""

import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from memcached_sessions.bench.case import Case, Examined, Ready, ReadyCase, examine
from memcached_sessions.bench.measuring import collector_settled, warm
from memcached_sessions.bench.offered import offered
from memcached_sessions.bench.operations import Operation, operations_of
from memcached_sessions.bench.store import Store, open_store
from memcached_sessions.bench.workload import WorkloadInfo, available_workloads
from memcached_sessions.serializers import SerializerInfo

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

Timed = Callable[[Operation], None]

# Rounds of a millisecond keep the clock and the call of the harness out of the figure. The same for every test, because
# pytest-benchmark takes the settings of a group from each of its tests.
_SETTINGS = pytest.mark.benchmark(min_time=0.001, min_rounds=30, max_time=0.4, disable_gc=False, warmup=False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make every installed serializer on every installed workload a parameter set of plain names."""
    if {"serializer", "workload"} <= set(metafunc.fixturenames):
        metafunc.parametrize(("workload", "serializer"), list(_parameters()))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give every test the same settings."""
    item.add_marker(_SETTINGS)


@pytest.fixture(scope="session", autouse=True)
def settled() -> Iterator[None]:
    """Keep the garbage collector on, and what pytest has made out of its sight."""
    with collector_settled():
        yield


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    """The store of the run."""
    with open_store() as store:
        yield store


@pytest.fixture(scope="session")
def examined(store: Store) -> Callable[[str, str], Examined]:
    """Every case verified once, whatever is then timed of it."""

    @cache
    def of(workload: str, serializer: str) -> Examined:
        built = _workloads()[workload].workload
        assert built is not None
        info = _variants()[serializer]
        return examine(Case(built, info.name, serializer, info.variants[serializer]), store.sessions)

    return of


@pytest.fixture
def ready(workload: str, serializer: str, examined: Callable[[str, str], Examined]) -> Ready:
    """The verified case of a test, or a skipped test."""
    found = examined(workload, serializer)
    if found.ready is None:
        verdict = found.verdict
        place = f"{verdict.path}: " if verdict.path else ""
        pytest.skip(f"{serializer}, {verdict.outcome.value}: {place}{verdict.detail}")
    return found.ready


@pytest.fixture
def written(ready: Ready) -> ReadyCase:
    """The verified case of a test of what has bytes, or a skipped test."""
    if not isinstance(ready, ReadyCase):
        pytest.skip(f"{ready.case.label} has no bytes: it is timed for loads alone")
    return ready


@pytest.fixture
def timed(ready: Ready, benchmark: "BenchmarkFixture", workload: str, serializer: str, store: Store) -> Timed:
    """Times an operation of the case, ``timed(operation)``.

    `ready` comes first, and so does `written` where a test takes it: the harness warns of a test that asked for
    `benchmark` and was skipped.
    """

    def time(operation: Operation) -> None:
        call = operations_of(ready, store.sessions).get(operation)
        if call is None:
            pytest.skip(f"{serializer} has no {operation.value} on {workload}")
        info = _variants()[serializer]
        benchmark.group = f"{workload} / {operation.value}"
        # The harness calibrates on its first call, which would be a cold one.
        if not benchmark.disabled:
            warm(call)
        benchmark.extra_info.update(  # pyright: ignore[reportUnknownMemberType]
            serializer=info.name,
            label=serializer,
            distribution=info.distribution,
            version=info.version,
            implementation=info.implementation,
            workload=workload,
            operation=operation.value,
            gc="enabled",
            sessions=len(ready.sessions),
            payload_bytes=sum(map(len, ready.payloads)) or None,
            largest_bytes=max(map(len, ready.payloads), default=None),
            zlib_bytes=sum(len(zlib.compress(payload)) for payload in ready.payloads) or None,
            identity=ready.keeps_identity,
        )
        benchmark(call)

    return time


def _parameters() -> Iterator[Any]:
    for workload in _workloads().values():
        if workload.broken:
            yield _broken(workload.name, "any", f"{workload.name} is broken: {workload.broken}")
            continue
        for serializer in _serializers().values():
            for label in serializer.variants:
                yield pytest.param(workload.name, label, id=f"{workload.name}-{label}")
    for serializer in _serializers().values():
        if serializer.broken:
            yield _broken("any", serializer.name, f"{serializer.name} is broken: {serializer.broken}")


def _broken(workload: str, serializer: str, reason: str) -> Any:
    return pytest.param(workload, serializer, id=f"{workload}-{serializer}", marks=pytest.mark.skip(reason=reason))


@cache
def _serializers() -> dict[str, SerializerInfo]:
    return offered()


@cache
def _variants() -> dict[str, SerializerInfo]:
    """The serializers by the label of each of their variants."""
    return {label: info for info in _serializers().values() for label in info.variants}


@cache
def _workloads() -> dict[str, WorkloadInfo]:
    return available_workloads()
