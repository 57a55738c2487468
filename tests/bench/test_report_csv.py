"""The CSV: a row for each case, stable names, and nothing that a spreadsheet would run."""

import csv
from dataclasses import replace
from io import StringIO

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.reports import csv_report
from memcached_sessions.bench.result import Result


def _rows(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(csv_report(result), newline="")))


def test_every_case_has_a_row(full: Result) -> None:
    named = [(case.workload, case.label, case.gc) for case in full.cases]

    assert [(row["workload"], row["label"], row["gc"]) for row in _rows(full)] == named


def test_a_row_has_every_figure_with_its_interval(full: Result) -> None:
    case = full.cases[2]
    row = _rows(full)[2]

    assert (case.label, row["label"], row["bytes"], row["sessions"]) == ("compact", "compact", str(case.bytes), "1")
    for name in ("dumps", "loads", "round_trip", "envelope_dumps", "unchanged", "resave", "overhead_loads"):
        estimate = getattr(case, name)
        assert [float(row[f"{name}_{bound}"]) for bound in ("median", "low", "high")] == [
            estimate.median, estimate.low, estimate.high,
        ]  # fmt: skip
    assert float(row["ratio_bytes_median"]) == 0.5
    assert float(row["zstd-3_decompress_median"]) == case.compressed[1].decompress.median
    assert (row["storage_slab_class"], row["memory_loads"]) == ("12", str(case.memory.loads if case.memory else None))


def test_what_was_not_measured_is_empty(full: Result) -> None:
    refused = next(row for row in _rows(full) if row["outcome"] == "refused")

    assert {name for name, text in refused.items() if text} == {
        "workload", "serializer", "label", "gc", "outcome", "detail", "path", "sessions",
    }  # fmt: skip


def test_the_names_of_columns_do_not_depend_on_what_was_measured(result: Result, full: Result) -> None:
    short, long = (csv_report(each).splitlines()[0].split(",") for each in (result, full))

    assert short == [name for name in long if not name.startswith(("zlib", "zstd"))]
    assert len(set(long)) == len(long)


def test_no_cell_is_a_formula(result: Result) -> None:
    rude = replace(result.cases[2], label="=1+1", detail="@SUM(1)\nand a line", outcome=Outcome.FAILED)

    row = _rows(replace(result, cases=(rude,)))[0]

    assert (row["label"], row["detail"]) == ("'=1+1", "'@SUM(1)\nand a line")
