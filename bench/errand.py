"""A case as JSON: how an `Interpreter` is told which case a task is about.

`prepare` is its first task, so that every child finds all plug-ins imported and all workloads known. Invariant: a case
that was sent is, in the other process, made of the workload and the serializer of the same names.
"""

from functools import cache
from typing import TypedDict

from ..serializers import available_serializers
from .case import Case, Option
from .references import references
from .workload import Workload, WorkloadInfo, installed_workloads


class CaseData(TypedDict):
    """A case as JSON carries it."""

    workload: str
    serializer: str
    label: str
    options: dict[str, Option]


def data_of(case: Case) -> CaseData:
    """Return a case as JSON carries it."""
    return CaseData(
        workload=case.workload.name, serializer=case.serializer, label=case.label, options=dict(case.options)
    )


def case_of(data: CaseData) -> Case:
    """Return a case that was sent.

    Raises
    ------
    LookupError
        There is no such workload here.

    >>> case_of(CaseData(workload="login", serializer="json", label="json", options={})).workload.seed
    14142
    """
    return Case(workload_named(data["workload"]), data["serializer"], data["label"], data["options"])


def prepare() -> None:
    """Import all plug-ins: the task that an interpreter begins with."""
    available_serializers()
    references()
    _workloads()


def build(names: list[str]) -> None:
    """Build workloads: a task for an interpreter, so that each of its children finds the sessions made.

    They are those that workers time; a name that is not there is passed over.
    """
    for name in names:
        info = _workloads().get(name)
        if info and info.workload:
            _BUILT[name] = info.workload.sessions()


def built(workload: Workload) -> list[object]:
    """Return the sessions of a workload, as `build` left them or made anew."""
    return _BUILT[workload.name] if workload.name in _BUILT else workload.sessions()


def workload_named(name: str) -> Workload:
    """Return a workload by its name.

    Raises
    ------
    LookupError
        There is none, or it is broken.
    """
    info = _workloads().get(name)
    if info is None or info.workload is None:
        raise LookupError(f"no workload is called {name!r}" if info is None else f"{name} is broken: {info.broken}")
    return info.workload


def add_workload(info: WorkloadInfo) -> None:
    """Let a workload that no entry point brings be found by its name in this process."""
    _workloads()[info.name] = info


_BUILT: dict[str, list[object]] = {}


@cache
def _workloads() -> dict[str, WorkloadInfo]:
    return installed_workloads()
