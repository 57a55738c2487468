"""Merging two states of a session: nothing that only one side changed is lost, and what was shared stays shared."""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.manager.attribute_merge import Merged, merge_branch, merge_descendant
from memcached_sessions.serializers import SerializationError, Serializer, get_serializer
from memcached_sessions.serializers.fidelity import difference
from memcached_sessions.serializers.testing.sample_classes import sample_registry
from memcached_sessions.serializers.testing.strategies import graphs, values

Attributes = dict[str, Any]

NAMES: tuple[str, ...] = ("user", "cart", "flash", "page", "lang", "unit price")
REGISTRY = sample_registry()
COMPACT, JSON, MSGPACK, CBOR, PICKLE = (
    get_serializer(name, REGISTRY) for name in ("compact", "json", "msgpack", "cbor", "pickle")
)
every_serializer = pytest.mark.parametrize(
    "serializer", [COMPACT, JSON, MSGPACK, CBOR, PICKLE], ids=lambda each: each.name
)
every_serializer_with_identity = pytest.mark.parametrize("serializer", [COMPACT, PICKLE], ids=lambda each: each.name)
either_wins = pytest.mark.parametrize("mine_wins", [True, False])
REMOVED = object()
kept_values = cache(values)  # a strategy takes long to build
PROPERTY = settings(max_examples=40, deadline=None, derandomize=True, database=None)  # for each serializer


@dataclass(frozen=True, eq=False)
class Prickly:
    """Compares with nothing."""

    number: int

    def __eq__(self, other: object) -> bool:
        raise TypeError("prickly")

    def __hash__(self) -> int:
        return 1


class Opaque:
    """No serializer knows it."""


def _decoded(serializer: Serializer, attributes: Attributes) -> Any:
    return serializer.loads(serializer.dumps(attributes))


def _edited(attributes: Attributes, edits: Attributes) -> Attributes:
    """Return the attributes after some of them were set or removed."""
    edited = attributes | edits
    return {name: value for name, value in edited.items() if value is not REMOVED}


def _same(one: Attributes, other: Attributes) -> bool:
    """Whether two states hold the same values and types, in whatever order the attributes are."""
    return difference(dict(sorted(one.items())), dict(sorted(other.items()))) is None


@st.composite
def _states_and_edits(draw: st.DrawFn, serializer: Serializer) -> tuple[Attributes, Attributes, Attributes]:
    """Return a state and the edits of two sides; a few values, so that some are shared and some edits are the same."""
    pool = [*draw(st.lists(kept_values(serializer.capabilities), min_size=1, max_size=3)), 0, 1]
    value, name = st.sampled_from(pool), st.sampled_from(NAMES)
    edits = st.dictionaries(name, value | st.just(REMOVED), max_size=4)
    return draw(st.dictionaries(name, value)), draw(edits), draw(edits)


@every_serializer
@PROPERTY
@given(mine_wins=st.booleans(), data=st.data())
def test_changes_of_different_attributes_are_all_kept(
    serializer: Serializer, data: st.DataObject, *, mine_wins: bool
) -> None:
    """As if both sides' edits had been made one after the other; mine is live, and was never bytes."""
    state, my_edits, all_edits = data.draw(_states_and_edits(serializer))
    their_edits = {name: value for name, value in all_edits.items() if name not in my_edits}
    base = _decoded(serializer, state)
    mine, theirs = _edited(state, my_edits), _decoded(serializer, _edited(base, their_edits))

    merged = merge_descendant(base, mine, theirs, serializer, mine_wins=mine_wins)

    assert _same(merged.attributes, _edited(state, my_edits | their_edits))
    assert merged.conflicts == frozenset()
    assert merged.taken <= their_edits.keys()


