"""The fidelity matrix says of each value what became of it: of libraries alone as known, of ours as they claim."""

from collections import Counter

import pytest

from memcached_sessions.bench.fidelity.matrix import fidelity_matrix
from memcached_sessions.bench.fidelity.values import VALUES
from memcached_sessions.bench.references import reference_infos
from memcached_sessions.bench.result import Fate, FidelityCell
from memcached_sessions.serializers import available_serializers
from memcached_sessions.serializers.fidelity import difference

Matrix = dict[tuple[str, str], FidelityCell]


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    """Return the cells of all installed serializers and libraries by label and value."""
    cells = fidelity_matrix([*available_serializers().values(), *reference_infos().values()])
    return {(cell.label, cell.value): cell for cell in cells}


def test_there_are_many_values_each_with_a_name_of_its_own() -> None:
    """The reports say at least 45."""
    assert len(VALUES) >= 45
    assert max(Counter(value.name for value in VALUES).values()) == 1


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.name)
def test_a_value_made_twice_is_the_same(value) -> None:
    """Else a serializer would be blamed for it."""
    assert difference(value.make(), value.make(), identity=True) is None


def test_every_row_has_every_value_and_the_floor_has_no_row(matrix: Matrix) -> None:
    """A variant of a serializer is a row of its own."""
    labels = {label for label, _ in matrix}

    assert labels >= {"bare-pickle", "bare-orjson", "cbor", "compact", "compact-python", "json", "msgpack", "pickle"}
    assert "construction-floor" not in labels
    assert len(matrix) == len(labels) * len(VALUES)


@pytest.mark.parametrize(
    ("label", "value", "fate"),
    [
        ("bare-pickle", "objects in a cycle", Fate.IDENTICAL),
        ("bare-orjson", "shared list", Fate.EQUAL),
        ("bare-orjson", "int keys", Fate.REFUSED),
        ("bare-orjson", "tuple", Fate.CHANGED_TYPE),
        ("bare-orjson", "datetime in UTC", Fate.CHANGED_TYPE),
        ("bare-orjson", "float NaN", Fate.CHANGED_VALUE),
        ("bare-ormsgpack", "bytearray", Fate.CHANGED_TYPE),
        ("bare-msgspec", "date key", Fate.CHANGED_TYPE),
        ("json", "shared list", Fate.EQUAL),
        ("json", "tuple", Fate.IDENTICAL),
        ("json", "list in itself", Fate.REFUSED),
        ("json", "lone surrogate", Fate.REFUSED),
        ("compact", "shared list", Fate.IDENTICAL),
        ("compact", "objects in a cycle", Fate.IDENTICAL),
        ("pickle", "exception", Fate.REFUSED),
    ],
)
def test_the_fate_of_a_value_is_what_happens_to_it(matrix: Matrix, label: str, value: str, fate: Fate) -> None:
    """Known from the libraries' documentation, and from ours."""
    assert matrix[label, value].fate is fate, matrix[label, value].detail


def test_what_changed_or_was_refused_is_said_with_its_place(matrix: Matrix) -> None:
    """The reports show it at the cell."""
    assert matrix["bare-orjson", "nested tuple"].detail == "value[0]: tuple became list"
    assert matrix["json", "objects in a cycle"].detail.startswith("value.friends[0].friends[0]: refers back")
    assert matrix["json", "tuple"].detail == ""


def test_none_of_our_serializers_changes_anything(matrix: Matrix) -> None:
    """What they do not keep they refuse: fidelity first."""
    ours = {label for info in available_serializers().values() for label in info.variants}
    fates = {cell.fate for (label, _), cell in matrix.items() if label in ours}

    assert fates == {Fate.IDENTICAL, Fate.EQUAL, Fate.REFUSED}


def test_a_serializer_that_changes_its_argument_has_changed_the_value(install) -> None:
    """What comes back is compared with a value that it never had."""
    source = """
import pickle
from memcached_sessions.serializers import Capabilities
class Emptying:
    name = "emptying"
    capabilities = Capabilities()
    def __init__(self, *, registry): pass
    def dumps(self, value, /):
        if type(value["value"]) is set: value["value"].clear()
        return pickle.dumps(value)
    def loads(self, data, /): return pickle.loads(data)
"""
    install("plugin_emptying", source, "[memcached_sessions.serializers]\nemptying = plugin_emptying:Emptying\n")

    cells = {cell.value: cell.fate for cell in fidelity_matrix([available_serializers()["emptying"]])}

    assert cells["set"] is Fate.CHANGED_VALUE
    assert cells["frozenset"] is Fate.IDENTICAL


def test_any_other_error_is_no_refusal(install) -> None:
    """A serializer says SerializationError; only a library alone says what it likes. Nor are other types bytes."""
    source = """
from memcached_sessions.serializers import Capabilities
class Careless:
    name = "careless"
    capabilities = Capabilities()
    def __init__(self, *, registry): pass
    def dumps(self, value, /):
        if type(value["value"]) is str: return "text"
        raise TypeError("cannot")
    def loads(self, data, /): return data
"""
    install("plugin_careless", source, "[memcached_sessions.serializers]\ncareless = plugin_careless:Careless\n")

    cells = {cell.value: cell for cell in fidelity_matrix([available_serializers()["careless"]])}

    assert (cells["set"].fate, cells["set"].detail) == (Fate.FAILED, "TypeError: cannot")
    assert (cells["str"].fate, cells["str"].detail) == (Fate.FAILED, "dumps returned str instead of bytes")


def test_a_serializer_that_returns_what_it_returned_before_has_failed(install) -> None:
    """Who changes the one session would change the other."""
    source = """
import pickle
from functools import cache
from memcached_sessions.serializers import Capabilities
class Remembering:
    name = "remembering"
    capabilities = Capabilities()
    def __init__(self, *, registry): self.read = cache(pickle.loads)
    def dumps(self, value, /): return pickle.dumps(value)
    def loads(self, data, /): return {"value": self.read(data)["value"]}
"""
    install("plugin_caching", source, "[memcached_sessions.serializers]\nremembering = plugin_caching:Remembering\n")

    cells = {cell.value: cell for cell in fidelity_matrix([available_serializers()["remembering"]])}

    told = (cells["shared list"].fate, cells["shared list"].detail)
    assert told == (Fate.FAILED, "value: loads returned the same dict twice")
    assert cells["str"].fate is Fate.IDENTICAL


def test_a_serializer_whose_process_ends_after_the_last_value_has_an_answer_for_each(install) -> None:
    """And what it says can be written."""
    source = """
import os
from memcached_sessions.serializers import Capabilities
class Fleeting:
    name = "fleeting"
    capabilities = Capabilities()
    asked = False
    def __init__(self, *, registry): pass
    def dumps(self, value, /):
        self.asked = True
        raise ValueError("\\ud800")
    def loads(self, data, /): return data
    def __del__(self):
        if self.asked: os.abort()
"""
    install("plugin_fleeting", source, "[memcached_sessions.serializers]\nfleeting = plugin_fleeting:Fleeting\n")

    cells = fidelity_matrix([available_serializers()["fleeting"]])

    assert [cell.value for cell in cells] == [value.name for value in VALUES]
    assert {(cell.fate, cell.detail) for cell in cells} == {(Fate.FAILED, r"ValueError: \ud800")}
