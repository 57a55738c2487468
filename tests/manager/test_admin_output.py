"""What reaches a terminal: escaped texts, aligned tables, and values in bounded length."""

import ast
import enum
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.manager.admin.layout import pairs, table, width
from memcached_sessions.manager.admin.quantities import bytes_text, moment, seconds_text
from memcached_sessions.manager.admin.value_text import value_text
from memcached_sessions.manager.escaping import escaped, quoted, shortened, shown

PROPERTY = settings(max_examples=200, deadline=None, derandomize=True, database=None)
HOSTILE = "\x1b]0;title\x07\x1b[2J\r\n\x00\x7f\x9b31m\u202egnp.exe\u2028\ud800\N{ZERO WIDTH SPACE}"
TEXTS = st.text(st.characters(codec=None), max_size=30)
CELLS = st.text(st.characters(codec=None) | st.sampled_from("茶é\u0301\x1b\n|"), max_size=12)
PLAIN_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.binary(max_size=20),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner) | st.tuples(inner, inner) | st.sets(st.integers()),
    max_leaves=15,
)


@PROPERTY
@given(TEXTS)
def test_what_is_shown_can_be_printed(text: str) -> None:
    """By each of the functions."""
    assert all(function(text).isprintable() for function in (shown, escaped, quoted))


@PROPERTY
@given(TEXTS)
def test_a_quoted_text_stands_for_one_text(text: str) -> None:
    """So no two names or values look the same because of their escapes."""
    assert ast.literal_eval(quoted(text)) == text


@pytest.mark.parametrize("function", [shown, escaped, quoted])
def test_no_control_character_reaches_the_terminal(function: Callable[[str], str]) -> None:
    """Neither those that move the cursor nor those that turn the text around."""
    assert not set(HOSTILE) - set("]0;title[2Jm31gnp.exe") & set(function(HOSTILE))


@PROPERTY
@given(TEXTS, st.integers(3, 40))
def test_a_shortened_text_keeps_its_beginning(text: str, limit: int) -> None:
    """And is no longer than asked for."""
    short = shortened(text, limit)

    assert len(short) <= limit
    assert short == text or text.startswith(short.removesuffix("..."))


@PROPERTY
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6))
def test_the_columns_of_a_table_begin_at_one_place(rows: list[tuple[str, str, str]]) -> None:
    """Whatever the cells hold, there is a line for each row, and its cells stand where they stand in the others."""
    lines = table(["one", "two", "three"], rows, right=["two"])

    assert len(lines) == len(rows) + 2
    assert all(line.isprintable() for line in lines)
    first, second = (
        max(map(width, map(shown, column))) for column in zip(("one", "two"), *(r[:2] for r in rows), strict=True)
    )
    for line, (one, two, three) in zip(lines[2:], rows, strict=True):
        one, two, three = shown(one), shown(two), shown(three)
        expected = one + " " * (first - width(one) + 2) + " " * (second - width(two)) + two + "  " + three
        assert line == expected.rstrip()


def test_a_long_last_cell_makes_no_long_rule() -> None:
    """A value of a megabyte would take a megabyte of dashes, and of spaces in each row."""
    lines = table(["name", "value"], [["a", "x" * 1000], ["b", "y"]])

    assert lines[1] == "----  -----"
    assert lines[3] == "b     y"


@PROPERTY
@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_pairs_have_a_line_each(rows: list[tuple[str, str]]) -> None:
    """A line break in a value does not begin another pair."""
    lines = pairs(rows)

    assert len(lines) == len(rows)
    assert all(line.isprintable() for line in lines)


@PROPERTY
@given(PLAIN_VALUES, st.integers(3, 60))
def test_the_text_of_a_value_is_printable_and_bounded(value: Any, limit: int) -> None:
    """A cut one is the beginning of the whole one."""
    whole, cut = value_text(value, 10**6), value_text(value, limit)

    assert cut.isprintable()
    assert len(cut) <= limit
    assert cut == whole or (len(whole) > limit and whole.startswith(cut.removesuffix("...")))


@PROPERTY
@given(
    st.recursive(st.integers() | TEXTS | st.binary(), lambda i: st.lists(i) | st.dictionaries(TEXTS, i), max_leaves=9)
)
def test_the_whole_text_of_plain_data_says_all_of_it(value: Any) -> None:
    """Python reads it as the same value."""
    assert ast.literal_eval(value_text(value, 10**6)) == value


def test_a_value_that_shares_objects_costs_no_more_than_its_text() -> None:
    """Sixty lists that hold the next one twice are 2**60 texts."""
    value: list[Any] = ["x"]
    for _ in range(60):
        value = [value, value]

    assert len(value_text(value, 1000)) == 1000


def test_a_value_that_contains_itself_ends() -> None:
    """It is cut where it comes round."""
    value: dict[str, Any] = {"name": "Ada"}
    value["self"] = [value]

    assert value_text(value, 100) == '{"name": "Ada", "self": [...]}'


def test_a_value_that_is_deeper_than_any_reader_ends() -> None:
    """No recursion of Python's is used up."""
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]

    assert value_text(value, 10**6).count("[") < 100


def test_no_code_of_a_class_runs_for_its_value() -> None:
    """An object without a converter is its class's name; a class's own words may be anything."""

    class Loud(str):
        def __repr__(self) -> str:
            raise AssertionError("its repr ran")

        __str__ = __repr__

    class Number(enum.IntEnum):
        ONE = 1

    assert value_text([Loud("x"), Number.ONE], 300).count("<locals>.") == 2


def test_values_of_converters_are_shown_by_what_is_stored() -> None:
    """And the standard's literals by what they are."""
    value = {"when": datetime(2026, 1, 1, tzinfo=UTC), "odd": (None, True, b"\x00", (), (1,), set(), frozenset({2}))}

    assert value_text(value, 300) == (
        '{"when": datetime("2026-01-01T00:00:00+00:00"), '
        "\"odd\": (null, true, b'\\x00', (), (1,), set(), frozenset({2}))}"
    )


def test_an_integer_that_python_refuses_to_write_is_named_by_its_size() -> None:
    """Above 4300 digits it raises an error."""
    assert value_text(10**5000, 100) == "<int of 16610 bits>"


@PROPERTY
@given(st.integers(0, 2**64 - 1))
def test_quantities_are_short_whatever_a_node_claims(number: int) -> None:
    """All numbers of 64 bits have a text, none of them an error."""
    assert len(bytes_text(number)) <= 8
    assert len(seconds_text(number)) <= 25
    assert moment(number)