@every_serializer
@PROPERTY
@given(mine_wins=st.booleans(), data=st.data())
def test_a_side_that_changed_nothing_leaves_the_other_as_it_is(
    serializer: Serializer, data: st.DataObject, *, mine_wins: bool
) -> None:
    """Whichever side it is; my own objects are not replaced by equal ones."""
    state, edits, _ = data.draw(_states_and_edits(serializer))
    base, edited = _decoded(serializer, state), _edited(state, edits)

    theirs_idle = merge_descendant(base, edited, _decoded(serializer, state), serializer, mine_wins=mine_wins)
    mine_idle = merge_descendant(base, state, _decoded(serializer, edited), serializer, mine_wins=mine_wins)

    assert theirs_idle == Merged(theirs_idle.attributes, frozenset(), frozenset())
    assert list(theirs_idle.attributes) == list(edited)
    assert all(theirs_idle.attributes[name] is value for name, value in edited.items())
    assert _same(mine_idle.attributes, edited)
    assert mine_idle.conflicts == frozenset()


@every_serializer
@PROPERTY
@given(data=st.data())
def test_both_sides_come_to_the_same_state(serializer: Serializer, data: st.DataObject) -> None:
    """Whoever merges, as long as both agree on who wins; without a conflict that does not matter."""
    state, *edits = data.draw(_states_and_edits(serializer))
    base = _decoded(serializer, state)
    mine, theirs = (_decoded(serializer, _edited(base, each)) for each in edits)

    here, there, other_winner = (
        merge_descendant(base, mine, theirs, serializer, mine_wins=True),
        merge_descendant(base, theirs, mine, serializer, mine_wins=False),
        merge_descendant(base, theirs, mine, serializer, mine_wins=True),
    )
    branch_here = merge_branch(mine, theirs, serializer, mine_wins=True)
    branch_there = merge_branch(theirs, mine, serializer, mine_wins=False)

    assert _same(here.attributes, there.attributes)
    assert here.conflicts == there.conflicts == other_winner.conflicts
    assert here.conflicts or _same(here.attributes, other_winner.attributes)
    assert _same(branch_here.attributes, branch_there.attributes)
    assert branch_here.conflicts == branch_there.conflicts


@every_serializer
@PROPERTY
@given(mine_wins=st.booleans(), data=st.data())
def test_every_value_is_the_very_object_of_one_side(
    serializer: Serializer, data: st.DataObject, *, mine_wins: bool
) -> None:
    """Of theirs if taken, else of mine, in the order of mine and then of theirs; what was given is as before."""
    state, *edits = data.draw(_states_and_edits(serializer))
    base = _decoded(serializer, state)
    mine, theirs = (_decoded(serializer, _edited(base, each)) for each in edits)
    before = [serializer.dumps(side) for side in (base, mine, theirs)]

    three_way = merge_descendant(base, mine, theirs, serializer, mine_wins=mine_wins)
    two_way = merge_branch(mine, theirs, serializer, mine_wins=mine_wins)

    for merged in (three_way, two_way):
        sources = [theirs if name in merged.taken else mine for name in merged.attributes]
        values_of_sides = [side[name] for name, side in zip(merged.attributes, sources, strict=True)]
        assert all(a is b for a, b in zip(merged.attributes.values(), values_of_sides, strict=True))
        assert list(merged.attributes) == [name for name in mine | theirs if name in merged.attributes]
        assert merged.attributes.keys() | merged.taken >= mine.keys()
    assert [serializer.dumps(side) for side in (base, mine, theirs)] == before


@every_serializer
@PROPERTY
@given(mine_wins=st.booleans(), data=st.data())
def test_a_branch_merge_holds_the_attributes_of_both(
    serializer: Serializer, data: st.DataObject, *, mine_wins: bool
) -> None:
    """One with two values has that of the winner, and is a conflict."""
    state, *edits = data.draw(_states_and_edits(serializer))
    mine, theirs = (_edited(state, each) for each in edits)
    theirs = _decoded(serializer, theirs)

    merged = merge_branch(mine, theirs, serializer, mine_wins=mine_wins)

    winner, loser = (mine, theirs) if mine_wins else (theirs, mine)
    assert _same(merged.attributes, loser | winner)
    assert merged.conflicts == {
        name for name in mine.keys() & theirs.keys() if difference(mine[name], theirs[name]) is not None
    }
    assert merged.taken == theirs.keys() - mine.keys() | (frozenset() if mine_wins else merged.conflicts)


