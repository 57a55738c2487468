"""The tables of one workload: the main one, and those of the further measures.

Invariant: a row that is not verified stands in the main table with its reason, and in no other table.
"""

from collections.abc import Iterator

from ..case import Outcome
from ..floor import FLOOR
from ..result import BASELINE, CaseResult, Compressed, Result
from .figures import NOTHING, Figure, fraction, microseconds, percent_more, size, times_faster
from .reading import COPIES, each_session, reference_labels, row_name, rows, tie_band
from .rendering import Block, Bullets, Heading, Lines, Row, Table

_REFUSALS = {Outcome.REFUSED: "refused", Outcome.UNFAITHFUL: "not faithful", Outcome.FAILED: "failed"}

_BASELINE_ITSELF = Figure("baseline", 1.0)

_MAIN = (
    "serializer",
    "bytes",
    "part of\npickle's\nbytes",
    "dumps\nµs",
    "loads\nµs",
    "round\ntrip\nµs",
    "dumps\ntimes faster\nthan {baseline}",
    "loads\ntimes faster\nthan {baseline}",
    "round trip\ntimes faster\nthan {baseline}",
)
_MANAGER = (
    "serializer",
    "envelope\ndumps\nµs",
    "envelope\nloads\nµs",
    "unchanged\ncheck\nµs",
    "re-save\nµs",
    "dumps\nconversion\nµs",
    "dumps\nover\nbare",
    "loads\nconversion\nµs",
    "loads\nover\nbare",
)
_FLOOR_HEADING = "loads\nby the\nfloor's"
_COMPRESSED = (
    "serializer", "compressor", "bytes", "part of\nplain", "compress\nµs", "decompress\nµs", "pays below\nMbit/s",
)  # fmt: skip
_BREAK_EVEN = "smaller from\nbytes"
_STORAGE = (
    "serializer",
    "stored\nbytes",
    "wire\nsave",
    "wire\nload",
    "slab\nclass",
    "chunk\nbytes",
    "sessions\nper GiB",
    "head-room\ntimes",
    "peak memory\ndumps, bytes",
    "peak memory\nloads, bytes",
)


def main_table(result: Result, workload: str) -> Table:
    """Return size, times and ratios of all rows of a workload, those without figures with the reason."""
    headings = tuple(each.format(baseline=BASELINE) for each in _MAIN)
    return Table(headings, tuple(_main_row(result, case) for case in rows(result, workload)))


def manager_blocks(result: Result, workload: str) -> Iterator[Block]:
    """Return what a session costs in the session manager, and the cost of conversion apart."""
    found = [case for case in _verified(result, workload) if case.label != FLOOR and _has_manager_figures(case)]
    if not found:
        return
    headings, with_floor = _MANAGER, any(case.loads_over_floor for case in found)
    if with_floor:
        headings = (*headings, _FLOOR_HEADING)
    yield Heading(f"{workload}: in the session manager, and conversion apart", 2)
    yield Lines(
        (
            (
                "Envelope: from attributes to the signed value that is stored, and back. Unchanged check: what finds "
                "at the end of a request that nothing changed. Re-save: one attribute is set, and the value made anew. "
                "Conversion: what checks and converters take beyond the library's own call; over bare: as a part of it."
            ),
        )
    )
    yield Table(headings, tuple(_manager_row(result, case, with_floor=with_floor) for case in found))


def compression_blocks(result: Result, workload: str) -> Iterator[Block]:
    """Return what compressors make of each payload."""
    found = [(case, each) for case in _verified(result, workload) for each in case.compressed]
    if not found:
        return
    many = any(each.break_even is not None for _, each in found)  # one session says nothing of other sizes
    smaller = " Smaller from: the size in bytes from which on compressing made every payload smaller." if many else ""
    yield Heading(f"{workload}: compressed", 2)
    yield Lines(
        (
            (
                "Pays below: the speed of a network on which the bytes that are saved take as long as compressing and "
                f"decompressing; on a slower one compressing is faster.{smaller}"
            ),
        )
    )
    headings = (*_COMPRESSED, _BREAK_EVEN) if many else _COMPRESSED
    rows = tuple(_compressed_row(result, case, each, many=many) for case, each in found)
    yield Table(headings, rows, texts=2)


