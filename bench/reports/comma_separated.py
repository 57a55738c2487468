"""A result as CSV: a row for each case with all its single figures, for spreadsheets and programs.

Invariant: names and order of the columns are those of `COLUMNS` and of the compressors that took part; times are in
seconds, sizes in bytes, ratios are factors, and what was not measured is an empty cell.
"""

import csv
from collections.abc import Iterator
from io import StringIO

from ..intervals import Estimate
from ..result import CaseResult, Result

_NAMES = ("workload", "serializer", "label", "options", "gc", "outcome", "detail", "path", "identity", "sessions")
_COUNTS = ("bytes", "largest", "items", "converted", "written_in")
_ESTIMATES = (
    "dumps", "loads", "round_trip", "envelope_dumps", "envelope_loads", "unchanged", "resave", "bare_dumps",
    "bare_loads", "conversion_dumps", "conversion_loads", "overhead_dumps", "overhead_loads", "loads_over_floor",
)  # fmt: skip
_RATIOS = ("dumps", "loads", "round_trip", "bytes")
_STORAGE = ("value", "save_wire", "load_wire", "slab_class", "chunk", "sessions_per_gib", "item_limit")
_MEMORY = ("dumps", "loads")
_BOUNDS = ("median", "low", "high")


def csv_report(result: Result) -> str:
    """Return the cases as CSV with a line of names, lines ended as RFC 4180 says.

    Text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    compressors = list(dict.fromkeys(each.compressor for case in result.cases for each in case.compressed))
    rows = [dict(_cells(case)) for case in result.cases]
    text = StringIO()
    writer = csv.DictWriter(text, columns(compressors), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def columns(compressors: list[str]) -> list[str]:
    """Return the names of the columns, in order."""
    estimates = [*_ESTIMATES, *(f"ratio_{name}" for name in _RATIOS)]
    return [
        *_NAMES,
        *_COUNTS,
        *(f"{name}_{bound}" for name in estimates for bound in _BOUNDS),
        *(f"storage_{name}" for name in _STORAGE),
        *(f"memory_{name}" for name in _MEMORY),
        *(f"{name}_{figure}" for name in compressors for figure in _COMPRESSED),
    ]


_COMPRESSED = (
    "bytes", "break_even", *(f"{name}_{bound}" for name in ("compress", "decompress") for bound in _BOUNDS)
)  # fmt: skip


def _cells(case: CaseResult) -> Iterator[tuple[str, object]]:
    options = " ".join(f"{name}={value}" for name, value in case.options.items())
    for name in (*_NAMES, *_COUNTS):
        yield name, _text(options if name == "options" else getattr(case, name))
    for name in _ESTIMATES:
        yield from _bounds(name, getattr(case, name))
    for name in _RATIOS:
        yield from _bounds(f"ratio_{name}", getattr(case.ratio, name))
    if case.storage:
        yield from ((f"storage_{name}", getattr(case.storage, name)) for name in _STORAGE)
    if case.memory:
        yield from ((f"memory_{name}", getattr(case.memory, name)) for name in _MEMORY)
    for each in case.compressed:
        yield f"{each.compressor}_bytes", each.bytes
        yield f"{each.compressor}_break_even", _text(each.break_even)
        yield from _bounds(f"{each.compressor}_compress", each.compress)
        yield from _bounds(f"{each.compressor}_decompress", each.decompress)


def _bounds(name: str, estimate: Estimate | None) -> Iterator[tuple[str, object]]:
    if estimate is not None:
        yield from ((f"{name}_{bound}", getattr(estimate, bound)) for bound in _BOUNDS)


def _text(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
