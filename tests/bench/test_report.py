"""Reports, from a result made by hand."""

from dataclasses import replace

import pytest

from memcached_sessions.bench.reports import markdown_report, terminal_report
from memcached_sessions.bench.reports.overhead import excesses, within_limits
from memcached_sessions.bench.result import Result, SerializerFacts, StoreFacts


def _line(report: str, start: str) -> str:
    return next(line for line in report.splitlines() if line.lstrip("| ").startswith(start))


def test_a_row_has_size_times_ratios_and_overhead(result: Result) -> None:
    row = _line(terminal_report(result), "msgpack (copies)")
    figures = "2,910 21.0 11.0 99.0 2.00x (1.90-2.10) tie (0.99-1.10) 0.50x (0.40-0.60) 1.31 +577 % +10 %"

    assert " ".join(row.split()) == f"msgpack (copies) {figures}"


def test_what_is_not_verified_has_its_reason_in_place_of_figures(result: Result) -> None:
    report = terminal_report(result)

    assert _line(report, "json").endswith("  refused: cart.items[3].price: Money is not registered")
    assert _line(report, "lying").endswith("  not faithful: cart.items[0].size: tuple became list")
    assert _line(report, "crashing").endswith("  failed: KeyError: 'x'")


def test_the_row_that_the_project_is_about_comes_first(result: Result) -> None:
    report = terminal_report(result)

    assert report.index("cart-objects\n===") < report.index("login\n===")


def test_the_baseline_is_not_compared_with_itself(result: Result) -> None:
    assert _line(terminal_report(result), "bare-pickle").count("baseline") == 4


def test_broken_plugins_are_listed_with_the_reason(result: Result) -> None:
    assert "- rotten of rotten-plugin: ImportError: no module called librotten" in terminal_report(result)


def test_the_head_says_when_where_and_what_the_interval_means(result: Result) -> None:
    head = terminal_report(result).split("\n\n")[0]

    for fact in ("2026-11-22", "A processor", "8 GiB", "3.11.7", "orjson 3.13.0", "memcached 1.6.18", "15", "96.5 %"):
        assert fact in head


@pytest.mark.parametrize(
    ("implementation", "first"),
    [("python", "compact: pure Python, figures not comparable"), ("compiled", "2026-11-22")],
)
def test_the_first_line_says_that_compact_is_not_compiled(result: Result, implementation: str, first: str) -> None:
    compact = SerializerFacts("compact", "memcached-sessions", "0.1.0", implementation, None)

    report = terminal_report(replace(result, serializers=(*result.serializers, compact)))

    assert report.startswith(first)


def test_the_first_line_says_that_there_was_no_memcached(result: Result) -> None:
    report = terminal_report(replace(result, store=StoreFacts("memory", "")))

    assert report.splitlines()[0].startswith("no memcached on this machine")


def test_the_reason_for_an_overhead_is_made_of_the_facts_of_its_row(result: Result) -> None:
    (excess,) = excesses(result)

    assert str(excess) == (
        "cart-objects, msgpack dumps +577 %: the library's own call takes 3.10 of 21.0 µs; the pass that finds what "
        "the library would change looks at 93 values, 48 of them through a converter, 0.19 µs a value"
    )
    assert str(excess) in terminal_report(result)


def test_what_is_within_its_limit_needs_no_reason(result: Result) -> None:
    small = replace(result.cases[1], overhead_dumps=result.cases[1].overhead_loads)
    within = replace(result, cases=(small,))

    assert excesses(within) == []
    assert within_limits(within) == ["cart-objects, msgpack"]
    assert "Within: cart-objects, msgpack." in terminal_report(within)


def test_markdown_has_the_same_rows_and_escapes_what_it_would_read_as_marks(result: Result) -> None:
    report = markdown_report(result)

    assert "## cart-objects" in report
    assert "| msgpack (copies) | 2,910 | 21.0 | 11.0 | 99.0 | 2.00x (1.90-2.10) | tie (0.99-1.10) |" in report
    assert r"| json | refused: cart.items\[3].price: Money is not registered |" in report
    tables = [line for line in report.splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in tables} == {12}


def test_a_result_without_cases_still_has_a_report(result: Result) -> None:
    assert "memcached 1.6.18" in terminal_report(replace(result, cases=()))
