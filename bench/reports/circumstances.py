"""The head of a report: what could not be measured well, when and where it ran, and what the figures mean.

Invariant: whatever makes figures incomparable or unsteady is said before the first of them.
"""

from collections.abc import Iterator, Mapping

from ..floor import FLOOR
from ..intervals import TIE_BAND, coverage
from ..result import BASELINE, Machine, Result
from .instability import instability
from .rendering import Block, Bullets, Heading


def reservations(result: Result) -> Iterator[str]:
    """Return what a reader must know before the figures, one line each."""
    if any(each.name == "compact" and each.implementation == "python" for each in result.serializers):
        yield "compact: pure Python, figures not comparable"
    if result.store.kind == "memory":
        yield "no memcached on this machine: round trips went through a store in memory, figures not comparable"
    yield from _unmeasured(result)
    yield from instability(result)


def circumstances(result: Result) -> Iterator[str]:
    """Return when, where and how it ran, one line each."""
    yield from machine_lines(result)
    if any(case.label.startswith("bare-") for case in result.cases):
        yield (
            "Rows called bare- are libraries alone, called as anybody would; bare-pickle is Python's pickle, protocol "
            "5, with no restriction, and pickle is the restricted serializer of this package."
        )
    yield from _floor(result)
    yield meaning(result)


def machine_lines(result: Result) -> Iterator[str]:
    """Return when and where it ran, and with what."""
    store = result.store
    yield from run_lines(result.created, result.command, result.duration_s, result.machine, result.libraries)
    working = [f"{each.name} ({each.implementation})" for each in result.serializers if not each.broken]
    yield f"serializers: {', '.join(working)}"
    yield f"store: {f'{store.kind} {store.version}'.strip()}{_collector(result)}"


def run_lines(
    created: str, command: str, duration_s: float, machine: Machine, libraries: Mapping[str, str]
) -> Iterator[str]:
    """Return when a run was, of whatever kind, what was asked for, and on which machine and with what it ran."""
    memory = f", {machine.memory / 2**30:.0f} GiB" if machine.memory else ""
    yield f"{created}, {command}, {duration_s:.0f} s"
    yield (
        f"{machine.cpu}, {machine.cores} cores{memory}, {machine.platform}, {machine.implementation} {machine.python}"
    )
    yield ", ".join(f"{name} {version}" for name, version in libraries.items())


def _collector(result: Result) -> str:
    states = {case.gc for case in result.cases if case.verified}
    if result.method or not states:
        return ""  # it is not known how others had it
    state = "on and off, as rows say" if len(states) > 1 else "on" if "enabled" in states else "off"
    return f"; garbage collector while time is taken: {state}"


def meaning(result: Result) -> str:
    """Return what times, ratios, intervals and ties are."""
    if result.method:
        return f"{result.method} {_ties(result)}"
    alone = f"the {100 * coverage(result.passes):.1f} % interval of the median"
    together = f"at {100 * result.confidence:.1f} % all of a table hold together" if result.confidence else alone
    return (
        f"Times are medians of {result.passes} interleaved passes, each in worker processes of its own "
        "on one core, which memcached shares; those of the "
        "envelope, the unchanged check, the re-save and the library alone of every third. Times faster "
        f"than {BASELINE}: its time by this time, pass by pass, so under 1 is slower; in brackets the interval: "
        f"{together}. {_ties(result)}"
    )


def broken_plugins(result: Result) -> Iterator[Block]:
    """Return the plug-ins that could not take part, with the reason."""
    if broken := [
        f"{each.name} of {each.distribution}: {each.broken}"
        for each in (*result.serializers, *result.workloads)
        if each.broken and each.name != FLOOR
    ]:
        yield Heading("Broken plug-ins")
        yield Bullets(tuple(broken))


def _unmeasured(result: Result) -> Iterator[str]:
    """Return what verified rows have no figures for, one line for each label and measure."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for case in result.cases:
        for measure, detail in case.unmeasured.items():
            found.setdefault((case.label, measure), {})[case.workload] = detail
    for (label, measure), details in found.items():
        yield f"{label} has no figures for {measure} on {', '.join(details)}: {next(iter(details.values()))}"


def _ties(result: Result) -> str:
    bands = {operation: round(100 * band, 1) for operation, band in result.tie_band.items()}
    if len(set(bands.values())) > 1:
        within = ", ".join(f"{band:g} % ({operation.replace('_', ' ')})" for operation, band in bands.items())
    else:
        within = f"{next(iter(bands.values()), 100 * TIE_BAND):g} %"
    return f"A tie: the interval reaches within {within} of 1."


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
