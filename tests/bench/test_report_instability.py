"""Warnings about figures that are not steady."""

from dataclasses import replace

from memcached_sessions.bench.intervals import Estimate
from memcached_sessions.bench.reports import markdown_report, terminal_report
from memcached_sessions.bench.reports.instability import instability
from memcached_sessions.bench.result import Noise, Result


def _with_samples(result: Result, *samples: float) -> Result:
    first, *others = result.cases
    return replace(result, cases=(replace(first, samples={"loads": samples}), *others))


def test_steady_figures_have_no_warning(result: Result) -> None:
    assert instability(_with_samples(result, *[1e-6] * 14, 1.05e-6)) == []


def test_worker_processes_that_differ_are_named(result: Result) -> None:
    (line,) = instability(_with_samples(result, 1.0, 1.3, 1.0, 1.3, 1.0))

    assert line == (
        "unsteady: in 1 of 1 measures the worker processes differ by 10 % of the median or more (standard deviation), "
        "most: login, bare-pickle loads 16 %"
    )


def test_a_single_process_far_off_is_an_outlier(result: Result) -> None:
    (line,) = instability(_with_samples(result, *[1.0] * 30, 1.5))

    assert line == (
        "outliers: in 1 of 1 measures a worker process is 50 % or more off the median, most: login, bare-pickle loads "
        "1.5 times the median"
    )


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


def test_a_tie_band_wider_than_its_floor_is_said(result: Result) -> None:
    (line,) = instability(replace(result, tie_band={"dumps": 0.03, "loads": 0.081}))

    assert line.startswith("noisy machine:")
    assert line.endswith("ties are wider than 3 %: loads 8.1 %")


def test_a_serializer_that_is_no_tie_with_itself_is_said(result: Result) -> None:
    same = Estimate(1.0, 0.99, 1.01)
    noise = Noise("login", "enabled", same, Estimate(1.2, 1.1, 1.3), same)

    (line,) = instability(replace(result, noise=(noise,), tie_band={"loads": 0.03}))

    assert "on login (gc enabled) one serializer under two names is no tie in loads: 1.200 (1.100-1.300)" in line


def test_a_workload_on_which_noise_was_not_measured_is_named(full: Result) -> None:
    """The baseline's twin failed there, or the baseline itself."""
    fewer = tuple(each for each in full.noise if each.workload != "population")

    assert not any("noise unknown" in line for line in instability(full))
    (line,) = (line for line in instability(replace(full, noise=fewer)) if "noise unknown" in line)
    assert line.startswith("noise unknown: on population (gc enabled) bare-pickle was not timed under two names")


def test_every_report_shows_the_warnings_first(result: Result) -> None:
    noisy = replace(result, tie_band={"loads": 0.081})

    for report in (terminal_report(noisy), markdown_report(noisy)):
        assert report.startswith("noisy machine:")