def storage_blocks(result: Result, workload: str) -> Iterator[Block]:
    """Return what a session takes in memcached, on the way to it, and in memory on the way to bytes and back."""
    found = [case for case in _verified(result, workload) if case.storage or case.memory]
    if not found:
        return
    many = any(case.sessions > 1 for case in found)
    largest = " Figures but sessions per GiB are those of the largest session." if many else ""
    yield Heading(f"{workload}: in memcached, and in memory", 2)
    yield Lines(
        (
            (
                "Wire: bytes of the command and its answer, without TCP and IP. Head-room: how many times as large the "
                "session could be. Peak memory: the most that Python's allocators held at once beyond what was there "
                f"before.{largest}"
            ),
        )
    )
    yield Table(_STORAGE, tuple(_storage_row(result, case) for case in found))


def copies_note(result: Result) -> Iterator[Block]:
    """Return what the mark of rows means that copy what is shared, where there are any."""
    if any(case.identity is False for case in result.cases):
        yield Lines((f"{COPIES.strip()} Objects that the session shares came back as separate, equal objects.",))


def varying_note(result: Result) -> Iterator[Block]:
    """Return which rows have payloads of another size in another process, where there are any."""
    varying = [f"{case.workload}, {row_name(result, case)}: {case.varying}" for case in result.cases
               if case.verified and case.varying]  # fmt: skip
    if varying:
        yield Lines(("Payloads of another size in every process (the bytes of a row are those of one of them):",))
        yield Bullets(tuple(varying))


def refusal(case: CaseResult) -> str:
    """Return why a case has no figures."""
    place = f"{case.path}: " if case.path else ""
    return f"{_REFUSALS[case.outcome]}: {place}{case.detail}"


def _verified(result: Result, workload: str) -> list[CaseResult]:
    return [case for case in rows(result, workload) if case.verified]


def _main_row(result: Result, case: CaseResult) -> Row:
    name, reference = row_name(result, case), case.label in reference_labels(result)
    if not case.verified:
        return Row((name,), refusal(case), reference)
    ratio = case.ratio
    speeds = (
        times_faster(ratio.dumps, tie_band(result, "dumps")),
        times_faster(ratio.loads, tie_band(result, "loads")),
        times_faster(ratio.round_trip, tie_band(result, "round_trip")),
    )
    is_baseline = case.label == BASELINE
    figures = (
        size(each_session(case)),
        _BASELINE_ITSELF if is_baseline else fraction(ratio.bytes),
        microseconds(case.dumps),
        microseconds(case.loads),
        microseconds(case.round_trip),
        *((_BASELINE_ITSELF,) * 3 if is_baseline else speeds),
    )
    return Row((name, *figures), reference=reference)


def _has_manager_figures(case: CaseResult) -> bool:
    return any((case.envelope_dumps, case.unchanged, case.resave, case.conversion_dumps, case.overhead_dumps,
                case.loads_over_floor))  # fmt: skip


def _manager_row(result: Result, case: CaseResult, *, with_floor: bool) -> Row:
    figures = (
        microseconds(case.envelope_dumps),
        microseconds(case.envelope_loads),
        microseconds(case.unchanged),
        microseconds(case.resave),
        microseconds(case.conversion_dumps),
        percent_more(case.overhead_dumps),
        microseconds(case.conversion_loads),
        percent_more(case.overhead_loads),
        *((fraction(case.loads_over_floor),) if with_floor else ()),
    )
    return Row((row_name(result, case), *figures), reference=case.label in reference_labels(result))


def _compressed_row(result: Result, case: CaseResult, each: Compressed, *, many: bool) -> Row:
    cells = (
        row_name(result, case),
        each.compressor,
        size(each.bytes / case.sessions),
        fraction(each.bytes / case.bytes if case.bytes else None),
        microseconds(each.compress),
        microseconds(each.decompress),
        _paying_speed(case, each),
        *((size(each.break_even),) if many else ()),
    )
    return Row(cells, reference=case.label in reference_labels(result))


def _paying_speed(case: CaseResult, each: Compressed) -> str:
    """Return the bits that compressing saves by the time that it takes, in Mbit/s."""
    saved = 8 * ((case.bytes or 0) - each.bytes) / case.sessions
    seconds = each.compress.median + each.decompress.median
    return size(saved / seconds / 1e6) if saved > 0 and seconds > 0 else NOTHING


def _storage_row(result: Result, case: CaseResult) -> Row:
    storage, memory = case.storage, case.memory
    stored = (NOTHING,) * 7
    if storage:
        stored = (
            size(storage.value),
            size(storage.save_wire),
            size(storage.load_wire),
            size(storage.slab_class),
            size(storage.chunk),
            size(storage.sessions_per_gib),
            size(storage.head_room),
        )
    held = (size(memory.dumps), size(memory.loads)) if memory else (NOTHING, NOTHING)
    return Row((row_name(result, case), *stored, *held), reference=case.label in reference_labels(result))
