"""Reports, from a result made by hand."""

from dataclasses import replace

import pytest

from memcached_sessions.bench.reports import limited_to, markdown_report, terminal_report
from memcached_sessions.bench.reports.overhead import excesses, within_limits
from memcached_sessions.bench.result import CaseResult, Result, SerializerFacts, StoreFacts


def _line(report: str, start: str) -> str:
    return next(line for line in report.splitlines() if line.lstrip("| ").startswith(start))


def test_a_row_has_size_times_and_ratios(result: Result) -> None:
    row = _line(terminal_report(result), "msgpack *")
    figures = "2,910 1.31 21.0 11.0 99.0 2.00 (1.90-2.10) tie (0.99-1.10) 0.50 (0.40-0.60)"

    assert " ".join(row.split()) == f"msgpack * {figures}"


def test_what_is_not_verified_has_its_reason_in_place_of_figures(result: Result) -> None:
    report = terminal_report(result)

    assert _line(report, "json").endswith("  refused: cart.items[3].price: Money is not registered")
    assert _line(report, "lying").endswith("  not faithful: cart.items[0].size: tuple became list")
    assert _line(report, "crashing").endswith("  failed: KeyError: 'x'")


def test_the_row_that_the_project_is_about_comes_first(result: Result) -> None:
    report = terminal_report(result)

    assert report.index("cart-objects\n===") < report.index("login\n===")


def test_the_baseline_is_not_compared_with_itself(result: Result) -> None:
    assert _line(terminal_report(result), "bare-pickle ").count("baseline") == 4


def test_broken_plugins_are_listed_with_the_reason(result: Result) -> None:
    assert "- rotten of rotten-plugin: ImportError: no module called librotten" in terminal_report(result)


def test_the_head_says_when_where_and_what_the_interval_means(result: Result) -> None:
    head = terminal_report(result).split("\n\n")[0].replace("\n", " ")

    for fact in ("2026-11-22", "A processor", "8 GiB", "3.11.7", "orjson 3.13.0", "memcached 1.6.18", "15", "99.0 %"):
        assert fact in head


def test_a_result_that_was_measured_in_another_way_says_how(result: Result) -> None:
    other = replace(result, method="Times are medians of something else.", passes=1, confidence=0.0)
    head = terminal_report(other).split("\n\n")[0].replace("\n", " ")

    assert "Times are medians of something else. A tie: the interval reaches within 3 % of 1." in head
    assert "worker processes" not in head
    assert "few passes" not in head


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


def test_figures_that_a_verified_row_lacks_are_named_with_the_reason(result: Result) -> None:
    crashed = [replace(case, unmeasured={"memory": "the process ended by SIGABRT"}) for case in result.cases[:1]]

    report = terminal_report(replace(result, cases=(*crashed, *result.cases[1:])))

    label, workload = crashed[0].label, crashed[0].workload
    assert f"{label} has no figures for memory on {workload}: the process ended by SIGABRT" in report


def test_the_reason_for_an_overhead_is_made_of_the_facts_of_its_row(result: Result) -> None:
    (excess,) = excesses(result)

    assert str(excess) == (
        "cart-objects, msgpack dumps +577 %: the library's own call takes 3.10 of 21.0 µs; the pass that finds what "
        "the library would change looks at 93 values, 48 of them through a converter, 0.19 µs a value"
    )
    assert str(excess) in terminal_report(result, details=True).replace("\n  ", " ")


def test_what_is_within_its_limit_needs_no_reason(result: Result) -> None:
    small = replace(result.cases[1], overhead_dumps=result.cases[1].overhead_loads)
    within = replace(result, cases=(small,))

    assert excesses(within) == []
    assert within_limits(within) == ["cart-objects, msgpack"]
    assert "Within: cart-objects, msgpack." in terminal_report(within, details=True)


def test_markdown_has_the_same_rows_and_escapes_what_it_would_read_as_marks(result: Result) -> None:
    report = markdown_report(result)

    assert "## cart-objects" in report
    assert r"| msgpack \* | 2,910 | 1.31 | 21.0 | 11.0 | 99.0 | 2.00 (1.90-2.10) | tie (0.99-1.10) |" in report
    assert r"| json | refused: cart.items\[3].price: Money is not registered |" in report


def test_a_result_without_cases_still_has_a_report(result: Result) -> None:
    assert "memcached 1.6.18" in terminal_report(replace(result, cases=()))


def test_a_terminal_of_120_columns_is_wide_enough_for_every_line(full: Result) -> None:
    report = terminal_report(full, details=True)

    assert max(map(len, report.splitlines())) <= 120


def test_what_a_plugin_says_cannot_move_the_cursor_or_break_a_line(result: Result) -> None:
    rude = replace(result.cases[2], label="ru\x1b[2Jde", detail="\x1b[31mred\u2028\r\nlines")

    report = terminal_report(replace(result, cases=(*result.cases, rude)))

    assert _line(report, "ru").split() == ["ru�[2Jde", "refused:", "cart.items[3].price:", "�[31mred���lines"]


def test_markdown_keeps_a_cell_in_its_line(full: Result) -> None:
    tables = [line for line in markdown_report(full).splitlines() if line.startswith("|")]

    assert tables
    assert all(line.endswith("|") for line in tables)
    assert any(r"\| \*stars\*" in line for line in tables)


