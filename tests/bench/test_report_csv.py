"""The CSV: a row for each case, stable names, and nothing that a spreadsheet would run."""

import csv
from dataclasses import replace
from io import StringIO

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.reports import csv_report
from memcached_sessions.bench.reports.comma_separated import TABLES
from memcached_sessions.bench.result import Result


def _rows(result: Result, table: str = "case") -> list[dict[str, str]]:
    found = list(csv.DictReader(StringIO(csv_report(result), newline="")))
    return [row for row in found if row["table"] == table]


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


def test_every_other_measure_has_rows_of_its_own(full: Result) -> None:
    of = {"end_to_end": full.end_to_end, "startup": full.startups, "fidelity": full.fidelity,
          "hostile": full.hostile, "evolution": full.evolution}  # fmt: skip

    assert set(TABLES) == {"case", *of}
    for table, found in of.items():
        assert [row["label"] for row in _rows(full, table)] == [each.label for each in found]
    requests, attack = _rows(full, "end_to_end")[0], _rows(full, "hostile")[0]
    assert (requests["mode"], requests["concurrency"], requests["workload"]) == ("threads", "1", "cart-objects")
    assert float(requests["throughput_low"]) == full.end_to_end[0].throughput.low
    assert (attack["attack"], attack["defence"], float(attack["seconds"])) == ("code execution", "code", 2e-4)
    assert {row["fate"] for row in _rows(full, "fidelity")} > {"identical", "changed type"}
    assert {row["outcome"] for row in _rows(full, "evolution")} == {"verified", "refused"}


def test_requests_and_starts_that_were_not_measured_have_a_reason_and_no_figure(full: Result) -> None:
    requests, start = _rows(full, "end_to_end")[-1], _rows(full, "startup")[-1]

    assert (requests["detail"], requests["throughput_median"], requests["p50"]) == ("it ended", "", "")
    assert {name for name, text in start.items() if text} == {"table", "label", "detail"}


def test_what_was_not_measured_is_empty(full: Result) -> None:
    refused = next(row for row in _rows(full) if row["outcome"] == "refused")

    assert {name for name, text in refused.items() if text} == {
        "table", "workload", "serializer", "label", "gc", "outcome", "detail", "path", "sessions",
    }  # fmt: skip


def test_the_names_of_columns_do_not_depend_on_what_was_measured(result: Result, full: Result) -> None:
    short, long = (csv_report(each).splitlines()[0].split(",") for each in (result, full))

    assert short == [name for name in long if not name.startswith(("zlib", "zstd"))]
    assert len(set(long)) == len(long)


def test_no_cell_is_a_formula(result: Result) -> None:
    rude = replace(result.cases[2], label="=1+1", detail="@SUM(1)\nand a line", outcome=Outcome.FAILED)

    row = _rows(replace(result, cases=(rude,)))[0]

    assert (row["label"], row["detail"]) == ("'=1+1", "'@SUM(1)\nand a line")