@either_wins
@pytest.mark.parametrize(
    ("base", "mine", "theirs", "if_mine", "if_theirs"),
    [
        pytest.param({"page": 1}, {"page": 2}, {"page": 3}, {"page": 2}, {"page": 3}, id="changed by both"),
        pytest.param({"page": 1}, {"page": 2}, {}, {"page": 2}, {}, id="changed by me, removed by them"),
        pytest.param({"page": 1}, {}, {"page": 3}, {}, {"page": 3}, id="removed by me, changed by them"),
        pytest.param({}, {"page": 2}, {"page": 3}, {"page": 2}, {"page": 3}, id="added by both"),
    ],
)
def test_the_winner_decides_where_both_sides_changed_an_attribute(
    base: Attributes,
    mine: Attributes,
    theirs: Attributes,
    if_mine: Attributes,
    if_theirs: Attributes,
    *,
    mine_wins: bool,
) -> None:
    """A removal is a change like any other."""
    merged = merge_descendant(base, mine, theirs, JSON, mine_wins=mine_wins)

    assert merged == Merged(
        if_mine if mine_wins else if_theirs, frozenset() if mine_wins else frozenset({"page"}), frozenset({"page"})
    )


@either_wins
@pytest.mark.parametrize("after", [{"page": 2}, {}], ids=["changed", "removed"])
def test_the_same_change_on_both_sides_is_no_conflict(after: Attributes, *, mine_wins: bool) -> None:
    """Nothing is taken either."""
    merged = merge_descendant({"page": 1}, dict(after), dict(after), JSON, mine_wins=mine_wins)

    assert merged == Merged(after, frozenset(), frozenset())


def test_removals_are_exact() -> None:
    """Rule R6: what one side removed is gone, what the other added stays."""
    base = {"user": 7, "flash": "hello", "page": 1}

    merged = merge_descendant(
        base, {"user": 7, "page": 1, "cart": []}, {"flash": "hello", "user": 7}, JSON, mine_wins=True
    )

    assert merged == Merged({"user": 7, "cart": []}, frozenset({"page"}), frozenset())


def test_a_branch_knows_no_removals() -> None:
    """Rule R6: an attribute that one side never had must not be taken for one that it removed."""
    merged = merge_branch({"user": 7}, {"cart": []}, JSON, mine_wins=True)

    assert merged.attributes == {"user": 7, "cart": []}


@every_serializer
def test_a_nested_change_is_seen(serializer: Serializer) -> None:
    """In live objects, on either side."""
    cart = {"items": ["tea"]}
    base = _decoded(serializer, {"cart": cart, "seen": []})
    theirs = _decoded(serializer, {"cart": cart, "seen": ["tea"]})
    cart["items"].append("milk")

    merged = merge_descendant(base, {"cart": cart, "seen": []}, theirs, serializer, mine_wins=False)

    assert merged == Merged({"cart": {"items": ["tea", "milk"]}, "seen": ["tea"]}, frozenset({"seen"}), frozenset())


@every_serializer
@pytest.mark.parametrize(
    ("before", "after"),
    [(1, True), (1, 1.0), (0.0, -0.0), ([], ()), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ("1", 1)],
    ids=repr,
)
def test_a_change_that_equality_does_not_see_is_seen(serializer: Serializer, before: object, after: object) -> None:
    """Of a type, a sign or an order."""
    mine, theirs = {"value": before}, _decoded(serializer, {"value": after})

    merged = merge_descendant(_decoded(serializer, mine), mine, theirs, serializer, mine_wins=True)

    assert merged.taken == {"value"}
    assert difference(merged.attributes, {"value": after}) is None


