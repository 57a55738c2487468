"""The file of pytest-benchmark, made by hand: what becomes of odd rows. What it writes itself is in test_suite.py."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memcached_sessions.bench.benchmark_file import read_any
from memcached_sessions.bench.reports import csv_report, html_report, markdown_report, terminal_report
from memcached_sessions.bench.result_file import ResultFileError

Rows = list[dict[str, Any]]
Written = Callable[[Rows], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Return a function that writes a file with these rows."""

    def write(rows: Rows) -> Path:
        data = {
            "machine_info": {
                "cpu": {"brand_raw": "A processor", "count": 2},
                "system": "Linux",
                "machine": "x86_64",
                "python_version": "3.11.2",
                "python_implementation": "CPython",
            },
            "benchmarks": rows,
            "datetime": "2026-11-25T13:00:00+00:00",
            "version": "5.2.3",
        }
        path = tmp_path / "rows.json"
        path.write_text(json.dumps(data))
        return path

    return write


def _row(name: str, median: float = 2e-6, *, group: str | None = None, **facts: object) -> dict[str, Any]:
    stats = {"median": median, "q1": median, "q3": median, "total": 0.5}
    return {"group": group, "name": name, "fullname": f"a/{name}", "extra_info": facts, "stats": stats}


def _ours(label: str, median: float = 2e-6, **facts: object) -> dict[str, Any]:
    known = {"workload": "login", "serializer": label, "label": label, "operation": "dumps", "payload_bytes": 100}
    return _row(f"test_dumps[login-{label}]", median, group="login / dumps", **(known | facts))


def test_rows_have_ratios_to_the_baseline(written: Written) -> None:
    baseline, fast = read_any(written([_ours("bare-pickle", 4e-6), _ours("fast", 1e-6)])).cases

    assert baseline.ratio.dumps is not None
    assert baseline.ratio.dumps.median == 1
    assert fast.ratio.dumps is not None
    assert fast.ratio.dumps.median == pytest.approx(4)


def test_a_time_that_the_clock_did_not_see_has_no_ratio_and_harms_no_report(written: Written) -> None:
    result = read_any(written([_ours("bare-pickle"), _ours("instant", 0.0)]))

    assert result.cases[1].ratio.dumps is None
    for report in (terminal_report, markdown_report, csv_report, html_report):
        assert "instant" in report(result)


def test_rows_of_one_name_are_told_by_their_file(written: Written) -> None:
    twice = [_row("test_sum"), {**_row("test_sum", 3e-6), "fullname": "b/test_sum"}]

    result = read_any(written([*twice, _row("test_sum", group="theirs"), _row("test_max")]))

    assert [(case.workload, case.label) for case in result.cases] == [
        ("benchmarks", "a/test_sum"),
        ("benchmarks", "b/test_sum"),
        ("theirs", "test_sum"),
        ("benchmarks", "test_max"),
    ]


def test_a_row_never_takes_the_place_of_another(written: Written) -> None:
    with pytest.raises(ResultFileError, match="two rows are login, json dumps"):
        read_any(written([_ours("json"), _ours("json", 3e-6)]))


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        ({"sessions": 0}, "login, json has 0 sessions"),
        ({"sessions": "many"}, "login, json has 'many' sessions"),
        ({"sessions": 10**400}, "OverflowError"),
        ({"median": -1e-6}, "took less than no time"),
        ({"median": float("nan")}, "should be a finite number, not NaN"),
        ({"median": float("inf")}, "should be a finite number, not Infinity"),
        ({"payload_bytes": "many"}, "bytes should be of type int"),
        ({"workload": 7}, "damaged .result.workloads.0..name should be of type str"),
        ({"operation": "dance"}, "'dance' is not a valid Operation"),
    ],
)
def test_what_cannot_be_is_an_error_with_its_place(written: Written, facts: dict[str, Any], complaint: str) -> None:
    path = written([_ours("json", **facts)])

    with pytest.raises(ResultFileError, match=complaint) as refused:
        read_any(path)

    assert str(refused.value).startswith(str(path))
    assert str(refused.value).endswith("write it again with --benchmark-json")


def test_a_file_that_is_too_deep_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000)

    with pytest.raises(ResultFileError, match="is no JSON"):
        read_any(path)
