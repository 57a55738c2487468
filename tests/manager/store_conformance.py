"""What every `Store` promises in its docstrings, as one suite: a class to inherit from, with three fixtures to give.

``store``: a store of a node that lives; ``another``: a second store on the same node, as another process has it;
``node``: what happens to the node (`Node`).
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest
from argument_conformance import ArgumentConformance

from memcached_sessions.manager.stores.store import Cas, Outcome, Store

DAY = 24 * 60 * 60
ELSEWHERE = "a generation of another life"


class Node(Protocol):
    """What happens to a node."""

    def flush(self) -> None:
        """Lose all items."""

    def restart(self) -> None:
        """End and start again, empty."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""


class StoreConformance(ArgumentConformance):
    """The suite."""

    def test_a_key_that_was_never_stored_is_nothing(self, store: Store, key: str) -> None:
        """Absence is an answer, no error."""
        assert store.get(key) is None
        assert store.get(key, value=False) is None
        assert store.get(key, touch=60, renew=True) is None

    @pytest.mark.parametrize("value", [b"", b"v", b"\r\nEND\r\n", b"\x00\xff" * 5000, bytes(900_000)])
    def test_what_is_added_is_read_back(self, store: Store, another: Store, key: str, value: bytes) -> None:
        """Any bytes, the empty value and line ends among them, by every client of the node."""
        written = store.add(key, value, flags=7, ttl=100)

        read = another.get(key)

        assert written.outcome is Outcome.STORED
        assert read
        assert (read.value, read.flags, read.cas) == (value, 7, written.cas)
        assert read.ttl in (99, 100)

    def test_add_stores_only_where_nothing_is(self, store: Store, key: str) -> None:
        """Two processes that create one session: the second is told."""
        first = store.add(key, b"first", flags=1, ttl=60)

        second = store.add(key, b"second", flags=2, ttl=600)

        read = store.get(key)
        assert (second.outcome, second.cas) == (Outcome.EXISTS, None)
        assert read
        assert (read.value, read.flags, read.cas) == (b"first", 1, first.cas)
        assert read.ttl in (59, 60)

    def test_replace_stores_over_the_item_that_was_seen(self, store: Store, key: str) -> None:
        """The ordinary save: value, flags, life and CAS are new."""
        first = store.add(key, b"first", flags=1, ttl=60)
        assert first.cas

        second = store.replace(key, b"second", cas=first.cas, flags=2, ttl=600)

        read = store.get(key)
        assert second.outcome is Outcome.STORED
        assert read
        assert (read.value, read.flags, read.cas) == (b"second", 2, second.cas)
        assert read.ttl in (599, 600)
        assert second.cas != first.cas

    def test_replace_of_an_item_that_has_changed_changes_nothing(self, store: Store, another: Store, key: str) -> None:
        """The contested save: whoever comes second is told."""
        first = store.add(key, b"first", flags=1, ttl=60)
        assert first.cas
        winner = another.replace(key, b"winner", cas=first.cas, flags=2, ttl=60)

        loser = store.replace(key, b"loser", cas=first.cas, flags=3, ttl=600)

        read = store.get(key)
        assert (loser.outcome, loser.cas) == (Outcome.EXISTS, None)
        assert read
        assert (read.value, read.flags, read.cas) == (b"winner", 2, winner.cas)

    def test_replace_of_an_item_that_is_gone_stores_nothing(self, store: Store, key: str) -> None:
        """A slow save does not bring back what was removed."""
        first = store.add(key, b"first", flags=1, ttl=60)
        assert first.cas
        store.delete(key, cas=first.cas)

        late = store.replace(key, b"late", cas=first.cas, flags=1, ttl=60)

        assert (late.outcome, late.cas) == (Outcome.NOT_FOUND, None)
        assert store.get(key) is None

    def test_a_cas_of_another_generation_replaces_and_deletes_nothing(self, store: Store, key: str) -> None:
        """Equal counts of two lives of a server are not equal (rule R9); where nothing is, the answer is the same."""
        first = store.add(key, b"first", flags=0, ttl=60)
        assert first.cas
        foreign = Cas(first.cas.unique, ELSEWHERE)

        assert store.replace(key, b"second", cas=foreign, flags=0, ttl=60).outcome is Outcome.EXISTS
        assert store.delete(key, cas=foreign) is Outcome.EXISTS
        assert store.replace(f"{key}:none", b"second", cas=foreign, flags=0, ttl=60).outcome is Outcome.EXISTS
        assert store.delete(f"{key}:none", cas=foreign) is Outcome.EXISTS

        read = store.get(key)
        assert read
        assert (read.value, read.cas) == (b"first", first.cas)

    def test_set_stores_whatever_is_there(self, store: Store, key: str) -> None:
        """A tombstone wins over everything, and over nothing."""
        created = store.set(key, b"first", flags=1, ttl=60)

        overwritten = store.set(key, b"second", flags=2, ttl=None)

        read = store.get(key)
        assert created.outcome is overwritten.outcome is Outcome.STORED
        assert created.cas != overwritten.cas
        assert read
        assert (read.value, read.flags, read.cas, read.ttl) == (b"second", 2, overwritten.cas, None)

    def test_delete_removes_the_item_that_was_seen(self, store: Store, key: str) -> None:
        """Once; the second time nothing is there."""
        written = store.add(key, b"value", flags=0, ttl=60)
        assert written.cas

        assert store.delete(key, cas=written.cas) is Outcome.STORED
        assert store.delete(key, cas=written.cas) is Outcome.NOT_FOUND
        assert store.get(key) is None

    def test_delete_of_an_item_that_has_changed_removes_nothing(self, store: Store, key: str) -> None:
        """What another process has saved since stays."""
        first = store.add(key, b"first", flags=0, ttl=60)
        assert first.cas
        second = store.replace(key, b"second", cas=first.cas, flags=0, ttl=60)

        assert store.delete(key, cas=first.cas) is Outcome.EXISTS

        read = store.get(key)
        assert read
        assert (read.value, read.cas) == (b"second", second.cas)

    def test_get_without_the_value_tells_the_rest(self, store: Store, key: str) -> None:
        """The revalidation of a local copy: the same answer, without the bytes."""
        written = store.add(key, bytes(10_000), flags=2**32 - 1, ttl=100)

        state = store.get(key, value=False)

        assert state
        assert (state.value, state.cas, state.flags) == (None, written.cas, 2**32 - 1)
        assert state.ttl in (99, 100)

    @pytest.mark.parametrize("value", [True, False])
    def test_renewing_gives_a_new_life_and_keeps_the_cas(self, store: Store, key: str, *, value: bool) -> None:
        """The answer has the life that was left before; a touch is no write."""
        written = store.add(key, b"value", flags=3, ttl=100)

        touched = store.get(key, value=value, touch=5000, renew=True)
        forever = store.get(key, value=value, touch=None, renew=True)
        after = store.get(key, value=value)

        assert touched
        assert forever
        assert after
        assert touched.ttl in (99, 100)
        assert forever.ttl in (4999, 5000)
        assert after.ttl is None
        assert touched.cas == forever.cas == after.cas == written.cas
        assert touched.value == forever.value == after.value == (b"value" if value else None)

    def test_without_renew_the_life_stays(self, store: Store, key: str) -> None:
        """A life that is given and not asked for changes nothing."""
        store.add(key, b"value", flags=0, ttl=100)

        store.get(key, touch=5000)

        after = store.get(key)
        assert after
        assert after.ttl in (99, 100)

    @pytest.mark.parametrize("ttl", [30 * DAY - 1, 30 * DAY, 30 * DAY + 1, 400 * DAY])
    def test_a_life_around_and_over_30_days_is_what_was_asked_for(self, store: Store, key: str, ttl: int) -> None:
        """Over 30 days memcached takes the number for a time since 1970, which would be the past."""
        created = store.add(key, b"value", flags=0, ttl=ttl)
        read = store.get(key)
        assert created.cas
        store.replace(key, b"value", cas=created.cas, flags=0, ttl=60)
        store.get(key, touch=ttl, renew=True)
        touched = store.get(key)

        assert read
        assert touched
        assert read.ttl is not None
        assert touched.ttl is not None
        assert ttl - 2 <= read.ttl <= ttl + 2
        assert ttl - 2 <= touched.ttl <= ttl + 2

    def test_for_ever_is_told_as_none(self, store: Store, key: str) -> None:
        """By every command that stores."""
        added = store.add(key, b"value", flags=0, ttl=None)
        read = store.get(key)
        assert added.cas
        store.replace(key, b"value", cas=added.cas, flags=0, ttl=None)
        replaced = store.get(key)

        assert read
        assert replaced
        assert read.ttl is replaced.ttl is None

    def test_what_has_expired_is_gone_for_every_command(self, store: Store, node: Node, key: str) -> None:
        """And what was renewed in time is not."""
        expired = store.add(key, b"value", flags=0, ttl=2)
        store.add(f"{key}:renewed", b"value", flags=0, ttl=2)
        assert store.get(key)
        assert expired.cas
        store.get(f"{key}:renewed", touch=60, renew=True)

        node.wait(3.1)

        assert store.get(key) is None
        assert store.replace(key, b"late", cas=expired.cas, flags=0, ttl=60).outcome is Outcome.NOT_FOUND
        assert store.delete(key, cas=expired.cas) is Outcome.NOT_FOUND
        assert store.add(key, b"anew", flags=0, ttl=60).outcome is Outcome.STORED
        assert store.get(f"{key}:renewed")

    def test_a_flushed_node_is_a_new_generation_at_the_next_probe(self, store: Store, node: Node, key: str) -> None:
        """Everything is gone, and no `Cas` of before is good for anything."""
        before = store.add(key, b"before", flags=0, ttl=60)
        assert before.cas
        assert store.generation == before.cas.generation

        node.flush()
        generation = store.probe()

        assert generation == store.generation != before.cas.generation
        assert store.get(key) is None
        after = store.add(key, b"after", flags=0, ttl=60)
        assert after.cas
        assert after.cas.generation == generation
        assert store.replace(key, b"x", cas=before.cas, flags=0, ttl=60).outcome is Outcome.EXISTS
        assert store.delete(key, cas=before.cas) is Outcome.EXISTS

    def test_a_cas_of_before_a_restart_fits_nothing_after_it(self, store: Store, node: Node, key: str) -> None:
        """The server counts anew and comes to the same number: trace 9a of the protocol."""
        before = store.add(key, b"before", flags=0, ttl=60)
        assert before.cas

        node.restart()
        counts: set[int] = set()
        while before.cas.unique not in counts:
            after = store.set(key, b"after", flags=0, ttl=60)
            assert after.cas
            counts.add(after.cas.unique)

        assert store.generation == after.cas.generation != before.cas.generation
        assert store.replace(key, b"late", cas=before.cas, flags=0, ttl=60).outcome is Outcome.EXISTS
        assert store.delete(key, cas=before.cas) is Outcome.EXISTS
        read = store.get(key)
        assert read
        assert read.value == b"after"

    def test_all_stores_of_a_node_see_one_generation(self, store: Store, another: Store) -> None:
        """So one process's `Cas` means the same to the other."""
        assert store.probe() == another.probe() == store.generation == another.generation != ""

    def test_a_closed_store_opens_again(self, store: Store, key: str) -> None:
        """Closing lets go of connections, no more."""
        store.add(key, b"value", flags=0, ttl=60)

        store.close()
        store.close()

        assert store.get(key)

    def test_answers_belong_to_their_keys_under_threads(self, store: Store, key: str) -> None:
        """8 threads, each with 200 commands on keys of its own, over one store."""

        def work(number: int) -> list[str]:
            mine = f"{key}:{number}"
            cas = store.add(mine, b"0", flags=number, ttl=60).cas
            wrong: list[str] = []
            for count in range(1, 101):
                assert cas
                value = b"%d of %d" % (count, number) * (1 + 40 * (count % 7))
                cas = store.replace(mine, value, cas=cas, flags=number, ttl=60).cas
                read = store.get(mine)
                if read is None or (read.value, read.flags, read.cas) != (value, number, cas):
                    wrong.append(f"{mine}: {read}")
            return wrong

        with ThreadPoolExecutor(8) as threads:
            assert [wrong for wrongs in threads.map(work, range(8)) for wrong in wrongs] == []