@every_serializer
def test_what_equals_nothing_is_not_a_change(serializer: Serializer) -> None:
    """NaN, which differs from itself."""
    mine = {"rate": float("nan")}
    base, theirs = _decoded(serializer, mine), _decoded(serializer, mine)

    assert merge_descendant(base, mine, theirs, serializer, mine_wins=True).conflicts == frozenset()
    assert merge_branch(mine, theirs, serializer, mine_wins=True).conflicts == frozenset()


def test_a_set_with_another_history_is_not_a_change() -> None:
    """Pickle writes sets in the order that their history left: other bytes, the same value."""
    one, other = set[int](), set[int]()
    for number in (0, 8, 16):
        one.add(number)
        other.add(16 - number)

    merged = merge_descendant({"seats": one}, {"seats": other}, {"seats": {1}}, PICKLE, mine_wins=True)

    assert PICKLE.dumps(one) != PICKLE.dumps(other)
    assert merged == Merged({"seats": {1}}, frozenset({"seats"}), frozenset())


@every_serializer
def test_objects_that_share_are_no_change_against_their_copies(serializer: Serializer) -> None:
    """A format without references brings back copies of what is one object here."""
    item = ["tea"]
    mine = {"cart": [item, item], "last": item}
    base = _decoded(serializer, mine)

    merged = merge_descendant(base, mine, _decoded(serializer, {}), serializer, mine_wins=True)

    assert merged == Merged({}, frozenset({"cart", "last"}), frozenset())


@every_serializer_with_identity
def test_two_equal_objects_that_become_one_are_a_change(serializer: Serializer) -> None:
    """For a serializer that keeps the difference."""
    item = ["tea"]
    base, theirs = {"cart": [["tea"], ["tea"]]}, _decoded(serializer, {"cart": [item, item]})

    merged = merge_descendant(base, {"cart": [["tea"], ["tea"]]}, theirs, serializer, mine_wins=True)

    assert merged.taken == {"cart"}
    assert merged.attributes["cart"][0] is merged.attributes["cart"][1]


@every_serializer_with_identity
@either_wins
def test_an_object_that_they_changed_through_one_attribute_is_taken_in_all_and_stays_shared(
    serializer: Serializer, *, mine_wins: bool
) -> None:
    """Their change shows in the encoding of each attribute that reaches the object."""
    cart = ["tea"]
    mine: Attributes = {"cart": cart, "checkout": {"cart": cart}, "user": 7}
    base, theirs = _decoded(serializer, mine), _decoded(serializer, mine)
    theirs["cart"].append("milk")
    mine["user"] = 8

    merged = merge_descendant(base, mine, _decoded(serializer, theirs), serializer, mine_wins=mine_wins)

    assert merged.attributes == {"cart": ["tea", "milk"], "checkout": {"cart": ["tea", "milk"]}, "user": 8}
    assert merged.taken == {"cart", "checkout"}
    assert merged.attributes["cart"] is merged.attributes["checkout"]["cart"]


@every_serializer_with_identity
@either_wins
def test_an_object_that_both_changed_is_one_object_of_the_winner(serializer: Serializer, *, mine_wins: bool) -> None:
    """All attributes that reach it are conflicts, and have one winner."""
    cart = ["tea"]
    mine: Attributes = {"cart": cart, "checkout": {"cart": cart}}
    base, theirs = _decoded(serializer, mine), _decoded(serializer, mine)
    theirs["cart"].append("milk")
    cart.append("salt")

    merged = merge_descendant(base, mine, theirs, serializer, mine_wins=mine_wins)

    assert merged.conflicts == {"cart", "checkout"}
    assert merged.attributes["cart"] == ["tea", "salt" if mine_wins else "milk"]
    assert merged.attributes["cart"] is merged.attributes["checkout"]["cart"]


