"""The bytes of commands: one line each, whatever the arguments, and lives as a server understands them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcached_sessions.manager.stores import meta_commands, store_arguments
from memcached_sessions.manager.stores.store import Cas

DAY = 24 * 60 * 60
NOW = 1_800_000_000
LAST_SECOND = 2**31 - 1


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The commands' clock stands still."""
    monkeypatch.setattr(meta_commands.time, "time", lambda: NOW + 0.75)
    return monkeypatch


@pytest.mark.usefixtures("at")
@pytest.mark.parametrize(
    ("ttl", "told"),
    [
        (None, 0),
        (1, 1),
        (30 * DAY, 30 * DAY),
        (30 * DAY + 1, NOW + 30 * DAY + 1),
        (365 * DAY, NOW + 365 * DAY),
        (LAST_SECOND - NOW, LAST_SECOND),
        (LAST_SECOND - NOW + 1, LAST_SECOND),
        (10**12, LAST_SECOND),
    ],
)
def test_a_life_is_told_in_seconds_or_as_a_time(ttl: int | None, told: int) -> None:
    """Over 30 days as a time; a time that has no 31 bits would be the past to the server."""
    assert meta_commands.wire_ttl(ttl) == told


def test_when_times_come_to_an_end_30_days_are_the_longest_life(at: pytest.MonkeyPatch) -> None:
    """In 2038 memcached can tell no later time; 30 days are still told in seconds."""
    at.setattr(meta_commands.time, "time", lambda: LAST_SECOND - 30 * DAY)

    assert meta_commands.wire_ttl(31 * DAY) == 30 * DAY


@given(
    key=st.text(max_size=260),
    value=st.binary(max_size=50),
    flags=st.integers(-10, 2**33),
    ttl=st.one_of(st.none(), st.integers(-10, 2**40)),
    unique=st.integers(0, 2**64 - 1),
)
def test_a_command_is_one_line_and_its_value_or_it_is_refused(
    key: str, value: bytes, flags: int, ttl: int | None, unique: int
) -> None:
    """No argument becomes a second command."""
    good_key = 1 <= len(key) <= 250 and all("!" <= letter <= "~" for letter in key)
    good = good_key and 0 <= flags < 2**32 and (ttl is None or ttl >= 1)
    cas = Cas(unique, "4f1d")

    try:
        requests = [
            meta_commands.add_command(key, value, flags=flags, ttl=ttl).request,
            meta_commands.set_command(key, value, flags=flags, ttl=ttl).request,
            meta_commands.replace_command(key, value, cas=cas, flags=flags, ttl=ttl).request,
        ]
    except ValueError:
        assert not good
        return
    assert good
    for request in requests:
        line, _, block = request.partition(b"\r\n")
        assert block == value + b"\r\n"
        assert line.split(b" ")[:3] == [b"ms", key.encode(), b"%d" % len(value)]
        assert b"\n" not in line


@pytest.mark.parametrize("username", ["", "two words", "a\r\nflush_all", "a\x00"])
def test_a_name_or_password_that_memcached_cannot_have_is_refused(username: str) -> None:
    """And is not in the message."""
    for name, password in ((username, "secret"), ("app", username)):
        with pytest.raises(ValueError, match="username and password") as caught:
            meta_commands.authenticate_command(name, password)

        assert "secret" not in str(caught.value)


def test_the_size_of_an_item_counts_flags_only_if_there_are_any() -> None:
    """As memcached's ``item_make_header`` does."""
    assert store_arguments.item_size("k", b"", 1) - store_arguments.item_size("k", b"", 0) == 4
