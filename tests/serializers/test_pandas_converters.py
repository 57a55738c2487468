"""Converters of pandas: random moments, indexes and frames come back unchanged."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas_values import frames, indexes, moments

from memcached_sessions.serializers import ConverterRegistry, get_serializer
from memcached_sessions.serializers.testing.libraries.pandas import changed

FORMATS = ["json", "msgpack", "cbor", "compact", "pickle"]
_PROPERTY = settings(max_examples=30, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("name", FORMATS)
def test_random_frames_are_kept(name: str) -> None:
    serializer = get_serializer(name, ConverterRegistry())

    @_PROPERTY
    @given(frames())
    def check(frame: Any) -> None:
        assert changed(frame, serializer.loads(serializer.dumps(frame))) == ""

    check()


def test_random_moments_and_indexes_are_kept() -> None:
    serializer = get_serializer("compact", ConverterRegistry())

    @settings(_PROPERTY, max_examples=150)
    @given(st.lists(moments() | indexes(3), max_size=3))
    def check(values: list[Any]) -> None:
        assert changed(values, serializer.loads(serializer.dumps(values))) == ""

    check()


def test_a_frame_that_came_back_can_be_changed() -> None:
    serializer = get_serializer("json", ConverterRegistry())
    loaded = serializer.loads(serializer.dumps(pd.DataFrame({"n": [1, 2], "o": ["a", "b"]})))
    loaded.loc[0, "n"] = 7
    loaded["o"] = loaded["o"] + "!"
    assert loaded.to_dict("list") == {"n": [7, 2], "o": ["a!", "b!"]}


def test_what_lies_where_a_value_is_missing_shows_in_no_bytes() -> None:
    serializer = get_serializer("compact", ConverterRegistry())
    arrays = [pd.arrays.IntegerArray(np.array([1, hidden]), np.array([False, True])) for hidden in (0, 7)]
    one, other = map(serializer.dumps, arrays)
    assert one == other


def test_text_in_the_storage_of_pyarrow_is_kept_or_says_what_to_install() -> None:
    serializer = get_serializer("json", ConverterRegistry())
    try:
        text: Any = pd.Series(["käse", None], dtype=pd.StringDtype("pyarrow"))
    except ImportError:
        plain = b'{"$pandas.ArrowStringArray":{"storage":"pyarrow","missing":"NA","data":["a",null]}}'
        with pytest.raises(ValueError, match="storage of pyarrow: install pyarrow here too"):
            serializer.loads(plain)
    else:
        assert changed(text, serializer.loads(serializer.dumps(text))) == ""
