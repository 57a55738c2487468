"""Whether a store does its work at all, whatever the way to its node."""

from memcached_sessions.manager.stores.store import Outcome, Store


def keeps_values(store: Store) -> bool:
    """Whether a store does its work: with a small value, and one that is larger than any buffer on the way."""
    return all(
        store.set("kept", value, flags=0, ttl=60).outcome is Outcome.STORED
        and (read := store.get("kept")) is not None
        and read.value == value
        for value in (b"value", bytes(500_000))
    )