@every_serializer_with_identity
def test_an_attribute_that_they_set_anew_no_longer_shares(serializer: Serializer) -> None:
    """It was replaced alone, there too."""
    cart = ["tea"]
    mine: Attributes = {"cart": cart, "saved": cart}
    base, theirs = _decoded(serializer, mine), _decoded(serializer, mine)
    theirs["cart"] = ["salt"]

    merged = merge_descendant(base, mine, theirs, serializer, mine_wins=True)

    assert merged.attributes == {"cart": ["salt"], "saved": ["tea"]}
    assert merged.attributes["saved"] is cart


@every_serializer
@either_wins
def test_live_objects_that_share_stay_one_when_nobody_else_changed_them(
    serializer: Serializer, *, mine_wins: bool
) -> None:
    """Also under a format without references: what is live is not replaced by what came back from bytes."""
    cart = ["tea"]
    mine: Attributes = {"cart": cart, "checkout": {"cart": cart}, "page": 1}
    base = _decoded(serializer, mine)
    theirs = _decoded(serializer, mine | {"page": 2})
    cart.append("milk")

    merged = merge_descendant(base, mine, theirs, serializer, mine_wins=mine_wins)

    assert merged.attributes == {"cart": ["tea", "milk"], "checkout": {"cart": ["tea", "milk"]}, "page": 2}
    assert merged.attributes["cart"] is cart
    assert merged.attributes["checkout"]["cart"] is cart


Step = tuple[str, str, Any]
"""What is done to an attribute, its name, and with what."""


def _inner(value: Any) -> list[int]:
    return value["inner"] if isinstance(value, dict) else value


@st.composite
def _shared_states(draw: st.DrawFn, names: tuple[str, ...]) -> Attributes:
    """Return attributes that are, or hold, a few lists: some names lead to one list."""
    lists: list[list[int]] = [[0], [1], [2]]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    return {
        name: {"inner": shared} if draw(st.booleans()) else shared
        for name, shared in ((name, draw(st.sampled_from(lists))) for name in chosen)
    }


def _histories(names: tuple[str, ...]) -> st.SearchStrategy[list[Step]]:
    """Return steps that change lists in place, and set, alias and remove attributes."""
    name, token = st.sampled_from(names), st.integers(10, 19)
    steps = (
        st.tuples(st.just("append"), name, token),
        st.tuples(st.just("set"), name, token),
        st.tuples(st.just("share"), name, name),
        st.tuples(st.just("remove"), name, st.none()),
    )
    return st.lists(st.one_of(steps), max_size=6)


def _after(state: Attributes, history: list[Step]) -> Attributes:
    """Return the state after the steps, those left out whose attribute is not there."""
    for step in history:
        match step:
            case "append", name, token if name in state:
                _inner(state[name]).append(token)
            case "set", name, token:
                state[name] = [token]
            case "share", name, other if other in state:
                state[name] = {"inner": _inner(state[other])}
            case "remove", name, _:
                state.pop(name, None)
            case _:
                pass
    return state


@every_serializer_with_identity
@PROPERTY
@given(mine_wins=st.booleans(), state=_shared_states(NAMES), history=_histories(NAMES))
def test_after_their_history_alone_the_state_is_theirs_and_what_was_shared_is(
    serializer: Serializer, state: Attributes, history: list[Step], *, mine_wins: bool
) -> None:
    """Attributes that are one object before and after are one object in the result, and no list is half old."""
    base = _decoded(serializer, state)
    theirs = _decoded(serializer, _after(_decoded(serializer, state), history))

    merged = merge_descendant(base, state, theirs, serializer, mine_wins=mine_wins)

    assert _same(merged.attributes, theirs)
    assert merged.conflicts == frozenset()
    for one in theirs.keys() & state.keys():
        for other in theirs.keys() & state.keys():
            if state[one] is state[other] and theirs[one] is theirs[other]:
                assert merged.attributes[one] is merged.attributes[other]
            taken_alike = (one in merged.taken) == (other in merged.taken)
            side = theirs if one in merged.taken else state
            if taken_alike and _inner(side[one]) is _inner(side[other]):
                assert _inner(merged.attributes[one]) is _inner(merged.attributes[other])


