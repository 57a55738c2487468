"""A result as CSV: a row for each case and each other figure that was found, for spreadsheets and programs.

The column `table` says what a row is of (`TABLES`), and the columns of other tables are empty in it. Invariant: names
and order of the columns depend on nothing but the compressors that took part; times are in seconds, sizes in bytes,
ratios are factors, and what was not measured is an empty cell.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import fields
from io import StringIO

from ..intervals import Estimate
from ..result import CaseResult, EndToEnd, EvolutionCell, FidelityCell, HostileCell, Result, Startup

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

_KINDS: Mapping[str, type] = {
    "end_to_end": EndToEnd,
    "startup": Startup,
    "fidelity": FidelityCell,
    "hostile": HostileCell,
    "evolution": EvolutionCell,
}

TABLES = ("case", *_KINDS)
"""What a row can be of."""


def csv_report(result: Result) -> str:
    """Return all tables as CSV with a line of names, lines ended as RFC 4180 says.

    Text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    compressors = list(dict.fromkeys(each.compressor for case in result.cases for each in case.compressed))
    rows = [{"table": "case", **dict(_cells(case))} for case in result.cases]
    further = {
        "end_to_end": result.end_to_end,
        "startup": result.startups,
        "fidelity": result.fidelity,
        "hostile": result.hostile,
        "evolution": result.evolution,
    }
    rows += [{"table": table, **dict(_fields(each))} for table, found in further.items() for each in found]
    text = StringIO()
    writer = csv.DictWriter(text, columns(compressors), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def columns(compressors: list[str]) -> list[str]:
    """Return the names of the columns, in order."""
    estimates = [*_ESTIMATES, *(f"ratio_{name}" for name in _RATIOS)]
    of_cases = [
        *_NAMES,
        *_COUNTS,
        *(f"{name}_{bound}" for name in estimates for bound in _BOUNDS),
        *(f"storage_{name}" for name in _STORAGE),
        *(f"memory_{name}" for name in _MEMORY),
        *(f"{name}_{figure}" for name in compressors for figure in _COMPRESSED),
    ]
    further = (name for kind in _KINDS.values() for name in _field_columns(kind))
    return ["table", *dict.fromkeys((*of_cases, *further))]


def _field_columns(kind: type) -> Iterator[str]:
    for each in fields(kind):
        if each.type is Estimate:
            yield from (f"{each.name}_{bound}" for bound in _BOUNDS)
        else:
            yield each.name


def _fields(row: EndToEnd | Startup | FidelityCell | HostileCell | EvolutionCell) -> Iterator[tuple[str, object]]:
    """Return what a row has: nothing but its names and the reason, where it was not measured."""
    unmeasured = isinstance(row, EndToEnd | Startup) and bool(row.detail)
    for each in fields(row):
        value = getattr(row, each.name)
        if isinstance(value, Estimate):
            yield from () if unmeasured else _bounds(each.name, value)
        elif not (unmeasured and each.type is float):
            yield each.name, _text(value)


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
