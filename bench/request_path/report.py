"""Turns a result into a report: what ran where, the goals, then tables of latency, processor time, traffic and losses.

Invariant: it reads a `RequestPathResult` and nothing else, so a report can be made again from the file at any time.
"""

from collections.abc import Callable, Iterator, Sequence

from ..intervals import coverage, exactly
from ..reports.circumstances import run_lines
from ..reports.figures import NOTHING, microseconds, multiple
from ..reports.rendering import Block, Bullets, Heading, Lines, Row, Table, to_markdown, to_terminal
from .bare_subject import BARE_GET
from .django_subject import DJANGO
from .goals import BUSY, Goal, goals, waiting
from .local_report import local_blocks
from .result import CaseResult, Cost, Kind, Placement, RequestPathResult, Traffic
from .timing import PACED_REQUESTS, PAUSE


def terminal_report(result: RequestPathResult) -> str:
    """Return the report as plain text, ending in a line break."""
    return to_terminal(list(_blocks(result))) + "\n"


def markdown_report(result: RequestPathResult) -> str:
    """Return the report as Markdown, ending in a line break."""
    return to_markdown(list(_blocks(result))) + "\n"


def _blocks(result: RequestPathResult) -> Iterator[Block]:
    if warnings := tuple(_warnings(result)):
        yield Lines(warnings)
    yield Lines(tuple(_circumstances(result)))
    yield Heading("Goals")
    yield _goals(goals(result), result)
    for workload in dict.fromkeys(case.workload for case in result.cases):
        cases = [case for case in result.cases if case.workload == workload]
        for placement in result.placements:
            yield Heading(f"{workload}: latency, {placement.name}")
            yield Lines((_placed(placement),))
            yield _latency(cases, placement.name)
        for placement in result.placements if any(case.counterpart for case in cases) else ():
            yield Heading(f"{workload}: adapters beside what they take the place of, {placement.name}")
            yield _adapters(cases, placement.name)
        for placement in result.placements:
            yield Heading(f"{workload}: processor time per request, {placement.name}")
            yield _processor_time(cases, placement.name)
        yield Heading(f"{workload}: traffic with memcached per request")
        yield _traffic(cases)
        yield Heading(f"{workload}: lost updates of two threads")
        yield _lost_updates(cases)
    if about := _about(result):
        yield Heading("Rows")
        yield Bullets(about)
    for local in result.local:
        yield Heading(f"{local.workload}: {local.sessions:,} local sessions")
        yield from local_blocks(local)


def _warnings(result: RequestPathResult) -> Iterator[str]:
    if result.compact != "compiled":
        yield f"compact: {result.compact}, not compiled: figures not comparable"
    if (waited := waiting(result)) > BUSY:
        yield (
            f"the machine was busy: requests that wait for nobody took {waited:.1f} times their processor time; "
            "nothing is judged: run again when it is idle"
        )


def _circumstances(result: RequestPathResult) -> Iterator[str]:
    store = result.store
    yield from run_lines(result.created, result.command, result.duration_s, result.machine, result.libraries)
    yield f"store: {f'{store.kind} {store.version}'.strip()}; compact: {result.compact}"
    yield from result.remarks
    for workload in result.workloads:
        yield f"{workload.name}: {workload.broken or workload.description}"
    if result.cases:
        yield (
            f"Times are of one request, in µs: of {result.passes} interleaved batches the best and the median. "
            f"Paced: the median of {result.passes * PACED_REQUESTS} requests that come one by one, "
            f"{1000 * PAUSE:.0f} ms apart. Ratios are medians of the ratios of each pass, in brackets their "
            f"{100 * coverage(result.passes):.1f} % interval."
        )


def _goals(found: Sequence[Goal], result: RequestPathResult) -> Table:
    headings = (f"on {result.placements[0].name}", "at most", "found", "best batch\nby best batch", "")
    return Table(headings, tuple(_goal(goal, several=_several(found)) for goal in found))


def _several(found: Sequence[Goal]) -> bool:
    return len({goal.workload for goal in found if goal.workload}) > 1


def _goal(goal: Goal, *, several: bool) -> Row:
    about = f"{goal.workload}: {goal.text}" if several and goal.workload else goal.text
    if goal.found is None:
        return Row((about,), f"{goal.verdict}: {goal.missing}")
    if goal.best is None:
        return Row((about, f"{goal.limit:,.0f}", _count(goal.found.median), NOTHING, goal.verdict))
    found = f"{goal.found.median:.3f} ({goal.found.low:.3f}-{goal.found.high:.3f})"
    return Row((about, f"{goal.limit:.3f}", found, f"{goal.best:.3f}", goal.verdict))


def _placed(placement: Placement) -> str:
    if placement.client is None:
        return "client and memcached run where the system puts them"
    if placement.client == placement.server:
        return f"client and memcached share core {placement.client}"
    return f"client on core {placement.client}, memcached on core {placement.server}"


