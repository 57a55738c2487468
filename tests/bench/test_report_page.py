"""The page as a file: nothing from outside, and nothing that a plug-in says is markup."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from made_result import HOSTILE_TEXT

from memcached_sessions.bench.reports import html_report
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


def test_links_lead_to_parts_that_are_there(result: Result) -> None:
    elements = _Elements(html_report(result))
    ids = {attributes.get("id") for _, attributes in elements.found}

    assert {attributes["href"].lstrip("#") for tag, attributes in elements.found if tag == "a"} <= ids
    assert "fidelity" not in ids


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