@every_serializer_with_identity
@PROPERTY
@given(
    mine_wins=st.booleans(),
    my_state=_shared_states(NAMES[:3]),
    their_state=_shared_states(NAMES[3:]),
    my_history=_histories(NAMES[:3]),
    their_history=_histories(NAMES[3:]),
)
def test_histories_of_objects_that_the_sides_do_not_share_are_both_kept(
    serializer: Serializer,
    my_state: Attributes,
    their_state: Attributes,
    my_history: list[Step],
    their_history: list[Step],
    *,
    mine_wins: bool,
) -> None:
    """Each side changes its own attributes, in place too; the result is both, sharing what they share."""
    state = my_state | their_state
    base, theirs = _decoded(serializer, state), _after(_decoded(serializer, state), their_history)
    expected = _after(_after(_decoded(serializer, state), their_history), my_history)
    mine = _after(state, my_history)

    merged = merge_descendant(base, mine, _decoded(serializer, theirs), serializer, mine_wins=mine_wins)

    assert _same(merged.attributes, expected)
    assert merged.conflicts == frozenset()
    my_part = {name: merged.attributes[name] for name in NAMES[:3] if name in merged.attributes}
    assert all(my_part[name] is mine[name] for name in my_part)


@every_serializer_with_identity
@PROPERTY
@given(objects=graphs())
def test_objects_that_refer_to_each_other_in_any_way_are_equal_to_their_copies(
    serializer: Serializer, objects: list[Any]
) -> None:
    """Cycles and registered classes included: nothing is taken from, and no conflict seen with, an equal state."""
    mine = {f"name{number}": value for number, value in enumerate(objects)}
    base, theirs = _decoded(serializer, mine), _decoded(serializer, mine)

    merged = merge_descendant(base, mine, theirs, serializer, mine_wins=False)

    assert (merged.taken, merged.conflicts) == (frozenset(), frozenset())
    assert merge_branch(mine, theirs, serializer, mine_wins=False).conflicts == frozenset()


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Opaque(), "cart"),
        ([Opaque()], "cart[0]"),
        ({"items": [Opaque()]}, "cart.items[0]"),
        ({"unit price": Opaque()}, "cart['unit price']"),
    ],
)
@pytest.mark.parametrize("side", range(3))
def test_an_attribute_that_cannot_be_encoded_is_an_error_with_its_path(side: int, value: object, path: str) -> None:
    """Never dropped, whichever side holds it and whoever changed what."""
    sides: list[Attributes] = [{"cart": 1} for _ in range(3)]
    sides[side] = {"page": 1, "cart": value}
    base, mine, theirs = sides

    with pytest.raises(SerializationError) as error:
        merge_descendant(base, mine, theirs, COMPACT, mine_wins=True)

    assert error.value.path == path
    if side:
        with pytest.raises(SerializationError):
            merge_branch(mine, theirs, COMPACT, mine_wins=True)


def test_the_path_of_an_attribute_with_another_name_is_a_path() -> None:
    """As in the errors of the serializers."""
    with pytest.raises(SerializationError) as error:
        merge_branch({"unit price": [Opaque()]}, {}, COMPACT, mine_wins=True)

    assert error.value.path == "['unit price'][0]"


def test_a_class_that_cannot_be_compared_is_told_by_its_encoding() -> None:
    """Pickle without restrictions keeps classes whose own comparison may fail."""
    anything = get_serializer("pickle", unrestricted=True)
    base, same, other = ({"value": {Prickly(number)}} for number in (1, 1, 2))

    assert merge_descendant(base, same, other, anything, mine_wins=True).taken == {"value"}
    assert merge_descendant(base, other, same, anything, mine_wins=True).taken == frozenset()
