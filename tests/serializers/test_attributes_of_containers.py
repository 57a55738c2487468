"""Dicts, lists and sets of libraries may carry attributes beside their items: none is lost without a word."""

from typing import Any

import pytest
from authlib.oauth2.rfc6749.wrappers import OAuth2Token
from authlib.oidc.core.claims import UserInfo
from django.http.request import QueryDict
from django.utils.datastructures import MultiValueDict
from sqlalchemy.ext.mutable import MutableDict, MutableList, MutableSet
from sqlalchemy.orm.collections import InstrumentedDict, InstrumentedList, InstrumentedSet
from werkzeug.datastructures import ImmutableDict, ImmutableMultiDict, MultiDict

from memcached_sessions.serializers import ConverterRegistry, SerializationError, get_serializer


def query() -> Any:
    """Return a query that asked for no settings of Django."""
    made: Any = QueryDict.__new__(QueryDict)
    MultiValueDict.__init__(made, {"a": ["1"]})
    vars(made).update(_encoding="utf-8", _mutable=True)
    return made


VALUES: list[Any] = [
    *(MultiDict({"a": 1}), ImmutableMultiDict({"a": 1}), ImmutableDict({"a": 1})),
    *(MultiValueDict({"a": [1]}), query(), UserInfo({"a": 1}), OAuth2Token({"a": 1})),
    *(InstrumentedList([1]), InstrumentedDict({"a": 1}), InstrumentedSet({1})),
    *(MutableList([1]), MutableDict({"a": 1}), MutableSet({1})),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("name", ["json", "compact"])
def test_an_attribute_that_the_application_set_is_refused_by_its_path(value: Any, name: str) -> None:
    serializer = get_serializer(name, ConverterRegistry())
    serializer.dumps({"form": value})
    vars(value)["note"] = "x"
    kind = type(value).__name__
    try:
        with pytest.raises(SerializationError, match=f"this {kind} has an attribute 'note', which would") as caught:
            serializer.dumps({"form": value})
    finally:
        del vars(value)["note"]
    assert caught.value.path == "form"


def test_what_libraries_note_of_them_is_no_such_attribute() -> None:
    """A hash, the object that a collection belongs to, the type that they were made by."""
    form, plain, parents = ImmutableMultiDict([("a", "1")]), ImmutableDict(a=1), MutableDict({"a": 1})
    assert hash(form) == hash(form)
    assert hash(plain) == hash(plain)
    assert len(parents._parents) == 0  # noqa: SLF001 - SQLAlchemy's name for what it notes
    generic: Any = MultiDict[str, int]([("a", 1)])
    serializer = get_serializer("json", ConverterRegistry())
    for value in (form, plain, parents, generic):
        assert vars(value)
        assert serializer.loads(serializer.dumps(value)) == value
