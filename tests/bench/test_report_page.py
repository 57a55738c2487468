"""The page as a file: nothing from outside, and nothing that a plug-in says is markup."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from made_result import HOSTILE_TEXT

from memcached_sessions.bench.reports import html_report
from memcached_sessions.bench.reports.glossary import glossary
from memcached_sessions.bench.reports.hostile_times import hostile_times_table
from memcached_sessions.bench.reports.rendering import Lines, Table
from memcached_sessions.bench.reports.unseen_memory import MARK, PEAK, WHY, is_unseen, with_unseen_memory
from memcached_sessions.bench.reports.workload_tables import storage_blocks
from memcached_sessions.bench.result import Result


class _Elements(HTMLParser):
    """Every element with its attributes, and what stands in scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attributes = self.found[-1] if self.found else ("", {})
        if tag in ("script", "style") and self.cdata_elem:
            self.raw.append((tag, attributes, data))
        else:
            self.text += data

    def joined(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        parts: dict[int, tuple[dict[str, str | None], str]] = {}
        for name, attributes, data in self.raw:
            if name == tag:
                before = parts.get(id(attributes), (attributes, ""))[1]
                parts[id(attributes)] = (attributes, before + data)
        return list(parts.values())


@pytest.fixture(scope="module")
def page(full: Result) -> str:
    """The page of the full result."""
    return html_report(full)


@pytest.fixture(scope="module")
def elements(page: str) -> _Elements:
    """What is in it."""
    return _Elements(page)


def test_nothing_is_loaded_from_anywhere(elements: _Elements) -> None:
    for tag, attributes in elements.found:
        assert "src" not in attributes, tag
        assert not {name for name in attributes if name.startswith("on") or name == "style"}, tag
        if (target := attributes.get("href")) is not None:
            assert target.startswith("#") or (tag, target) == ("link", "data:,")


def test_the_policy_allows_the_scripts_and_the_style_of_the_page_and_nothing_else(elements: _Elements) -> None:
    (policy,) = (
        attributes["content"]
        for tag, attributes in elements.found
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy
    rules = {name: sources for name, _, sources in (rule.strip().partition(" ") for rule in policy.split(";"))}
    assert (rules["default-src"], rules["base-uri"], rules["form-action"]) == ("'none'",) * 3
    assert set(rules) == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}
    scripts = [text for attributes, text in elements.joined("script") if "type" not in attributes]
    styles = [text for _, text in elements.joined("style")]
    assert set(rules["script-src"].split()) == {_source(text) for text in scripts}
    assert set(rules["style-src"].split()) == {_source(text) for text in styles}


def test_what_a_plugin_says_is_text_and_data_and_never_markup(page: str, elements: _Elements) -> None:
    assert not [tag for tag, _ in elements.found if tag == "img"]
    assert HOSTILE_TEXT in elements.text
    assert page.count("</script") == len(elements.joined("script"))


def test_the_data_for_the_scripts_can_be_read(elements: _Elements) -> None:
    data = {
        attributes["id"]: json.loads(text)
        for attributes, text in elements.joined("script")
        if attributes.get("type") == "application/json"
    }

    assert set(data) == {"charts-data", "model-data"}
    assert set(data["model-data"]) == {"login", "cart-objects", "population"}


def test_headings_go_down_one_level_at_a_time(elements: _Elements) -> None:
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h[1-6]", tag)]

    assert levels[0] == 1
    assert all(lower - higher <= 1 for higher, lower in pairwise(levels))


def test_every_figure_names_a_chart_that_is_there(page: str, elements: _Elements) -> None:
    named = [attributes["data-chart"] for tag, attributes in elements.found if tag == "figure"]

    assert named
    assert all(f'"{name}": ' in page for name in named)


def test_the_page_has_the_claims_and_what_the_warnings_come_of(page: str, full: Result) -> None:
    varying = replace(full.cases[2], varying="10 to 12 bytes for a session, from process to process")

    assert '<section id="claims">' in page
    assert '<section id="noise">' in page
    assert "those of one process; 10 to 12 bytes" in html_report(replace(full, cases=(varying, *full.cases)))


def test_links_lead_to_parts_that_are_there(result: Result) -> None:
    elements = _Elements(html_report(result))
    ids = {attributes.get("id") for _, attributes in elements.found}

    assert {attributes["href"].lstrip("#") for tag, attributes in elements.found if tag == "a"} <= ids
    assert "fidelity" not in ids


def test_links_lead_to_every_part_that_has_a_heading(elements: _Elements) -> None:
    links = {attributes["href"] for tag, attributes in elements.found if tag == "a"}

    assert {"#evolution", "#broken", "#overhead"} < links


def test_the_words_of_a_table_are_explained_beside_it(full: Result) -> None:
    words = " ".join(glossary(full, "cart-objects").items)

    for word in (
        "bare-pickle: ",
        "0.5 takes twice as long",
        "*: objects that the session shares",
        "bare-orjson: ",
        "loads by the floor's: ",
    ):
        assert word in words
    compact = next(case for case in full.cases if (case.workload, case.label) == ("cart-objects", "compact"))
    portable = replace(compact, label="compact-portable", options={"implementation": "portable"})
    with_options = replace(portable, label="compact-7", options={"level": 7})
    shown = glossary(replace(full, cases=(portable, with_options)), "cart-objects").items
    assert "compact-portable: compact compiled, through public interfaces of CPython only" in shown
    assert "compact-7: compact with level=7" in shown


def test_peaks_of_which_only_the_result_is_seen_are_marked_with_the_reason(full: Result) -> None:
    blocks = list(with_unseen_memory(full, "cart-objects", storage_blocks(full, "cart-objects")))

    table = next(block for block in blocks if isinstance(block, Table))
    column = table.headings.index(PEAK)
    marked = {row.cells[0] for row in table.rows if row.cells[column].endswith(MARK)}
    assert marked == {"compact", "compact-portable", "cbor *"}
    assert blocks[-1] == Lines((WHY,))


def test_compact_in_python_alone_hides_no_memory(full: Result) -> None:
    compact = next(case for case in full.cases if case.label == "compact")

    assert is_unseen(full, compact)
    assert not is_unseen(full, replace(compact, options={"implementation": "python"}))


def test_the_seconds_of_every_attack_are_in_a_table(full: Result) -> None:
    table = hostile_times_table(full)
    rows = {row.cells[0]: dict(zip(table.headings[1:], row.cells[1:], strict=True)) for row in table.rows}

    assert rows["truncation"]["compact"] == "0.20"
    assert (rows["depth"]["slow-plugin"], rows["bit flips"]["slow-plugin"]) == ("crash", "time")
    assert rows["code execution"]["bare-orjson"] == "-"


def test_refused_attacks_are_in_the_words_too(elements: _Elements, full: Result) -> None:
    assert f"All {len(full.hostile)}, in words" in elements.text


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
