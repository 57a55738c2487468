"""What compact refuses to write, and the path that it names."""

from collections import deque
from typing import Any

import pytest
from compact_samples import Item, Node, compact

from memcached_sessions.serializers import (
    ConverterRegistry,
    SerializationError,
    get_serializer,
)

pytestmark = pytest.mark.usefixtures("implementation")


def test_a_converted_value_that_holds_itself_is_refused_by_its_path() -> None:
    items: deque[Any] = deque()
    items.append([items])
    with pytest.raises(SerializationError, match="neither can be made first") as caught:
        compact().dumps({"a": items})
    assert caught.value.path == "a[0][0]"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": ["\ud800"]}, "a[0]"),
        ({"a": {"\ud800": 1}}, "a<key>"),
        ([1, {2, "\ud800"}], "[1]{}"),
        ({"a": Item("\ud800")}, "a.sku"),
    ],
)
def test_a_string_that_is_no_text_is_refused_by_its_path(value: object, path: str) -> None:
    with pytest.raises(
        SerializationError, match="lone surrogate, which is no Unicode text and which compact"
    ) as caught:
        compact().dumps(value)
    assert caught.value.path == path


def test_a_converter_that_fails_is_named_by_its_path() -> None:
    made = ConverterRegistry()
    made.register(Node, tag="Node", encode=lambda node: 1 / 0, decode=lambda plain: plain)  # noqa: ARG005
    with pytest.raises(SerializationError, match="the converter of Node failed with ZeroDivisionError") as caught:
        get_serializer("compact", made).dumps({"cart": [Node("a")]})
    assert caught.value.path == "cart[0]"


def test_a_container_that_a_converter_changes_is_refused() -> None:
    made = ConverterRegistry()
    items: list[Any] = [Node("a"), 2]
    made.register(Node, tag="Node", encode=lambda _: items.append(3), decode=lambda plain: plain)
    with pytest.raises(SerializationError, match="a container changed while it was written"):
        get_serializer("compact", made).dumps(items)
