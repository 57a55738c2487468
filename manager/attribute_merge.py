"""Two states of a session become one, attribute by attribute: three-way with the common base, or two-way without one.

Invariants: nothing is copied and nothing given is changed: each value of the result is the very object that `mine` or
`theirs` holds. So objects that attributes share stay shared, unless the result takes some of these attributes from one
side and some from the other. (A serializer that keeps identity shows a change of a shared object in every attribute
that reaches it: all of them are taken together.) What one side changed and the other did not is never lost, removals
included.

Where both sides changed an attribute in different ways, the side that wins is the caller's choice, the same for all of
them, and a removal is a change like any other: it wins or loses with its side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..serializers import SerializationError, Serializer
from ..serializers.fidelity import difference
from ..serializers.paths import key_step

Attributes = Mapping[str, Any]
"""The values of a session by name."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a merge."""

    attributes: dict[str, Any]
    """In the order of mine, then what only theirs has."""
    taken: frozenset[str]
    """Names of the attributes that are as in theirs and differ from mine, those included that were removed."""
    conflicts: frozenset[str]
    """Names of the attributes that both sides changed in different ways."""


@dataclass(frozen=True, slots=True)
class _Encoded:
    value: Any
    encoding: bytes


_Side = Mapping[str, _Encoded]
_Same = Callable[[_Encoded | None, _Encoded | None], bool]


def merge_descendant(
    base: Attributes, mine: Attributes, theirs: Attributes, serializer: Serializer, *, mine_wins: bool
) -> Merged:
    """Merge my state with one that descends from its base: the changes of both sides.

    Parameters
    ----------
    base
        The state that both sides started from, decoded from the bytes that were saved last.
    mine, theirs
        What has become of it; mine may be live objects that were never bytes.
    serializer
        Says when two values are equal: when their encodings are.
    mine_wins
        Who wins where both sides changed an attribute in different ways.

    Raises
    ------
    SerializationError
        An attribute cannot be encoded; with its path.

    >>> from memcached_sessions.serializers import get_serializer
    >>> base = {"user": 7, "cart": ["tea"], "flash": "hello"}
    >>> mine, theirs = {"user": 7, "cart": ["tea", "milk"], "flash": "hello"}, {"user": 7, "cart": ["tea"], "page": 2}
    >>> merge_descendant(base, mine, theirs, get_serializer("json"), mine_wins=True).attributes
    {'user': 7, 'cart': ['tea', 'milk'], 'page': 2}
    """
    same = _sameness(serializer)
    old, ours, other = (_encoded(side, serializer) for side in (base, mine, theirs))
    taken: set[str] = set()
    conflicts: set[str] = set()
    for name in ours.keys() | other.keys():
        was, mine_now, theirs_now = old.get(name), ours.get(name), other.get(name)
        if same(was, theirs_now) or same(mine_now, theirs_now):
            continue
        if same(was, mine_now):
            taken.add(name)
        else:
            conflicts.add(name)
    return _merged(ours, other, taken, conflicts, mine_wins=mine_wins)


def merge_branch(mine: Attributes, theirs: Attributes, serializer: Serializer, *, mine_wins: bool) -> Merged:
    """Merge my state with one whose common base is not known: the attributes of both.

    Which side removed what cannot be known: an attribute that one side has is in the result. Parameters and errors are
    those of `merge_descendant`; a conflict is an attribute with two values.

    >>> from memcached_sessions.serializers import get_serializer
    >>> merge_branch({"a": 1, "b": 1}, {"a": 1, "b": 2}, get_serializer("json"), mine_wins=False)
    Merged(attributes={'a': 1, 'b': 2}, taken=frozenset({'b'}), conflicts=frozenset({'b'}))
    """
    same = _sameness(serializer)
    ours, other = _encoded(mine, serializer), _encoded(theirs, serializer)
    taken = other.keys() - ours.keys()
    conflicts = {name for name in ours.keys() & other.keys() if not same(ours[name], other[name])}
    return _merged(ours, other, taken, conflicts, mine_wins=mine_wins)


def _merged(mine: _Side, theirs: _Side, taken: set[str], conflicts: set[str], *, mine_wins: bool) -> Merged:
    if not mine_wins:
        taken = taken | conflicts
    names = (*mine, *(name for name in theirs if name in taken and name not in mine))
    sources = ((name, theirs if name in taken else mine) for name in names)
    attributes = {name: side[name].value for name, side in sources if name in side}
    return Merged(attributes, frozenset(taken), frozenset(conflicts))


def _encoded(attributes: Attributes, serializer: Serializer) -> dict[str, _Encoded]:
    encoded: dict[str, _Encoded] = {}
    for name, value in dict(attributes).items():  # a copy: other requests may change what is live meanwhile
        try:
            encoded[name] = _Encoded(value, serializer.dumps(value))
        except SerializationError as error:
            dot = "." if error.path[:1].isidentifier() else ""
            path = f"{key_step(name)}{dot}{error.path}".removeprefix(".")
            raise SerializationError(error.problem, path=path) from error
    return encoded


def _sameness(serializer: Serializer) -> _Same:
    """Return what says whether an attribute is the same on two sides; None is one that is not there."""
    capabilities = serializer.capabilities

    def same(one: _Encoded | None, other: _Encoded | None) -> bool:
        if one is None or other is None:
            return one is other
        if one.encoding == other.encoding:
            return True
        return not capabilities.canonical and _equal(one.value, other.value, identity=capabilities.identity)

    return same


def _equal(one: object, other: object, *, identity: bool) -> bool:
    """Whether two values hold the same, although their encodings differ, which says nothing if those have a history."""
    try:
        return difference(one, other, identity=identity) is None
    except Exception:  # noqa: BLE001 - an unregistered class may compare in any way: then the encodings are all there is
        return False
