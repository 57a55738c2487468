"""The comparison that every round trip in the tests and in the benchmark rests on: it must see each change."""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from memcached_sessions.serializers import ConverterRegistry, get_serializer
from memcached_sessions.serializers.fidelity import Change, difference, shared_between
from memcached_sessions.serializers.testing.sample_classes import Item, Level, Node, Point, Slotted, Tags
from memcached_sessions.serializers.testing.samples import CYCLIC_TREE, SAMPLES

NAN = float("nan")


class _Celsius(float):
    pass


class _Cents(int):
    pass


class _Name(str):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Name)

    __hash__ = str.__hash__


def _with_note(value: Any) -> Any:
    value.note = "x"
    return value


@pytest.mark.parametrize("sample", [*SAMPLES, CYCLIC_TREE], ids=str)
@pytest.mark.parametrize("identity", [True, False])
def test_a_value_made_twice_is_the_same(sample: Any, identity: bool) -> None:
    assert difference(sample.make(), sample.make(), identity=identity) is None


@pytest.mark.parametrize(
    ("original", "loaded", "said"),
    [
        ((1,), [1], "tuple became list"),
        (1, True, "int became bool"),
        (1, 1.0, "int became float"),
        (0.0, -0.0, "another float"),
        (NAN, 0.0, "another float"),
        (Decimal("0.0"), Decimal("-0.0"), "another Decimal"),
        (Decimal("1.0"), Decimal("1.00"), "another Decimal"),
        (complex(0, 0.0), complex(0, -0.0), "another complex"),
        (Level.LOW, 1, "Level became int"),
        (Level.LOW, Level.HIGH, "another member"),
        ({"a": 1}, {}, ".a is lost"),
        ({}, {"a": 1}, "0 keys became 1"),
        ({1: "a"}, {"1": "a"}, "key [1]: int became str, or the order of the keys changed"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "key .a: another str, or the order of the keys changed"),
        ({1}, {True}, "element: int became bool"),
        ({1, 2}, {1}, "2 elements became 1"),
        ({1, 2}, {1, 3}, "other elements"),
        ({NAN, 1}, {1, 2}, "other elements"),
        ({Node("a")}, {Node("b")}, "other elements"),
        (_with_note(OrderedDict(a=1)), OrderedDict(a=1), ".note is lost"),
        (_with_note(Tags(["a"])), Tags(["a"]), ".note is lost"),
        (_Celsius(0.0), _Celsius(-0.0), "another _Celsius"),
        (_Cents(5), _Cents(7), "another _Cents"),
        (_Name("a"), _Name("b"), "another _Name"),
        (ValueError("a", 1), ValueError("a", 2), "args[1]: another int"),
        (defaultdict(list, a=1), defaultdict(int, a=1), "another default_factory"),
        ([1, 2], [1], "2 items became 1"),
        (deque([1], 2), deque([1], 3), "another maxlen"),
        (OrderedDict(a=1), {"a": 1}, "OrderedDict became dict"),
        ([{"a": Point(1, (2,))}], [{"a": Point(1, [2])}], "[0].a.y: tuple became list"),
        (Item("a"), Item("b"), "sku: another str"),
        (Slotted(1, 2), Slotted(1, 3), "_Slotted__secret: another int"),
        (
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 1, 1, tzinfo=timezone(timedelta(0), "Z")),
            "tzinfo: another timezone",
        ),
        (datetime(2026, 1, 1, fold=1), datetime(2026, 1, 1), "another datetime"),
        (timezone(timedelta(1 / 24), "A"), timezone(timedelta(1 / 24), "B"), "another timezone"),
        (bytearray(b"a"), b"a", "bytearray became bytes"),
    ],
)
def test_every_change_is_seen_and_named(original: object, loaded: object, said: str) -> None:
    assert str(difference(original, loaded)) == said


@pytest.mark.parametrize(
    ("original", "loaded", "change"),
    [
        ((1,), [1], Change.TYPE),
        (Decimal("9.90"), "9.90", Change.TYPE),
        (1, 1.0, Change.TYPE),
        ({1: "a"}, {"1": "a"}, Change.TYPE),
        ({1}, {True}, Change.TYPE),
        (Decimal("9.90"), 9.9, Change.VALUE),
        (2**70 + 1, float(2**70), Change.VALUE),
        (Decimal("sNaN"), NAN, Change.VALUE),
        (NAN, None, Change.VALUE),
        ({1: "a", "1": "b"}, {"1": "b"}, Change.VALUE),
        ([1, 2], [1], Change.VALUE),
    ],
)
def test_another_type_that_says_the_same_is_told_from_another_value(
    original: object, loaded: object, change: Change
) -> None:
    found = difference(original, loaded)
    assert found is not None
    assert found.change is change


def test_who_shares_what_is_compared_on_request() -> None:
    item = Item("a")
    assert difference([item, item], [Item("a"), Item("a")]) is None
    found = difference([item, item], [Item("a"), Item("a")], identity=True)
    assert (str(found), found and found.change) == ("[1]: a shared Item became two", Change.SHARING)
    other = Item("a")
    assert str(difference([Item("a"), Item("a")], [other, other], identity=True)) == "[1]: two Item became one"


