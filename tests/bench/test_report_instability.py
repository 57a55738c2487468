"""Warnings about figures that are not steady."""

from dataclasses import replace

from memcached_sessions.bench.intervals import Estimate
from memcached_sessions.bench.reports import markdown_report, terminal_report
from memcached_sessions.bench.reports.instability import instability
from memcached_sessions.bench.result import Noise, Result


def _with_samples(result: Result, *samples: float) -> Result:
    first, *others = result.cases
    return replace(result, cases=(replace(first, samples={"loads": samples}), *others))


def _noisy(result: Result) -> Result:
    same = Estimate(1.0, 0.99, 1.01)
    noise = Noise("login", "enabled", same, Estimate(0.8, 0.7, 1.3), same)
    return replace(result, noise=(noise,), tie_band={"loads": 0.25})


def test_steady_figures_have_no_warning(result: Result) -> None:
    assert instability(_with_samples(result, *[1e-6] * 14, 1.05e-6)) == []


def test_worker_processes_that_differ_are_named(result: Result) -> None:
    (line,) = instability(_with_samples(result, 0.7, 0.8, 1.0, 1.2, 1.3))

    assert line == (
        "unsteady: in 1 of 1 figures half of the worker processes are 10 % or more off the median, most in login, "
        "bare-pickle loads: 20 %"
    )


def test_a_single_process_far_off_moves_no_median_and_is_no_warning(result: Result) -> None:
    assert instability(_with_samples(result, *[1.0] * 4, 30.0)) == []


def test_details_name_the_least_steady_figures(result: Result) -> None:
    report = terminal_report(_with_samples(result, 0.7, 0.8, 1.0, 1.2, 30.0), details=True)
    lines = [" ".join(line.split()) for line in report[report.index("Least steady figures") :].splitlines()]

    assert "login bare-pickle loads 20 % 30.0 times" in lines


def test_one_process_says_nothing_about_others(result: Result) -> None:
    assert instability(_with_samples(result, 1.0)) == []


def test_too_few_passes_for_an_interval_are_said(result: Result) -> None:
    (line,) = instability(replace(result, passes=5, confidence=0.0))

    assert line.startswith("few passes: with 5 the interval of a figure is the whole range of what was seen")


def test_too_few_passes_for_all_intervals_together_are_said(result: Result) -> None:
    (line,) = instability(replace(result, passes=9, confidence=0.4))

    assert "hold together with only 40.0 %" in line


def test_how_many_passes_others_took_is_not_judged(result: Result) -> None:
    assert instability(replace(result, method="by others", passes=1, confidence=0.0)) == []


def test_a_serializer_that_is_far_from_itself_is_said_however_wide_ties_are(result: Result) -> None:
    (line,) = instability(_noisy(result))

    assert line == (
        "noisy machine: one serializer under two names came out more than 3 % apart in 1 of 3 comparisons, most in "
        "login, loads: 25.0 %; ties are as wide"
    )


def test_details_have_the_comparisons_of_a_serializer_with_itself(result: Result) -> None:
    assert "| login, gc on | 1.000 (0.990-1.010) | 0.800 (0.700-1.300) |" in markdown_report(_noisy(result))
    assert "Noise\n=====" not in terminal_report(_noisy(result))


def test_a_workload_on_which_noise_was_not_measured_is_named(full: Result) -> None:
    """The baseline's twin failed there, or the baseline itself."""
    fewer = tuple(each for each in full.noise if each.workload != "population")

    assert not any("noise unknown" in line for line in instability(full))
    (line,) = (line for line in instability(replace(full, noise=fewer)) if "noise unknown" in line)
    assert line.startswith("noise unknown: on population (gc enabled) bare-pickle was not timed under two names")


def test_every_report_shows_the_warnings_first(result: Result) -> None:
    noisy = _noisy(result)

    for report in (terminal_report(noisy), markdown_report(noisy)):
        assert report.startswith("noisy machine:")
