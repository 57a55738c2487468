"""A measure goes over the cases in children: workloads of a run's own are found there, and a plug-in harms no other."""

from collections.abc import Callable

import pytest

from memcached_sessions.bench.case import Case
from memcached_sessions.bench.compressing import compressed
from memcached_sessions.bench.each_case import for_each
from memcached_sessions.bench.end_to_end import end_to_end
from memcached_sessions.bench.memory import memories
from memcached_sessions.bench.storage import storages
from memcached_sessions.bench.workload import Workload, available_workloads
from memcached_sessions.serializers import available_serializers

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

    assert list(found) == [("mine", "json")]


def test_a_workload_of_the_run_is_requested(mine: Workload) -> None:
    preparations = [("module_of_a_run:prepare", {})]
    options = {"seconds": 0.1, "rounds": 1, "concurrencies": (1,), "preparations": preparations}

    found = end_to_end([available_serializers()["json"]], [mine], **options)

    assert [(each.workload, each.detail) for each in found] == [("mine", "")] * 2


@pytest.mark.usefixtures("mine")
def test_what_hangs_crashes_or_fails_is_left_out_and_the_others_go_on() -> None:
    login = available_workloads()["login"].workload
    cases = [Case(login, "json", label) for label in ("hang", "first", "crash", "fail", "last")]

    found = for_each("module_of_a_run:name", cases, {"ending": "!"}, seconds=1, preparations=(), progress=None)

    assert found == {("login", "first"): "first!", ("login", "last"): "last!"}