def test_a_cycle_that_closes_elsewhere_is_seen() -> None:
    root = Node("root")
    Node("child", root)
    wrong = Node("root")
    Node("child", wrong).parent = Node("root")
    assert difference(root, wrong, identity=True) is not None


@pytest.mark.parametrize("sample", [*SAMPLES, CYCLIC_TREE], ids=str)
def test_two_values_have_nothing_in_common_unless_they_are_one(sample: Any) -> None:
    """What cannot be changed in place may be one."""
    assert shared_between(sample.make(), sample.make()) is None


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([], "cart[0].tags: loads returned the same list twice"),
        ({}, "cart[0].tags: loads returned the same dict twice"),
        (_with_note(Node("a")), "cart[0].tags: loads returned the same Node twice"),
        (("a", [1]), "cart[0].tags[1]: loads returned the same list twice"),
        (deque([{1}]), "cart[0].tags: loads returned the same deque twice"),
    ],
)
def test_what_two_values_have_in_common_is_told_with_its_place(held: Any, said: str) -> None:
    assert str(shared_between({"cart": [{"tags": held}]}, {"cart": [{"tags": held}]})) == said


@pytest.mark.parametrize("held", [("a", 1), "text", Level.LOW, UTC, Point(1, 2), object(), int])
def test_what_cannot_be_changed_in_place_may_be_held_in_common(held: Any) -> None:
    """Such as a time zone, an instance that is frozen, or one that has no attributes."""
    assert shared_between({"held": held}, {"held": held}) is None


def test_values_of_libraries_are_compared_by_what_their_converters_keep() -> None:
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")

    def session(**changed: object) -> dict[str, object]:
        frame = pd.DataFrame({"sku": ["a", None], "price": [1.5, 2]})
        return {"array": np.arange(3), "frame": frame, "moment": pd.Timestamp("2026-01-01", tz="UTC")} | changed

    assert difference(session(), session(), identity=True) is None
    assert str(difference(session(), session(array=np.arange(3.0)))) == "array.dtype: another str"
    assert (
        str(difference(session(), session(moment=pd.Timestamp("2026-01-02", tz="UTC")))) == "moment: another Timestamp"
    )
    assert "frame.data" in str(
        difference(session(), session(frame=pd.DataFrame({"sku": ["b", None], "price": [1, 2]})))
    )


def test_an_array_without_converter_is_compared_item_by_item() -> None:
    np = pytest.importorskip("numpy")
    orders = np.array([(1, 2.0)], dtype=[("count", "i4"), ("price", "f8")])
    assert difference([orders], [orders.copy()]) is None
    assert str(difference([orders], [np.zeros_like(orders)])) == "[0]: another ndarray"


def test_a_lazy_string_may_become_its_text_and_other_text_may_not_change_its_type() -> None:
    markupsafe, functional = pytest.importorskip("markupsafe"), pytest.importorskip("django.utils.functional")
    assert difference({"a": functional.lazystr("x")}, {"a": "x"}) is None
    assert str(difference({"a": functional.lazystr("x")}, {"a": "y"})) == "a: another text"
    assert str(difference({"a": markupsafe.Markup("x")}, {"a": "x"})) == "a: Markup became str"


def test_a_dict_is_compared_by_what_it_holds_whatever_its_methods_show() -> None:
    class First(dict[str, list[int]]):
        def items(self) -> Any:
            return [(key, values[0]) for key, values in super().items()]

        def values(self) -> Any:
            return [values[0] for values in super().values()]

    assert str(difference({"a": First(b=[1, 2])}, {"a": First(b=[1, 3])})) == "a.b[1]: another int"
    assert difference({"a": First(b=[1, 2])}, {"a": First(b=[1, 2])}) is None


def test_values_of_a_form_beyond_the_first_are_compared() -> None:
    structures = pytest.importorskip("werkzeug.datastructures")
    one, other = (structures.MultiDict([("a", 1), ("a", last)]) for last in (2, 3))
    assert difference({"form": one}, {"form": other}) is not None


@pytest.mark.parametrize(
    "broken", [str.upper, lambda text: str(text)[:-1], lambda _: ""], ids=["upper", "cut", "empty"]
)
def test_a_converter_that_loses_something_does_not_judge_itself(
    broken: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a value of a library is by its built-in base is seen without the converter."""
    markupsafe = pytest.importorskip("markupsafe")
    value = {"note": markupsafe.Markup("<b>saved</b>")}
    registry = ConverterRegistry()
    registry.register(markupsafe.Markup, tag="mine", encode=broken, decode=markupsafe.Markup)
    monkeypatch.setattr("memcached_sessions.serializers.library_values._SHIPPED", registry)

    serializer = get_serializer("json", registry)
    found = difference(value, serializer.loads(serializer.dumps(value)))

    assert str(found) == "note: another Markup"
