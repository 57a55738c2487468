"""Pickles of libraries that have converters, read without running anything of them: each value counts as what it is."""

import pickle
import re
import warnings

import pytest

from memcached_sessions.serializers import ConverterRegistry, get_serializer
from memcached_sessions.serializers.formats.foreign_pickle import PickleReader
from memcached_sessions.serializers.library_classes import LIBRARY_CLASSES, library_of
from memcached_sessions.serializers.stand_in_converters import StandInConverters
from memcached_sessions.serializers.stand_ins import stand_in_class
from memcached_sessions.serializers.survey import survey
from memcached_sessions.serializers.testing.libraries import is_installed, samples_of
from memcached_sessions.serializers.unregistered import class_name

LIBRARIES = (
    *("bson", "django", "markupsafe", "numpy", "pandas", "pendulum", "pytz", "sqlalchemy", "werkzeug"),
    "whenever",
)


def samples(library: str) -> list[object]:
    """Return what pickle can keep of the values of a library, without the lazy text made by a method of a text."""
    values: list[object] = []
    for sample in samples_of(library, ConverterRegistry()):
        if sample.name == "lazy_function":
            continue
        value = sample.make()
        try:
            with warnings.catch_warnings(action="ignore"):
                pickle.dumps(value)
        except Exception:  # noqa: BLE001, S112 - pickle refuses some, such as lambdas, in many ways
            continue
        values.append(value)
    return values


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("library", LIBRARIES)
def test_what_has_a_converter_is_known(library: str, protocol: int) -> None:
    """Whatever its pickle names to have it made, and every serializer can write about what it will."""
    if not is_installed(library):
        pytest.skip(f"{library} is not installed")
    values = samples(library)
    registry = StandInConverters()

    with warnings.catch_warnings(action="ignore"):
        session = PickleReader(registry).loads(pickle.dumps({"all": values}, protocol))
    seen = survey(session, registry)

    assert values
    assert [(finding.type, finding.paths, finding.problem) for finding in seen.findings] == []
    assert all(get_serializer(name, registry).dumps(session) for name in ("json", "compact", "pickle"))


def test_what_a_pickle_names_is_told_by_the_class_that_users_know() -> None:
    """Of a library without a converter for it too."""
    session = PickleReader(ConverterRegistry()).loads(pickle.dumps({"pattern": re.compile("a+")}))

    (finding,) = survey(session, ConverterRegistry()).findings

    assert (finding.type, finding.paths) == ("re.Pattern", ("pattern",))


def test_an_object_in_an_array_is_found() -> None:
    """An array of objects may hold instances of the application."""
    numpy = pytest.importorskip("numpy")
    registry = StandInConverters()
    array = PickleReader(registry).loads(pickle.dumps(numpy.array([1, None], dtype=object)))
    array.state[-1].append(stand_in_class("shop.models", "Cart")())

    assert [finding.type for finding in survey({"a": array}, registry).findings] == ["shop.models.Cart"]


def test_a_class_is_known_by_the_module_in_which_it_once_was() -> None:
    """Pickles of pandas 2 name others than pandas 3 does."""
    pytest.importorskip("pandas")

    converter = StandInConverters().converter_for(stand_in_class("pandas.core.frame", "DataFrame"))

    assert converter is not None
    assert converter.tag == "pandas.DataFrame"


def test_the_list_of_classes_is_that_of_the_converters() -> None:
    """For libraries that are installed here."""
    registry = StandInConverters()
    for library in LIBRARY_CLASSES:
        registry.converter_for(stand_in_class(library, "Nothing"))
    classes = [cls for cls in registry.by_class if cls.__module__.partition(".")[0] in LIBRARY_CLASSES]

    assert {class_name(cls) for cls in classes if library_of(cls) is None} == set()
    for library, names in LIBRARY_CLASSES.items():
        if is_installed(library):
            assert names == {cls.__name__ for cls in classes if cls.__module__.partition(".")[0] == library}
