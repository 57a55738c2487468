"""What reports advise: lines that can be pasted, and words where a line would be wrong."""

import operator
import pickle
from collections import ChainMap, Counter, defaultdict
from typing import Any

import pytest

from memcached_sessions.serializers import ConverterRegistry
from memcached_sessions.serializers.formats.foreign_pickle import PickleReader
from memcached_sessions.serializers.stand_in_converters import StandInConverters
from memcached_sessions.serializers.stand_ins import stand_in_class
from memcached_sessions.serializers.survey import Finding, survey


class Amount(int):
    """Extends a built-in type."""


class Code(str):
    """Extends another one."""

    __slots__ = ()


class OutOfStockError(Exception):
    """Is raised."""


class Made:
    """Names a function to have itself made."""

    def __reduce__(self) -> Any:
        return make_red, (1,)


def make_red(_: int) -> Made:
    """Return an instance."""
    return Made()


def findings(value: object, protocol: int = 4) -> list[Finding]:
    """Return what a report tells of a pickled session."""
    registry = StandInConverters()
    return list(survey(PickleReader(registry).loads(pickle.dumps({"a": value}, protocol)), registry).findings)


def test_what_a_function_makes_gets_no_line() -> None:
    """The name of the function is told, not as that of a class."""
    (finding,) = findings(Made())

    assert finding.register is None
    assert finding.problem == f"made by the function {__name__}.make_red: register the class that it returns"


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("value", [Amount(5), Code("A-1"), OutOfStockError("tea"), OutOfStockError()])
def test_a_line_for_what_extends_a_builtin_can_be_pasted(value: object, protocol: int) -> None:
    """As `register` would not take the class without functions."""
    (finding,) = findings(value, protocol)
    name = type(value).__name__

    with pytest.raises(ValueError, match="encode"):
        ConverterRegistry().register(type(value), tag=f"shop.{name}")
    assert finding.register is not None
    assert finding.register.startswith(f"register({name}, tag=")
    assert finding.register.endswith(", encode=..., decode=...)")


@pytest.mark.parametrize("value", [defaultdict(list, a=[1]), Counter("aab"), ChainMap({"b": 1})])
def test_collections_of_the_standard_library_have_one_remedy(value: Any) -> None:
    """Whether the application is here or its pickle alone, in one finding."""
    (of_pickle,) = findings(value)
    (of_value,) = survey({"a": value}, ConverterRegistry()).findings

    assert of_pickle.problem == of_value.problem
    assert of_value.problem.endswith("is not registered: put dict(...) of it into the session")
    assert (of_pickle.register, of_value.register) == (None, None)


def test_functions_and_classes_are_told_by_name() -> None:
    """Each in a finding of its own."""
    told = [(each.type, each.paths, each.register) for each in findings([operator.add, Made, operator.add])]

    assert told == [("_operator.add", ("a[0]",), None), (f"{__name__}.Made", ("a[1]",), None)]


def test_a_class_of_a_library_that_is_not_here_is_not_to_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its converter is here, and waits for it."""
    monkeypatch.setattr("memcached_sessions.serializers.remedies.find_spec", lambda _: None)
    oid = stand_in_class("bson.objectid", "ObjectId")()

    (finding,) = survey({"a": oid}, ConverterRegistry()).findings

    assert finding.register is None
    assert finding.problem == (
        "bson.objectid.ObjectId is not registered: it is kept once bson is imported; "
        "bson is not installed here: pip install pymongo"
    )
