"""One run from start to end: opens and checks every subject, counts, times, and gives a `RequestPathResult`.

Invariant: what is compared runs on one memcached, in one process and in the same passes; ratios are taken pass by
pass, so that what slows the whole machine down for a while slows down both sides of a ratio.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from statistics import median
from time import monotonic
from typing import Any, cast

from ...serializers import available_serializers
from ..intervals import Estimate, estimate
from ..machine import describe_machine, library_versions
from ..result import StoreFacts, WorkloadFacts
from ..store import open_store
from ..workload import Workload, WorkloadInfo
from .bare_subject import BARE_GET
from .checking import BrokenSubjectError, change_and_check, check
from .django_subject import DJANGO
from .local_sessions import measure_local_sessions
from .lost_updates import lost_updates
from .placement import placed, placements
from .result import KIND, SCHEMA, CaseResult, Cost, Group, Kind, Placement, RequestPathResult, Traffic
from .server import Server, traffic
from .subject import SESSIONS, Offer, Subject, Target, UnavailableError
from .timing import Cell, Samples, measure, next_numbers

ORDER_SEED = 57721
"""Where the random order of the batches starts: the first digits of Euler's constant, 0.57721."""

PEERS = ("msgspec", "flask", "werkzeug", "flask-session", "django", "beaker")
"""Distributions that take part, if they are installed, beside this one and what it requires."""

