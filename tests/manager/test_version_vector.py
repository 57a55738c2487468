"""Version vectors: a partial order, its least upper bound, and the stamp in memcached's client flags."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.manager.version_vector import (
    EMPTY,
    MAX_WRITERS,
    Relation,
    VersionVector,
    client_flags,
    compare,
    is_dead,
)

PROPERTY = settings(max_examples=200, deadline=None, derandomize=True, database=None)
FEW_WRITERS = st.integers(1, 5)  # few, so that vectors often have some in common
WRITERS = st.integers(0, 2**32 - 1)
FLIPPED = {
    Relation.SAME: Relation.SAME,
    Relation.OLDER: Relation.NEWER,
    Relation.NEWER: Relation.OLDER,
    Relation.BRANCH: Relation.BRANCH,
}


def _vectors(writers: st.SearchStrategy[int]) -> st.SearchStrategy[VersionVector]:
    entries = st.lists(st.tuples(writers, st.integers(1, 3)), max_size=MAX_WRITERS, unique_by=lambda entry: entry[0])
    return entries.map(lambda pairs: VersionVector(tuple(pairs)))


VECTORS = _vectors(FEW_WRITERS)


def _no_older(mine: VersionVector, theirs: VersionVector) -> bool:
    return compare(mine, theirs) in {Relation.SAME, Relation.NEWER}


@PROPERTY
@given(VECTORS)
def test_a_vector_is_the_same_as_itself(vector: VersionVector) -> None:
    """Reflexive."""
    assert compare(vector, vector) is Relation.SAME


@PROPERTY
@given(VECTORS, VECTORS)
def test_the_other_side_sees_the_relation_turned_round(one: VersionVector, other: VersionVector) -> None:
    """Antisymmetric, and the same only if equal."""
    relation = compare(one, other)

    assert compare(other, one) is FLIPPED[relation]
    assert (relation is Relation.SAME) == (one == other)


@PROPERTY
@given(VECTORS, VECTORS, VECTORS)
def test_the_ancestor_of_an_ancestor_is_an_ancestor(a: VersionVector, b: VersionVector, c: VersionVector) -> None:
    """Transitive: along a chain built from any three vectors, and wherever three happen to be a chain."""
    middle = a.merged(b)

    assert _no_older(middle.merged(c), a)
    if _no_older(a, b) and _no_older(b, c):
        assert _no_older(a, c)


@PROPERTY
@given(_vectors(st.integers(1, MAX_WRITERS)), WRITERS)
def test_a_save_makes_a_descendant(vector: VersionVector, writer: int) -> None:
    """As long as the vector has room for the writer."""
    bumped = vector.bumped(writer)

    if len(vector.entries) < MAX_WRITERS or writer in dict(vector.entries):
        assert compare(vector, bumped) is Relation.OLDER
    assert bumped.last_writer == writer
    assert dict(bumped.entries)[writer] == dict(vector.entries).get(writer, 0) + 1


def test_two_saves_from_one_state_are_branches() -> None:
    """Rule R5: the counters are equal, and neither may be taken for older."""
    loaded = EMPTY.bumped(1)

    assert compare(mine=loaded.bumped(1), theirs=loaded.bumped(2)) is Relation.BRANCH


@PROPERTY
@given(VECTORS, VECTORS, VECTORS)
def test_the_merge_is_the_least_state_that_has_seen_both(
    one: VersionVector, other: VersionVector, bound: VersionVector
) -> None:
    """The least upper bound, with at most 16 writers in all."""
    merged = one.merged(other)

    assert _no_older(merged, one)
    assert _no_older(merged, other)
    if _no_older(bound, one) and _no_older(bound, other):
        assert _no_older(bound, merged)
    assert _no_older(one.merged(bound).merged(other), merged)


@PROPERTY
@given(VECTORS, VECTORS, VECTORS)
def test_merges_do_not_depend_on_their_order(a: VersionVector, b: VersionVector, c: VersionVector) -> None:
    """Commutative (with the same order of writers), associative, and nothing comes of merging twice."""
    assert a.merged(b).entries == b.merged(a).entries
    assert a.merged(b).merged(c) == a.merged(b.merged(c))
    assert a.merged(a).entries == a.entries
    assert a.merged(b).merged(b) == a.merged(b)


@PROPERTY
@given(st.lists(FEW_WRITERS, max_size=20), st.integers(0, 20))
def test_a_merge_with_an_ancestor_changes_nothing(saves: list[int], earlier: int) -> None:
    """Nor the order of the writers."""
    states = [EMPTY]
    for writer in saves:
        states.append(states[-1].bumped(writer))
    ancestor = states[min(earlier, len(saves))]

    assert states[-1].merged(ancestor).entries == states[-1].entries


@PROPERTY
@given(st.lists(WRITERS, min_size=MAX_WRITERS + 1, max_size=40, unique=True))
def test_the_writer_whose_last_save_is_longest_ago_is_forgotten(writers: list[int]) -> None:
    """At most 16 remain, in the order of their last saves."""
    vector = EMPTY
    for writer in writers:
        vector = vector.bumped(writer)

    assert [writer for writer, _ in vector.entries] == writers[-MAX_WRITERS:]


def test_a_writer_that_saves_again_is_not_forgotten() -> None:
    """Recency counts, not the first save."""
    vector = VersionVector(tuple((writer, 1) for writer in range(MAX_WRITERS)))

    vector = vector.bumped(0).bumped(99)

    assert 0 in dict(vector.entries)
    assert 1 not in dict(vector.entries)


def test_a_state_that_still_knows_a_forgotten_writer_is_a_branch() -> None:
    """Never an ancestor or a descendant of one that forgot it: both directions would lose attributes."""
    full = VersionVector(tuple((writer, 1) for writer in range(MAX_WRITERS)))

    assert compare(mine=full, theirs=full.bumped(99)) is Relation.BRANCH


@PROPERTY
@given(_vectors(WRITERS), _vectors(WRITERS))
def test_a_merge_keeps_at_most_16_writers_each_with_its_higher_count(one: VersionVector, other: VersionVector) -> None:
    """Whatever is merged."""
    merged = one.merged(other)

    everyone = dict(one.entries).keys() | dict(other.entries).keys()
    assert len(merged.entries) == min(len(everyone), MAX_WRITERS)
    for writer, count in merged.entries:
        assert count == max(dict(one.entries).get(writer, 0), dict(other.entries).get(writer, 0))


def test_a_merge_forgets_the_writers_whose_last_save_is_longest_ago_on_either_side() -> None:
    """Two full vectors of different writers: the later halves of both remain, interleaved."""
    one = VersionVector(tuple((writer, 1) for writer in range(MAX_WRITERS)))
    other = VersionVector(tuple((writer + 100, 1) for writer in range(MAX_WRITERS)))

    merged = one.merged(other)

    assert [writer for writer, _ in merged.entries] == [side + late for late in range(8, 16) for side in (0, 100)]


@PROPERTY
@given(st.permutations([(1, 4), (2, 1), (2**32 - 1, 2)]))
def test_equal_vectors_have_one_stamp_and_one_hash(entries: list[tuple[int, int]]) -> None:
    """In whatever order their writers are."""
    vector, sorted_vector = VersionVector(tuple(entries)), VersionVector(((1, 4), (2, 1), (2**32 - 1, 2)))

    assert vector == sorted_vector
    assert hash(vector) == hash(sorted_vector)
    assert vector.stamp() == sorted_vector.stamp()


def test_the_stamp_is_the_same_in_every_release() -> None:
    """Processes of several releases compare stamps: a change of the hash would make every copy look changed."""
    assert EMPTY.stamp() == 0x1271CF25
    assert VersionVector(((7, 1), (0xFFFFFFFF, 2**40))).stamp() == 0x4D360258


def test_other_vectors_have_other_stamps() -> None:
    """All orders of count and writer, and saves that only move between writers."""
    vectors = {VersionVector(((1, a), (2, b), (3, c))) for a, b, c in permutations(range(1, 9), 3)}
    vectors |= {EMPTY, VersionVector(((1, 1),)), VersionVector(((2, 1),)), VersionVector(((1, 2),))}

    assert len({vector.stamp() for vector in vectors}) == len(vectors)


@PROPERTY
@given(_vectors(WRITERS))
def test_client_flags_carry_the_dead_mark_and_the_stamp(vector: VersionVector) -> None:
    """In 32 bits."""
    alive, dead = client_flags(vector, dead=False), client_flags(vector, dead=True)

    assert (is_dead(alive), is_dead(dead)) == (False, True)
    assert alive == vector.stamp()
    assert dead == alive + 2**31
    assert 0 <= alive < dead < 2**32


@pytest.mark.parametrize(
    "entries",
    [
        ((1, 0),),
        ((1, -1),),
        ((-1, 1),),
        ((2**32, 1),),
        ((1, 1), (1, 2)),
        tuple((writer, 1) for writer in range(MAX_WRITERS + 1)),
    ],
)
def test_entries_that_no_save_makes_are_refused(entries: tuple[tuple[int, int], ...]) -> None:
    """Wherever they come from."""
    with pytest.raises(ValueError, match="writer"):
        VersionVector(entries)


def test_a_session_that_was_never_saved_has_no_last_writer() -> None:
    """The protocol breaks ties by the last writer: 0 loses against all others."""
    assert EMPTY.last_writer == 0
    assert VersionVector(((5, 1), (4, 1))).last_writer == 4
