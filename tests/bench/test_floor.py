"""The floor of reading makes what a session holds, and is a row of the comparison without a figure that it has not."""

import gc
import shutil
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from memcached_sessions.bench.case import Case, Outcome, examine
from memcached_sessions.bench.floor import FLOOR, builder, missing, recorded
from memcached_sessions.bench.levels import Level, Measure
from memcached_sessions.bench.passes import Passes
from memcached_sessions.bench.references import reference_infos
from memcached_sessions.bench.reports import terminal_report
from memcached_sessions.bench.result import Result
from memcached_sessions.bench.run import Plan, run
from memcached_sessions.bench.store import MemoryStore
from memcached_sessions.bench.workload import Workload, available_workloads
from memcached_sessions.serializers import ConverterRegistry, available_serializers
from memcached_sessions.serializers.fidelity import difference
from memcached_sessions.serializers.testing.sample_classes import sample_registry
from memcached_sessions.serializers.testing.samples import CYCLIC_TREE, SAMPLES, Sample

built = pytest.mark.skipif(missing() is not None, reason=f"{FLOOR}: {missing()}")
WORKLOADS = [name for name, info in available_workloads().items() if info.workload]


@dataclass
class Item:
    name: str
    parts: Any = None


def _workload(name: str) -> Workload:
    workload = available_workloads()[name].workload
    assert workload is not None
    return workload


def _compared(*serializers: str) -> Result:
    found = available_serializers() | reference_infos()
    level = Level("short", Passes(5, samples=1, sample_seconds=0.0001), measures=(Measure.TIMING,))
    plan = Plan([found[name] for name in serializers], [available_workloads()["login"]], level, "test", level.measures)
    return run(plan, _unseen)


def _unseen(stage: str, done: int, of: int) -> None:
    """Nobody watches."""
    del stage, done, of


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")
def test_the_floor_is_there_where_a_compiler_is() -> None:
    assert missing() is None


@built
@pytest.mark.parametrize("name", WORKLOADS)
def test_what_is_built_equals_the_session_and_shares_what_the_session_shares(name: str) -> None:
    workload, registry = _workload(name), ConverterRegistry()
    workload.register(registry)
    session = workload.build()
    build = builder(session, registry)

    for copy in (build(), build()):
        assert difference(session, copy, identity=True) is None
    assert difference(workload.build(), session, identity=True) is None


@built
@pytest.mark.parametrize("sample", [*SAMPLES, CYCLIC_TREE], ids=str)
def test_every_kind_of_value_is_built(sample: Sample) -> None:
    value = sample.make()

    assert difference(value, builder(value, sample_registry())(), identity=True) is None


@built
def test_values_are_made_anew_and_keys_are_not() -> None:
    session = {"a rather long key": ["a rather long value", 1234567, 2.5, (1234567,)]}

    one, other = (builder(session, ConverterRegistry())() for _ in range(2))

    assert next(iter(one)) is next(iter(other)) is next(iter(session))
    items = list(zip(one["a rather long key"], other["a rather long key"], session["a rather long key"], strict=True))
    assert all(len({id(each) for each in made}) == 3 for made in items)


@built
def test_a_converter_that_fails_leaves_nothing_behind_and_the_next_build_works() -> None:
    calls = []

    def decode(plain: str) -> Item:
        calls.append(plain)
        if len(calls) == 1:
            raise LookupError(plain)
        return Item(plain)

    registry = ConverterRegistry()
    registry.register(Item, tag="Item", encode=lambda item: item.name, decode=decode)
    held = "a key that is counted"
    build = builder([{held: ({held: 1}, {1: [2, Item("x")]}, 3)}], registry)
    before = sys.getrefcount(held)

    with pytest.raises(LookupError):
        build()

    gc.collect()
    assert sys.getrefcount(held) == before
    assert build() == [{held: ({held: 1}, {1: [2, Item("x")]}, 3)}]


@built
def test_a_program_is_not_carried_out_within_itself() -> None:
    registry = ConverterRegistry()
    registry.register(Item, tag="Item", encode=lambda item: item.name, decode=lambda _: build())
    build = builder([Item("x")], registry)

    with pytest.raises(RuntimeError, match="building already"):
        build()


@built
@pytest.mark.parametrize(
    "steps",
    [
        [],
        [("list", None, 2), ("real", 1.5, 0)],
        [("real", 1.5, 0), ("real", 1.5, 0)],
        [("list", None, 1), ("again", 1, 0)],
        [("dict", ("a",), 2), ("real", 1.5, 0), ("real", 1.5, 0)],
        [("instance", (Item, ("name", "parts")), 1), ("real", 1.5, 0)],
    ],
    ids=["none", "too few", "too many", "later", "too few keys", "too many names"],
)
def test_steps_that_do_not_fit_are_refused(steps: list[Any]) -> None:
    from memcached_sessions.bench import _floor

    with pytest.raises(ValueError, match="step"):
        _floor.Program(steps)


def test_a_class_that_nobody_registered_is_refused() -> None:
    with pytest.raises(TypeError, match="Item is not registered"):
        recorded([Item("x")], ConverterRegistry())


@built
def test_its_row_has_loads_and_no_other_figure() -> None:
    rows = {case.label: case for case in _compared(FLOOR, "compact", "bare-pickle").cases}
    row = rows[FLOOR]

    assert (row.label, row.outcome, row.identity) == (FLOOR, Outcome.VERIFIED, True)
    assert row.loads is not None
    assert row.ratio.loads is not None
    assert [row.bytes, row.dumps, row.round_trip, row.ratio.dumps, row.ratio.bytes, row.loads_over_floor] == [None] * 6
    assert all(case.loads_over_floor is not None for label, case in rows.items() if label != FLOOR)


@built
def test_the_report_shows_loads_by_that_of_the_floor() -> None:
    report = terminal_report(_compared(FLOOR, "json", "bare-pickle"), details=True)

    (row,) = (line for line in report.splitlines() if line.startswith(f"{FLOOR}  "))
    bytes_, part, dumps, loads, round_trip, *_ = row.split()[1:]
    assert (bytes_, part, dumps, round_trip) == ("-", "-", "-", "-")
    assert float(loads) > 0
    assert "floor's\n" in report


def test_where_it_was_not_built_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "memcached_sessions.bench._floor", None)

    assert examine(Case(_workload("login"), FLOOR, FLOOR), MemoryStore()).verdict.outcome is Outcome.FAILED
    report = terminal_report(_compared(FLOOR, "json", "bare-pickle"), details=True)

    assert f"{FLOOR} is missing: its compiled module was not built here" in report
    assert "Broken plug-ins" not in report
    assert "floor's\n" not in report
