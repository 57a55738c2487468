"""Which keys, lives and flags every `Store` takes, and which it refuses before anything is sent; part of the suite."""

import secrets

import pytest

from memcached_sessions.manager.stores.store import Cas, Store


class ArgumentConformance:
    """What is refused is a `ValueError`: a mistake of the caller, no fault of the node."""

    @pytest.fixture
    def key(self) -> str:
        """A key that no other test uses."""
        return f"test:{secrets.token_hex(16)}"

    @pytest.mark.parametrize("key", ["", " ", "a b", "a\r\nflush_all", "a\n", "a\x00", "\x7f", "ü", "a" * 251])
    def test_what_is_no_key_is_refused(self, store: Store, key: str) -> None:
        """By every command, before anything is sent."""
        with pytest.raises(ValueError, match="key"):
            store.get(key)
        with pytest.raises(ValueError, match="key"):
            store.add(key, b"", flags=0, ttl=None)
        with pytest.raises(ValueError, match="key"):
            store.set(key, b"", flags=0, ttl=None)
        with pytest.raises(ValueError, match="key"):
            store.replace(key, b"", cas=Cas(1, ""), flags=0, ttl=None)
        with pytest.raises(ValueError, match="key"):
            store.delete(key, cas=Cas(1, ""))

    @pytest.mark.parametrize("letter", ["!", "~", ":", "a"])
    def test_the_longest_key_is_one(self, store: Store, letter: str) -> None:
        """250 bytes of what is printable."""
        key = secrets.token_hex(16).ljust(250, letter)

        store.add(key, b"value", flags=0, ttl=60)

        assert store.get(key)

    @pytest.mark.parametrize("ttl", [0, -1])
    def test_a_life_that_is_none_is_refused(self, store: Store, key: str, ttl: int) -> None:
        """memcached takes 0 for "for ever" and less for "gone"."""
        store.add(key, b"value", flags=0, ttl=60)

        with pytest.raises(ValueError, match="ttl"):
            store.set(key, b"", flags=0, ttl=ttl)
        with pytest.raises(ValueError, match="ttl"):
            store.get(key, touch=ttl, renew=True)

        read = store.get(key)
        assert read
        assert read.value == b"value"

    @pytest.mark.parametrize("flags", [-1, 2**32])
    def test_flags_that_are_not_32_bits_are_refused(self, store: Store, key: str, flags: int) -> None:
        """memcached stores their low bits without a word."""
        with pytest.raises(ValueError, match="flags"):
            store.set(key, b"", flags=flags, ttl=None)

        assert store.get(key) is None
