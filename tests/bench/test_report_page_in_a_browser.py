"""The page in Chromium, opened from a file: it fits, sorts, filters, calculates, and asks no network."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from chromium import DESKTOP, TELEPHONE, Chromium
from selenium.webdriver.common.keys import Keys

from memcached_sessions.bench.reports import html_report
from memcached_sessions.bench.reports.model import Demand, best, combinations, cost
from memcached_sessions.bench.reports.rest_of_request import Rest
from memcached_sessions.bench.result import Result

IN_SCRIPT = {
    "requests_per_second": "requestsPerSecond",
    "write_share": "writeShare",
    "load_share": "loadShare",
    "megabits_per_second": "megabitsPerSecond",
    "round_trip": "roundTrip",
    "cpus": "cpus",
    "session_bytes": "sessionBytes",
    "rest": "rest",
}


@pytest.fixture(scope="module")
def page(full: Result, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the page of the full result."""
    path = tmp_path_factory.mktemp("page") / "report with a space & more.html"
    path.write_text(html_report(full), encoding="utf-8")
    return path.as_uri()


def _open(chromium: Chromium, page: str) -> None:
    chromium.open(page)
    _wait_for_charts(chromium)


def _wait_for_charts(chromium: Chromium) -> None:
    undrawn = """return [...document.querySelectorAll("figure:not([data-drawn=done])")]
                 .filter((each) => !each.closest("[hidden]")).length"""
    chromium.wait_until(lambda: chromium.driver.execute_script(undrawn) == 0)


def _column(chromium: Chromium, table: str, number: int) -> list[str]:
    cells = chromium.all(f"{table} tbody tr > :nth-child({number})")
    return [each.text for each in cells]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [TELEPHONE, DESKTOP])