def _latency(cases: Sequence[CaseResult], placement: str) -> Table:
    headings = (
        "",
        *(f"{kind}\nbest / median" for kind in Kind),
        "read by\nbare get",
        f"read by\n{DJANGO}",
        "change by\ncheapest peer",
        *(f"{kind}\npaced" for kind in Kind),
    )

    def cells(case: CaseResult) -> tuple[str, ...]:
        costs = {kind: case.cost(placement, kind) for kind in Kind}
        read, change = costs[Kind.READ], costs[Kind.CHANGE]
        return (
            *(_best_and_median(costs[kind]) for kind in Kind),
            _baseline(case, BARE_GET) or multiple(read.by_bare_get if read else None),
            _baseline(case, DJANGO) or multiple(read.by_django if read else None),
            multiple(change.by_cheapest_peer if change else None),
            *(_paced(costs[kind]) for kind in Kind),
        )

    return _table(headings, cases, cells)


def _adapters(cases: Sequence[CaseResult], placement: str) -> Table:
    compared = (Kind.READ, Kind.CHANGE)
    headings = (
        "",
        *(
            f"{kind}\n{what}"
            for kind in compared
            for what in ("framework alone\nµs", "adapter\nµs", "counterpart\nµs", "by counterpart")
        ),
        "counterpart",
    )
    by_label = {case.label: case for case in cases}

    def cells(case: CaseResult) -> tuple[str, ...]:
        found: list[str] = []
        for kind in compared:
            for label in (case.framework, case.label, case.counterpart):
                cost = by_label[label].cost(placement, kind) if label in by_label else None
                found.append(microseconds(cost.latency if cost else None))
            cost = case.cost(placement, kind)
            found.append(multiple(cost.by_counterpart if cost else None))
        return *found, case.counterpart

    return _table(headings, [case for case in cases if case.counterpart], cells)


def _processor_time(cases: Sequence[CaseResult], placement: str) -> Table:
    headings = ("", *(f"{kind}\n{who}\nµs" for who in ("client", "memcached") for kind in Kind))

    def cells(case: CaseResult) -> tuple[str, ...]:
        costs = [case.cost(placement, kind) for kind in Kind]
        return (
            *(microseconds(cost.client_cpu if cost else None) for cost in costs),
            *(microseconds(cost.server_cpu if cost else None) for cost in costs),
        )

    return _table(headings, cases, cells)


def _traffic(cases: Sequence[CaseResult]) -> Table:
    headings = (
        "",
        *(f"{kind}\ncommands" for kind in Kind),
        *(f"{kind}\nbytes to / from\nmemcached" for kind in Kind),
        "new connections\nof a change",
    )

    def cells(case: CaseResult) -> tuple[str, ...]:
        traffics = [case.traffic_of(kind) for kind in Kind]
        change = case.traffic_of(Kind.CHANGE)
        return (
            *(_commands(traffic) for traffic in traffics),
            *(f"{traffic.sent:,.0f} / {traffic.received:,.0f}" if traffic else NOTHING for traffic in traffics),
            _count(change.connections) if change else NOTHING,
        )

    return _table(headings, cases, cells)


def _lost_updates(cases: Sequence[CaseResult]) -> Table:
    counted = [case for case in cases if case.lost_updates]
    thinks = list(dict.fromkeys(lost.think for case in counted for lost in case.lost_updates))
    made = max((lost.made for case in counted for lost in case.lost_updates), default=0)
    headings = ("", *(f"lost of {made}\n{1000 * think:.0f} ms between\nread and write" for think in thinks))

    def cells(case: CaseResult) -> tuple[str, ...]:
        by_think = {lost.think: lost.lost for lost in case.lost_updates}
        return tuple("-".join(map(str, sorted(by_think[think]))) if think in by_think else NOTHING for think in thinks)

    return _table(headings, counted, cells)


def _about(result: RequestPathResult) -> tuple[str, ...]:
    lines = dict.fromkeys(f"{case.label}: {case.about}" for case in result.cases if case.about)
    return tuple(lines)


def _table(
    headings: tuple[str, ...], cases: Sequence[CaseResult], cells: Callable[[CaseResult], tuple[str, ...]]
) -> Table:
    return Table(
        headings,
        tuple(
            Row((case.label,), case.skipped) if case.skipped is not None else Row((case.label, *cells(case)))
            for case in cases
        ),
    )


def _best_and_median(cost: Cost | None) -> str:
    return f"{microseconds(exactly(cost.minimum))} / {microseconds(cost.latency)}" if cost else NOTHING


def _paced(cost: Cost | None) -> str:
    return microseconds(cost.paced if cost else None)


def _baseline(case: CaseResult, label: str) -> str:
    return "baseline" if case.label == label else ""


def _commands(traffic: Traffic | None) -> str:
    """Return how many commands, and which."""
    if traffic is None:
        return NOTHING
    named = (("get", traffic.gets), ("set", traffic.sets), ("touch", traffic.touches), ("delete", traffic.deletes))
    which = [f"{_count(number)} {name}" for name, number in named if number >= _NOTEWORTHY]
    return ", ".join(which) or "0"


_NOTEWORTHY = 0.005


def _count(number: float) -> str:
    return f"{number:,.0f}" if abs(number - round(number)) < _NOTEWORTHY else f"{number:,.2f}"
