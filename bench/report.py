"""Turns a result into a report: what ran where, one table for each workload, and what the overhead is spent on.

Invariant: it reads a `Result` and nothing else, so a report can be made again from the file at any time.
"""

from collections.abc import Iterator

from .case import Outcome
from .figures import fraction, microseconds, multiple, percent_more, size, times_faster
from .floor import FLOOR
from .intervals import TIE_BAND, coverage
from .overhead import excesses, limit, within_limits
from .rendering import Block, Bullets, Heading, Lines, Row, Table, to_markdown, to_terminal
from .result import BASELINE, CaseResult, Result

FIRST = ("cart-objects",)
"""The workloads that reports begin with: sessions with objects in them are the case that this project is about."""

_REFUSALS = {Outcome.REFUSED: "refused", Outcome.UNFAITHFUL: "not faithful", Outcome.FAILED: "failed"}

_HEADINGS = (
    "serializer",
    "bytes",
    "dumps\nµs",
    "loads\nµs",
    "{store}\nround trip\nµs",
    "dumps\ntimes faster\nthan {baseline}",
    "loads\ntimes faster\nthan {baseline}",
    "round trip\ntimes faster\nthan {baseline}",
    "bytes\nas part of\n{baseline}'s",
    "dumps\nover bare\nlibrary",
    "loads\nover bare\nlibrary",
)
_FLOOR_HEADING = "loads\nby that of\nthe floor"


def terminal_report(result: Result) -> str:
    """Return the report as plain text, ending in a line break."""
    return to_terminal(list(_blocks(result))) + "\n"


def markdown_report(result: Result) -> str:
    """Return the report as Markdown, ending in a line break."""
    return to_markdown(list(_blocks(result))) + "\n"


def _blocks(result: Result) -> Iterator[Block]:
    if warnings := list(_warnings(result)):
        yield Lines(tuple(warnings))
    yield Lines(tuple(_circumstances(result)))
    for workload in _in_order(result):
        yield Heading(workload)
        yield Lines((_description(result, workload),))
        yield _table(result, workload)
    if any(case.identity is False for case in result.cases):
        yield Lines(("(copies): objects that the session shares came back as separate, equal objects.",))
    if broken := [
        f"{each.name} of {each.distribution}: {each.broken}"
        for each in (*result.serializers, *result.workloads)
        if each.broken and each.name != FLOOR
    ]:
        yield Heading("Broken plug-ins")
        yield Bullets(tuple(broken))
    yield from _overhead(result)


def _warnings(result: Result) -> Iterator[str]:
    if any(each.name == "compact" and each.implementation == "python" for each in result.serializers):
        yield "compact: pure Python, figures not comparable"
    if result.store.kind == "memory":
        yield "no memcached on this machine: round trips went through a store in memory, figures not comparable"


def _circumstances(result: Result) -> Iterator[str]:
    machine, store = result.machine, result.store
    memory = f", {machine.memory / 2**30:.0f} GiB" if machine.memory else ""
    yield f"{result.created}, {result.command}, {result.duration_s:.0f} s"
    yield (
        f"{machine.cpu}, {machine.cores} cores{memory}, {machine.platform}, {machine.implementation} {machine.python}"
    )
    yield ", ".join(f"{name} {version}" for name, version in result.libraries.items())
    working = [f"{each.name} ({each.implementation})" for each in result.serializers if not each.broken]
    yield f"serializers: {', '.join(working)}"
    yield f"store: {f'{store.kind} {store.version}'.strip()}"
    if any(case.label.startswith("bare-") for case in result.cases):
        yield (
            "Rows called bare- are libraries alone, called as anybody would; bare-pickle is Python's pickle, protocol "
            "5, with no restriction, and pickle is the restricted serializer of this package."
        )
    yield from _floor(result)
    yield (
        f"Times are medians of {result.passes} interleaved passes. Times faster than {BASELINE}: its time by this "
        f"time, pass by pass, so under 1 is slower; in brackets the {100 * coverage(result.passes):.1f} % interval of "
        f"the median. A tie: the interval includes 1 or stays within {100 * TIE_BAND:.0f} % of it."
    )


def _floor(result: Result) -> Iterator[str]:
    for each in result.serializers:
        if each.name == FLOOR and each.broken:
            yield f"{FLOOR} is missing: {each.broken}"
        elif each.name == FLOOR:
            yield (
                f"{FLOOR} is no serializer: it makes the same objects in C, of no bytes, by the calls of compact's "
                "reader, and dicts key by key, which compact may copy. Loads by that of the floor: 1.25 is a quarter "
                "more, under 1 is faster."
            )


def _in_order(result: Result) -> list[str]:
    names = list(dict.fromkeys(case.workload for case in result.cases))
    return sorted(names, key=lambda name: name not in FIRST)


def _description(result: Result, workload: str) -> str:
    facts = next((each for each in result.workloads if each.name == workload), None)
    if facts is None:
        return workload
    seed = "nothing random" if facts.seed is None else f"seed {facts.seed}"
    return f"{facts.description} ({seed})"


def _table(result: Result, workload: str) -> Table:
    headings = tuple(each.format(store=result.store.kind, baseline=BASELINE) for each in _HEADINGS)
    rows = [case for case in result.cases if case.workload == workload]
    if not any(case.label == FLOOR for case in result.cases):
        return Table(headings, tuple(_row(case) for case in rows))
    return Table((*headings, _FLOOR_HEADING), tuple(_with_floor(case) for case in rows))


def _with_floor(case: CaseResult) -> Row:
    """Return a row of a table that has the column of the floor."""
    row = _row(case)
    if row.remark:
        return row
    return Row((*row.cells, "floor" if case.label == FLOOR else multiple(case.loads_over_floor)))


def _row(case: CaseResult) -> Row:
    if not case.verified:
        return Row((case.label,), _refusal(case))
    is_baseline = case.label == BASELINE
    ratio = case.ratio
    speeds = tuple(map(times_faster, (ratio.dumps, ratio.loads, ratio.round_trip)))
    return Row(
        (
            f"{case.label} (copies)" if case.identity is False else case.label,
            size(case.bytes),
            microseconds(case.dumps),
            microseconds(case.loads),
            microseconds(case.round_trip),
            *(("baseline",) * 4 if is_baseline else (*speeds, fraction(ratio.bytes))),
            percent_more(case.overhead_dumps),
            percent_more(case.overhead_loads),
        )
    )


def _refusal(case: CaseResult) -> str:
    place = f"{case.path}: " if case.path else ""
    return f"{_REFUSALS[case.outcome]}: {place}{case.detail}"


def _overhead(result: Result) -> Iterator[Block]:
    measured = sorted({case.serializer for case in result.cases if case.overhead_dumps})
    if not measured:
        return
    limits = ", ".join(f"{name} {100 * limit(name):.0f} %" for name in measured)
    yield Heading("Overhead over the bare library call")
    yield Lines((f"What is above its limit ({limits}), and why:",))
    yield Bullets(tuple(map(str, excesses(result))) or ("nothing",))
    if within := within_limits(result):
        yield Lines((f"Within: {'; '.join(within)}.",))