_COUNTS = 3
_ROUNDS = 4

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to measure."""

    workloads: Sequence[WorkloadInfo]
    offers: Sequence[Offer]
    """The rows; none: requests are not measured."""
    passes: int
    """How many batches of every kind of request; at least 1."""
    runs: int
    """How often lost updates are counted."""
    local_workloads: tuple[str, ...]
    """What the sessions of a process with many hold; none: that is not measured."""
    local_sessions: tuple[int, ...]
    """Numbers of sessions of processes whose memory and latency are measured."""
    command: str
    """How it was asked for, for the reader of the result."""


def run(plan: Plan, progress: Progress) -> RequestPathResult:
    """Measure the request path.

    Parameters
    ----------
    plan
        What to measure.
    progress
        Called with one line about what is going on.

    Raises
    ------
    RuntimeError
        There is no memcached, or it does not start.
    """
    created, started = datetime.now(UTC), monotonic()
    allowed, remarks = placements()
    workloads = [info.workload for info in plan.workloads if info.workload]
    cases: list[CaseResult] = []
    with open_store() as store:
        server = Server(store)
        if plan.offers:
            for workload in workloads:
                cases += _compare(workload, plan, server, allowed, progress)
        local = [
            measure_local_sessions(workload, plan.local_sessions, server, allowed[0], progress)
            for workload in plan.local_workloads
        ]
    return RequestPathResult(
        schema=SCHEMA,
        kind=KIND,
        created=created.isoformat(timespec="seconds"),
        command=plan.command,
        duration_s=round(monotonic() - started, 3),
        machine=describe_machine(),
        libraries=_libraries(),
        compact=available_serializers()["compact"].implementation,
        passes=plan.passes,
        store=StoreFacts(store.kind, store.version),
        placements=tuple(allowed),
        remarks=remarks,
        workloads=tuple(_workload_facts(info) for info in plan.workloads),
        cases=tuple(cases),
        local=tuple(local),
    )


def _compare(
    workload: Workload, plan: Plan, server: Server, allowed: Sequence[Placement], progress: Progress
) -> list[CaseResult]:
    target = Target(server.host, server.port, lambda: cast("dict[str, Any]", workload.build()))
    cases = [_examined(workload.name, offer, target, server, plan.runs, progress) for offer in plan.offers]
    able = [number for number, case in enumerate(cases) if case.skipped is None]
    with ExitStack() as stack:
        subjects: dict[int, Subject] = {}
        for number in able:
            progress(f"{workload.name}: {plan.offers[number].label}: opening")
            subjects[number] = plan.offers[number].open(target)
            stack.callback(subjects[number].close)
        cells = [
            Cell(plan.offers[number].label, subjects[number], kind)
            for number in able
            for kind in plan.offers[number].kinds
        ]
        places = [(number, kind) for number in able for kind in plan.offers[number].kinds]
        for placement in allowed:
            progress(f"{workload.name}: {plan.passes} passes on {placement.name}")
            with placed(placement, server.process):
                samples = measure(
                    cells,
                    server,
                    passes=plan.passes,
                    random=Random(ORDER_SEED),  # noqa: S311 - an order, no secret
                )
            for number, costs in _costs(plan.offers, placement, dict(zip(places, samples, strict=True))).items():
                cases[number] = replace(cases[number], costs=cases[number].costs + costs)
        for subject in subjects.values():
            change_and_check(subject, target, next_numbers(1)[0])  # still right, after all that
    return cases


def _examined(workload: str, offer: Offer, target: Target, server: Server, runs: int, progress: Progress) -> CaseResult:
    """Check a row, and count what needs no clock; a subject of its own, so that nobody else talks to memcached."""
    progress(f"{workload}: {offer.label}: checking")
    case = CaseResult(
        workload=workload,
        label=offer.label,
        group=offer.group,
        about=offer.about,
        variant=offer.variant,
        serializer=offer.serializer,
        skipped=None,
        counterpart=offer.counterpart,
        framework=offer.framework,
    )
    try:
        subject = offer.open(target)
    except UnavailableError as error:
        return replace(case, skipped=str(error))
    except Exception as error:  # noqa: BLE001 - a library may fail in any way, and is shown with its reason
        return replace(case, skipped=f"it cannot be opened: {type(error).__name__}: {error}")
    try:
        check(offer, subject, target)
        return replace(
            case,
            traffic=tuple(_traffic(subject, kind, server) for kind in offer.kinds),
            lost_updates=lost_updates(subject, runs) if offer.keeps_updates else (),
        )
    except BrokenSubjectError as error:
        return replace(case, skipped=f"broken: {error}")
    except Exception as error:  # noqa: BLE001 - as above
        return replace(case, skipped=f"it failed: {type(error).__name__}: {error}")
    finally:
        subject.close()


def _traffic(subject: Subject, kind: Kind, server: Server) -> Traffic:
    """Count three times and take the middle: a manager asks its nodes now and then how they are."""
    counted: list[Traffic] = []
    for _ in range(_COUNTS):
        before = server.counters()
        for _ in range(_ROUNDS):
            subject.prepare(kind, next_numbers(SESSIONS))()
            subject.settle()
        counted.append(traffic(kind, _ROUNDS * SESSIONS, before, server.counters(), server.counters()))
    return sorted(counted, key=lambda each: (each.commands, each.sent + each.received))[_COUNTS // 2]


def _costs(
    offers: Sequence[Offer], placement: Placement, measured: Mapping[tuple[int, Kind], Samples]
) -> dict[int, tuple[Cost, ...]]:
    """Return the costs of each row, by the number of its offer."""
    costs: dict[int, tuple[Cost, ...]] = {}
    for (number, kind), samples in measured.items():
        costs[number] = (
            *costs.get(number, ()),
            Cost(
                placement=placement.name,
                kind=kind,
                requests=samples.requests,
                minimum=min(samples.latency),
                latency=estimate(samples.latency),
                paced=estimate(samples.paced) if samples.paced else None,
                client_cpu=estimate(samples.client_cpu),
                server_cpu=estimate(samples.server_cpu) if samples.server_cpu else None,
                by_bare_get=_by(samples, _labelled(offers, measured, BARE_GET, Kind.READ)),
                by_django=_by(samples, _labelled(offers, measured, DJANGO, kind)),
                by_cheapest_peer=_by(samples, _cheapest_peer(offers, measured, kind)),
                by_counterpart=_by(samples, _labelled(offers, measured, offers[number].counterpart, kind)),
            ),
        )
    return costs


def _labelled(
    offers: Sequence[Offer], measured: Mapping[tuple[int, Kind], Samples], label: str, kind: Kind
) -> Samples | None:
    wanted = ((number, kind) for number, offer in enumerate(offers) if offer.label == label)
    return next((measured[each] for each in wanted if each in measured), None)


def _cheapest_peer(offers: Sequence[Offer], measured: Mapping[tuple[int, Kind], Samples], kind: Kind) -> Samples | None:
    peers = [
        samples
        for (number, measured_kind), samples in measured.items()
        if measured_kind is kind and offers[number].group is Group.PEER
    ]
    return min(peers, key=lambda samples: median(samples.latency), default=None)


def _by(samples: Samples, other: Samples | None) -> Estimate | None:
    if other is None:
        return None
    return estimate([mine / theirs for mine, theirs in zip(samples.latency, other.latency, strict=True)])


def _libraries() -> dict[str, str]:
    peers = library_versions(PEERS)
    return library_versions(["memcached-sessions"]) | {name: peers[name] for name in PEERS if name in peers}


def _workload_facts(info: WorkloadInfo) -> WorkloadFacts:
    description, seed = (info.workload.description, info.workload.seed) if info.workload else ("", None)
    return WorkloadFacts(info.name, description, seed, info.distribution, info.version, info.broken)