def test_it_fits_and_has_no_fault(chromium: Chromium, page: str, width: int, scheme: str) -> None:
    """Also with everything shown and unfolded."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    chromium.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    chromium.resize(width)
    _open(chromium, page)
    chromium.keep_screenshot(f"report-{width}-{scheme}")
    assert chromium.width <= width

    chromium.driver.execute_script("for (const each of document.querySelectorAll('details')) each.open = true")
    chromium.wait_for("#workload option").click()
    _wait_for_charts(chromium)

    assert chromium.width <= width
    assert chromium.complaints == []
    assert chromium.all("figure svg")


def test_a_column_is_sorted_with_the_keyboard_up_and_down(chromium: Chromium, page: str) -> None:
    """By its numbers and not by its words; what has no figure stays last."""
    _open(chromium, page)
    table = "[aria-label='cart-objects: sizes and times'] table"
    button = chromium.wait_for(f"{table} th:nth-child(4) button")
    heading = chromium.wait_for(f"{table} th:nth-child(4)")

    button.send_keys(Keys.ENTER)
    upwards = _column(chromium, table, 4)
    assert heading.get_attribute("aria-sort") == "ascending"
    button.send_keys(Keys.SPACE)
    downwards = _column(chromium, table, 4)

    assert heading.get_attribute("aria-sort") == "descending"
    assert upwards[:8] == ["12.0", "24.0", "24.0", "48.0", "60.0", "72.0", "78.0", "1,200"]
    assert downwards[:8] == ["1,200", "78.0", "72.0", "60.0", "48.0", "24.0", "24.0", "12.0"]
    assert _column(chromium, table, 1)[-3:] == ["json", chromium.all(f"{table} tbody th")[-2].text, "crashing"]
    chromium.wait_for(f"{table} th:first-child button").send_keys(Keys.ENTER)
    assert heading.get_attribute("aria-sort") == "none"
    names = _column(chromium, table, 1)
    assert names[:3] == ["bare-orjson *", "bare-pickle", "cbor *"]


def test_one_workload_is_shown_or_all_with_or_without_what_is_there_to_compare(chromium: Chromium, page: str) -> None:
    """The first is chosen when the page opens."""

    def shown() -> list[str]:
        return [each.get_attribute("data-workload") for each in chromium.all(".workload") if each.is_displayed()]

    _open(chromium, page)
    assert shown() == ["cart-objects"]
    chromium.all("#workload option")[0].click()
    assert shown() == ["cart-objects", "login", "population"]
    chromium.all("#workload option")[2].click()
    assert shown() == ["login"]

    rows = chromium.all("[aria-label='login: sizes and times'] tr.reference")
    assert all(each.is_displayed() for each in rows)
    chromium.wait_for("#references").send_keys(Keys.SPACE)
    assert rows
    assert not any(each.is_displayed() for each in rows)


def test_the_calculator_names_the_winner_and_the_limit(chromium: Chromium, page: str) -> None:
    """On a wide network it is the fastest, on a narrow one whatever is smallest."""
    _open(chromium, page)
    winner = chromium.wait_for("#winner:not(:empty)")
    chromium.type("#bandwidth", "10000")
    assert winner.text.startswith("Best: compact adds ")
    assert "the limit is the CPU" in winner.text

    chromium.type("#bandwidth", "1")
    assert winner.text.startswith("Best: compact with zlib-6 carries most")
    assert "the limit is the network" in winner.text
    best_rows = [each.text.split()[:2] for each in chromium.all("#costs tr.best")]
    assert best_rows == [["compact", "zlib-6"], ["compact-portable", "zlib-6"]]

    chromium.type("#requests", "5")
    assert "adds" in winner.text
    chromium.type("#writes", "150")
    assert winner.text == "Something in the form is no number in its range."
    assert chromium.complaints == []


def test_the_calculator_follows_the_workload_that_is_shown(chromium: Chromium, page: str) -> None:
    """And can be asked for another one."""
    _open(chromium, page)
    before = chromium.wait_for("#winner").text
    chromium.all("#workload option")[2].click()

    assert chromium.wait_for("#model-workload").get_attribute("value") == "login"
    assert chromium.wait_for("#winner").text != before


def test_the_page_and_the_model_compute_the_same_numbers(chromium: Chromium, page: str, full: Result) -> None:
    """For every combination of every workload, under demands of every kind."""
    chromium.open(page)
    demands = [
        Demand(1_000, 0.3, 1.0, 1_000, 0.0005, 2, rest=Rest(1e-5, 2e-4, 3e-4)),
        Demand(1_000_000, 1.0, 0.0, 10, 0.02, 64, 100_000),
        Demand(0, 0.0, 0.05, 100, 0.0, 0.5, 10),
    ]
    for workload in ("login", "cart-objects", "population"):
        for demand in demands:
            expected = [cost(each, demand) for each in combinations(full, workload)]
            asked = {IN_SCRIPT[name]: value for name, value in asdict(demand).items() if value is not None}
            found: dict[str, Any] = chromium.driver.execute_script(
                """const costs = sessionBench.combinations[arguments[0]].map((e) => sessionBench.cost(e, arguments[1]));
                return {costs, best: sessionBench.best(costs).map((e) => costs.indexOf(e))}""",
                workload,
                asked,
            )
            for mine, theirs in zip(expected, found["costs"], strict=True):
                assert theirs["combination"] == asdict(mine.combination)
                assert (theirs["limit"], theirs["carries"]) == (mine.limit, mine.carries)
                names = {"cpu": "cpu", "bytes": "bytes", "latency": "latency", "capacity": "capacity",
                         "cpu_limit": "cpuLimit", "network_limit": "networkLimit"}  # fmt: skip
                for name, in_script in names.items():
                    assert theirs[in_script] == pytest.approx(getattr(mine, name), rel=1e-12)
            assert [expected[number] for number in found["best"]] == best(expected)


def test_the_network_is_forbidden_and_not_asked(chromium: Chromium, page: str) -> None:
    """The policy refuses a request before it leaves; the page itself makes none."""
    _open(chromium, page)

    loaded = chromium.driver.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
    refused = chromium.driver.execute_async_script(
        """const done = arguments[0];
        document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective));
        fetch("http://127.0.0.1:9/").catch(() => {});"""
    )

    assert [name for name in loaded if not name.startswith("data:")] == []
    assert refused == "connect-src"


def test_what_a_plugin_says_is_shown_as_it_is(chromium: Chromium, page: str, full: Result) -> None:
    """Nothing of it became an element or ran."""
    _open(chromium, page)
    rude = next(case for case in full.cases if case.label.startswith("lying"))

    row = next(each for each in chromium.all(".workload tbody tr") if each.text.startswith("lying"))

    assert rude.label in row.get_attribute("textContent")
    assert rude.detail in row.get_attribute("textContent")
    assert chromium.all("img") == []


def test_without_scripts_the_tables_are_there_to_read(chromium: Chromium, page: str) -> None:
    """And nothing that needs scripts stands there to be pressed."""
    chromium.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    chromium.open(page)

    assert all(each.is_displayed() for each in chromium.all(".workload"))
    assert not any(each.is_displayed() for each in chromium.all(".filters, .calculator"))


def test_a_chart_that_cannot_be_drawn_would_be_noticed(chromium: Chromium, tmp_path: Path, full: Result) -> None:
    """It is a complaint of the browser."""
    broken = tmp_path / "broken.html"
    broken.write_text(html_report(full).replace('"type": "bar"', '"type": "no such mark"'), encoding="utf-8")

    chromium.open(broken.as_uri())
    chromium.wait_until(lambda: chromium.complaints)


def test_without_the_rest_of_a_request_only_the_serializers_share_is_told(chromium: Chromium, page: str) -> None:
    """No capacity, and nothing is carried."""
    _open(chromium, page)
    assert "could carry" in chromium.wait_for("#winner:not(:empty)").text

    chromium.wait_for("#rest-save").send_keys(Keys.CONTROL + "a", Keys.BACKSPACE)

    said = chromium.wait_for("#winner").text
    assert said.startswith("The serializer's share only")
    assert "carry" not in said
    assert set(_column(chromium, "#costs", 9)) == set(_column(chromium, "#costs", 6)) == {"-"}


def test_without_bare_pickle_a_session_keeps_its_size(chromium: Chromium, tmp_path: Path, full: Result) -> None:
    """Its field says what it needs."""
    cases = tuple(replace(case, storage=None) for case in full.cases if case.label != "bare-pickle")
    path = tmp_path / "without.html"
    path.write_text(html_report(replace(full, cases=cases)), encoding="utf-8")

    _open(chromium, path.as_uri())

    assert not chromium.wait_for("#size").is_enabled()
    assert chromium.wait_for("#size").get_attribute("placeholder") == "needs bare-pickle"
    assert "What is around the payload on the line was not measured" in chromium.wait_for("#winner").text


def test_charts_are_as_wide_as_the_page_and_names_are_whole(chromium: Chromium, page: str) -> None:
    """On a telephone."""
    chromium.resize(TELEPHONE)
    _open(chromium, page)

    cut = """return [...document.querySelectorAll("figure svg, tbody th")].filter((each) => each.checkVisibility()
             && (each.scrollWidth > each.clientWidth + 1 || each.getBoundingClientRect().width > innerWidth))
             .map((each) => each.textContent)"""
    assert chromium.driver.execute_script(cut) == []