def test_rows_of_both_states_of_the_collector_say_which(full: Result) -> None:
    report = terminal_report(full)

    assert _line(report, "compact, gc on").split()[3:5] == ["200", "0.50"]
    assert _line(report, "compact, gc off").split()[3:5] == ["200", "0.50"]
    assert "pickle, gc" not in report[: report.index("login\n===")]


def test_figures_of_a_population_are_those_of_one_session(full: Result) -> None:
    population = terminal_report(full)[terminal_report(full).index("population\n===") :]

    assert "100 sessions, figures are for one of them" in population
    assert _line(population, "compact ").split()[1] == "1,500"


def test_only_details_have_the_further_measures(full: Result) -> None:
    short, long = terminal_report(full), terminal_report(full, details=True)

    for title in ("in the session manager", "compressed\n", "in memcached, and in memory", "Overhead over"):
        assert title not in short.partition("cart-objects\n")[2]
        assert title in long


@pytest.mark.parametrize(
    ("start", "row"),
    [
        ("cart-objects: in the session", "compact 30.0 34.0 25.0 32.0 12.0 +100 % 13.5 +100 % 1.80"),
        ("cart-objects: compressed", "compact zlib-6 1,350 0.45 120 27.0 90 180"),
        ("cart-objects: in memcached", "compact 3,120 3,190 3,170 12 3,800 178,956 336 9,000 27,000"),
        ("cart-objects: end to end", "compact threads 1 4,449 4,315-4,582 2,000 0.20 0.40 0.60 0.90 -"),
        ("Start-up\n", "compact 75.0 0.20 0.10"),
        ("Fidelity\n", "cbor 5 1 1 - - - -"),
        ("Fidelity\n", "bare-orjson 5 - - - 1 1 tuple, NaN"),
        ("Hostile bytes\n", "slow-plugin 2 - 1 - 1 1 - - 0.20 depth, truncation and 1 more"),
        ("Sessions of yesterday", "cbor 2 1 - - class renamed"),
    ],
)
def test_every_measure_has_its_table(full: Result, start: str, row: str) -> None:
    report = terminal_report(full, details=True)
    lines = [" ".join(line.split()) for line in report[report.index(start) :].splitlines()]

    assert row in lines


def test_a_short_report_has_requests_only_where_most_were_under_way(full: Result) -> None:
    short = terminal_report(full)
    lines = [line.split()[:3] for line in short[short.index("end to end\n===") :].splitlines()]

    assert [line[1:] for line in lines if line[:1] == ["compact"]][:2] == [["threads", "16"], ["asyncio", "16"]]


def test_a_percentile_needs_more_requests_than_it_is_slower_than(full: Result) -> None:
    few = replace(full, end_to_end=tuple(replace(each, requests=999, rounds=3) for each in full.end_to_end))
    report = terminal_report(few, details=True)

    assert _line(report[report.index("end to end\n===") :], "compact ").split()[4:] == (
        ["4,315-4,582", "999", "0.20", "0.40", "0.60", "-", "-"]
    )
    assert "     range of  " in report
    assert "     3 rounds  " in report


def test_a_single_session_has_no_size_from_which_on_compressing_pays(full: Result) -> None:
    def single(case: CaseResult) -> CaseResult:
        return replace(case, compressed=tuple(replace(each, break_even=None) for each in case.compressed))

    report = terminal_report(replace(full, cases=tuple(map(single, full.cases))), details=True)

    assert "maller from" in terminal_report(full, details=True)
    assert "maller from" not in report
    assert "Mbit/s" in report


def test_compressing_that_makes_larger_pays_at_no_speed(full: Result) -> None:
    larger = replace(full.cases[0].compressed[0], bytes=10**6)
    report = terminal_report(replace(full, cases=(replace(full.cases[0], compressed=(larger,)),)), details=True)

    assert _line(report[report.index("compressed\n---") :], "bare-pickle").split()[-2:] == ["-", "180"]


def test_the_head_says_how_the_garbage_collector_was(full: Result, result: Result) -> None:
    off = replace(result, cases=tuple(replace(case, gc="disabled") for case in result.cases))

    assert "garbage collector while time is taken: on\n" in terminal_report(result)
    assert "garbage collector while time is taken: off\n" in terminal_report(off)
    assert "garbage collector while time is taken: on and off, as rows say\n" in terminal_report(full)
    assert "garbage collector" not in terminal_report(replace(result, method="by others"))


def test_payloads_of_another_size_in_every_process_are_named(result: Result) -> None:
    varying = replace(result.cases[0], varying="10 to 12 bytes for a session, from process to process")

    report = terminal_report(replace(result, cases=(varying, *result.cases[1:])))

    assert "- login, bare-pickle: 10 to 12 bytes for a session, from process to process" in report
    assert "another size" not in terminal_report(result)


def test_a_report_can_be_limited_to_workloads(full: Result) -> None:
    limited = terminal_report(limited_to(full, ["login"]), details=True)

    assert "login\n=====" in limited
    assert "cart-objects" not in limited
    assert "Start-up\n" in limited


def test_what_was_not_measured_has_no_table(result: Result) -> None:
    report = terminal_report(result, details=True)

    for title in ("end to end", "Start-up", "Fidelity", "Hostile bytes", "yesterday", "compressed", "in memcached"):
        assert title not in report
