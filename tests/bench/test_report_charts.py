"""Charts: that Vega-Lite draws each, what is on the line of the best, and what the grids say without colour."""

import re
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from memcached_sessions.bench.reports import ChartsMissingError, charts, html_report, svg
from memcached_sessions.bench.reports.grids import DEFENCES, FATES
from memcached_sessions.bench.reports.pareto import points
from memcached_sessions.bench.result import Defence, Fate, Result

NAMES = (
    "pareto-cart-objects", "times-cart-objects", "compression-cart-objects", "end-to-end-cart-objects", "start-up",
    "fidelity", "hostile", "evolution",
)  # fmt: skip


def test_a_full_result_has_all_charts(full: Result) -> None:
    assert set(NAMES) < set(charts(full))


def test_what_was_not_measured_has_no_chart(result: Result) -> None:
    assert set(charts(result)) == {"times-cart-objects"}


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_can_be_drawn_and_is_well_formed(full: Result, name: str) -> None:
    drawn = ElementTree.fromstring(svg(charts(full)[name]))  # noqa: S314 - made here

    words = " ".join(each.text or "" for each in drawn.iter("{http://www.w3.org/2000/svg}text"))
    assert "compact" in words


def test_the_line_holds_what_nothing_beats_in_size_and_speed(full: Result) -> None:
    kinds = {point.name: point.kind for point in points(full, "cart-objects")}

    assert kinds["compact"] == "best for its size"
    assert kinds["compact-portable"] == kinds["msgpack *"] == "behind"
    assert kinds["bare-pickle"] == "to compare with"


def test_times_are_points_on_a_logarithmic_scale_so_that_slow_rows_leave_the_others_their_room(full: Result) -> None:
    chart = charts(full)["times-cart-objects"]

    assert "slow-plugin *" in {point["name"] for point in chart["data"]["values"]}
    marks, *_ = chart["layer"]
    assert (marks["mark"]["type"], marks["encoding"]["x"]["scale"]["type"]) == ("point", "log")
    assert "zero" not in marks["encoding"]["x"]["scale"]


def test_bars_begin_at_zero(full: Result) -> None:
    for name in ("compression-cart-objects", "end-to-end-cart-objects", "start-up"):
        assert charts(full)[name]["layer"][0]["encoding"]["x"]["scale"] == {"zero": True}


def test_names_of_charts_can_be_names_of_files_whatever_workloads_are_called(full: Result) -> None:
    def renamed(name: str) -> str:
        return {"login": "../a b", "population": "../a/b"}.get(name, name)

    odd = replace(full, cases=tuple(replace(case, workload=renamed(case.workload)) for case in full.cases))

    names = [name for name in charts(odd) if name.startswith("times-")]
    assert len(names) == 3
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)


@pytest.mark.parametrize(("marks", "outcomes"), [(FATES, Fate), (DEFENCES, Defence)])
def test_every_outcome_has_a_sign_and_a_colour_of_its_own(marks: dict, outcomes: type) -> None:
    assert set(marks) == {each.value for each in outcomes}
    assert len({mark.sign for mark in marks.values()}) == len({mark.color for mark in marks.values()}) == len(marks)


@pytest.mark.parametrize("mark", [*FATES.values(), *DEFENCES.values()])
def test_every_sign_can_be_read_on_its_colour(mark) -> None:
    def luminance(color: str) -> float:
        parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(mark.color), luminance(mark.ink)))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_without_the_library_an_error_says_what_to_install(full: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)

    for draw in (html_report, lambda result: svg(charts(result)["start-up"])):
        with pytest.raises(ChartsMissingError, match=r"pip install 'memcached-sessions\[bench\]'"):
            draw(full)
