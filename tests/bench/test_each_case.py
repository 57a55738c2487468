"""A measure goes over the cases in children: workloads of a run's own are found there, and a plug-in harms no other."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from memcached_sessions.bench.case import Case
from memcached_sessions.bench.compressing import compressed
from memcached_sessions.bench.each_case import Figures, for_each, with_figures
from memcached_sessions.bench.end_to_end import end_to_end
from memcached_sessions.bench.memory import memories
from memcached_sessions.bench.result import CaseResult, Memory
from memcached_sessions.bench.storage import storages
from memcached_sessions.bench.workload import Workload, available_workloads

SOURCE = """
import os, time
from memcached_sessions.bench.errand import add_workload
from memcached_sessions.bench.workload import Workload, WorkloadInfo

MINE = Workload("mine", "of this run alone", None, lambda: {"user": 7})

def prepare():
    add_workload(WorkloadInfo("mine", "me", "1", MINE))

def name(case, ending):
    {"hang": lambda: time.sleep(3600), "crash": os.abort, "fail": lambda: 1 / 0}.get(case["label"], int)()
    return case["label"] + ending
"""


@pytest.fixture
def mine(install) -> Workload:
    """A workload that no entry point brings."""
    install("module_of_a_run", SOURCE, "")
    import module_of_a_run

    return module_of_a_run.MINE


@pytest.mark.parametrize(
    "measure",
    [storages, memories, lambda cases, **options: compressed(cases, 1, **options)],
    ids=["storage", "memory", "compression"],
)
def test_a_workload_of_the_run_is_measured(mine: Workload, measure: Callable[..., dict]) -> None:
    found = measure([Case(mine, "json", "json")], preparations=[("module_of_a_run:prepare", {})])

    assert list(found.found) == [("mine", "json")]


def test_a_workload_of_the_run_is_requested(mine: Workload) -> None:
    preparations = [("module_of_a_run:prepare", {})]
    options = {"seconds": 0.1, "rounds": 1, "concurrencies": (1,), "preparations": preparations}

    found = end_to_end([Case(mine, "json", "json")], **options)

    assert [(each.workload, each.detail) for each in found] == [("mine", "")] * 2


@pytest.mark.usefixtures("mine")
def test_what_hangs_crashes_or_fails_says_so_and_the_others_go_on() -> None:
    login = available_workloads()["login"].workload
    cases = [Case(login, "json", label) for label in ("hang", "first", "crash", "fail", "last")]

    figures = for_each("module_of_a_run:name", cases, {"ending": "!"}, seconds=1, preparations=(), progress=None)

    assert figures.found == {("login", "first"): "first!", ("login", "last"): "last!"}
    assert figures.failed == {
        ("login", "hang"): "it was stopped after 1 s",
        ("login", "crash"): "the process ended by SIGABRT",
        ("login", "fail"): "ZeroDivisionError: division by zero",
    }


@pytest.mark.usefixtures("mine")
def test_a_label_that_comes_to_no_end_twice_is_not_waited_for_again() -> None:
    names = ("login", "cart-plain", "wizard", "numeric-arrays")
    workloads = [info.workload for name, info in available_workloads().items() if name in names]
    cases = [Case(workload, "json", label) for workload in workloads for label in ("hang", "other")]

    figures = for_each("module_of_a_run:name", cases, {"ending": "!"}, seconds=0.3, preparations=(), progress=None)

    details = [figures.failed[workload.name, "hang"] for workload in workloads]
    assert details[:2] == ["it was stopped after 0.3 s"] * 2
    assert set(details[2:]) == {"not tried: it came to no end 2 times before"}
    assert len(figures.found) == len(workloads) > 2


def test_a_row_has_the_figures_or_the_reason(verified: CaseResult) -> None:
    peaks = Memory(dumps=10, loads=20)
    rows = [replace(verified, label=label, memory=None) for label in ("measured", "crashed", "unknown")]
    figures = Figures({(verified.workload, "measured"): peaks}, {(verified.workload, "crashed"): "by SIGABRT"})

    measured, crashed, unknown = with_figures(rows, "memory", figures)

    assert (measured.memory, measured.unmeasured) == (peaks, {})
    assert (crashed.memory, crashed.unmeasured) == (None, {"memory": "by SIGABRT"})
    assert unknown == rows[2]
