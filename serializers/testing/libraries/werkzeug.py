"""Dicts of Werkzeug."""

from werkzeug.datastructures import ImmutableDict, ImmutableMultiDict, MultiDict

from .library_sample import LibrarySample

_PAIRS = [("a", "1"), ("b", "2"), ("a", "3")]


def _hashed() -> object:
    form = ImmutableMultiDict(_PAIRS)
    return {form: 1}


def _changed_key(original: dict[object, int], loaded: dict[object, int]) -> str:
    (form,), (back,) = original, loaded
    same = type(form) is type(back) and form == back and loaded[form] == 1  # the hash is kept in an attribute
    return "" if same else f"{form!r} became {back!r}"


SAMPLES = [
    LibrarySample("form", lambda: ImmutableMultiDict(_PAIRS)),
    LibrarySample("multi_dict", lambda: MultiDict([*_PAIRS, ("c", ("x", [1]))])),
    LibrarySample("immutable_dict", lambda: ImmutableDict({"a": [1], "b": "2"})),
    LibrarySample("as_a_key", _hashed, _changed_key),
]
