"""Django's contract of a session store, on real memcached: create, save, load, exists, delete, flush, expiry, async."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from web.django_process import django_process, in_django
from web.sites import served

__all__ = ["django_process"]


def new_store(**attributes: Any) -> Any:
    """Return a store whose session was saved."""
    from memcached_sessions.manager.web.django import SessionStore

    store = SessionStore()
    store.update(attributes)
    store.save()
    return store


def store_of(key: str | None) -> Any:
    """Return another store of a key, or of what is none."""
    from memcached_sessions.manager.web.django import SessionStore

    return SessionStore(key)


def held(key: str | None) -> dict[str, Any]:
    """Return what a session holds."""
    return dict(store_of(key).items())


@in_django
def test_a_new_store_asks_nobody() -> None:
    """It was neither accessed nor modified, and has no key; nor does reading give it one."""
    store = store_of(None)
    assert (store.accessed, store.modified, store.session_key) == (False, False, None)
    assert store.get("cat") is None
    assert (store.accessed, store.modified, store.session_key) == (True, False, None)
    assert store.is_empty()


@in_django
def test_create_makes_a_key_that_exists() -> None:
    """Lines T1, T2: 32 hexadecimal digits that nobody can guess, another one each time, even for an empty session."""
    keys = set()
    for _ in range(20):
        store = store_of(None)
        store.create()
        assert store.modified
        assert store.exists(store.session_key)
        assert len(store.session_key) == 32
        assert int(store.session_key, 16) >= 0
        keys.add(store.session_key)
    assert len(keys) == 20
    assert held(store.session_key) == {}


@in_django
def test_save_and_load() -> None:
    """Under the same key, which stays the same."""
    store = new_store(cat="dog", cart=[{"tea": 2}])
    key = store.session_key
    store["bird"] = "fish"
    store.save()
    assert store.session_key == key
    assert held(key) == {"cat": "dog", "cart": [{"tea": 2}], "bird": "fish"}


@in_django
def test_whatever_is_read_of_a_session_is_of_one_moment() -> None:
    """That of the first look: text is read without a copy of the rest, which is made when it is asked for."""
    key = new_store(cat="dog", cart=[1]).session_key
    reader, other = store_of(key), store_of(key)
    assert reader.get("cat") == "dog"
    other["cat"] = "cow"
    other["cart"].append(2)
    other.save()

    assert (reader["cat"], "bird" in reader, reader.get("bird", "none")) == ("dog", False, "none")
    assert reader["cart"] == [1]
    assert dict(reader.items()) == {"cat": "dog", "cart": [1]}
    reader["bird"] = "fish"
    reader.save()
    assert held(key) == {"cat": "cow", "cart": [1, 2], "bird": "fish"}


@in_django
def test_a_value_that_can_be_changed_is_a_copy_from_the_first_look_on() -> None:
    """Also when other attributes were read before."""
    key = new_store(cat="dog", cart=[1]).session_key
    store = store_of(key)
    assert store["cat"] == "dog"
    store.get("cart").append(2)
    assert store["cart"] == [1, 2]
    assert held(key) == {"cat": "dog", "cart": [1]}


@in_django
def test_a_look_of_any_kind_counts_as_access() -> None:
    """The response depends on it; an attribute that is not there is an error as ever."""
    key = new_store(cat="dog").session_key
    looks = [
        lambda store: store.get("cat"),
        lambda store: store["cat"],
        lambda store: "cat" in store,
        lambda store: store.has_key("cat"),
        lambda store: store.get("bird"),
    ]
    for look in looks:
        store = store_of(key)
        look(store)
        assert (store.accessed, store.modified) == (True, False)
    with pytest.raises(KeyError, match="bird"):
        store["bird"]


@in_django
def test_a_store_that_was_only_looked_at_can_be_created_anew_or_cleared() -> None:
    """With all that it holds, and with nothing."""
    key = new_store(cat="dog", cart=[1]).session_key
    store = store_of(key)
    assert store.get("cat") == "dog"
    store.create()
    assert store.session_key != key
    assert held(store.session_key) == {"cat": "dog", "cart": [1]}

    store = store_of(key)
    assert store.get("cat") == "dog"
    store.clear()
    assert (store.get("cat"), "cat" in store) == (None, False)
    store.save()
    assert held(key) == {}


@in_django
def test_a_saved_session_is_on_the_node() -> None:
    """Not in this process alone: another one finds it."""
    from django.conf import settings

    from memcached_sessions import SessionManager

    store = new_store(cat="dog")
    nodes, key = settings.MEMCACHED_SESSIONS["nodes"], settings.SECRET_KEY
    with SessionManager(nodes, signing_keys=[key]) as other, other.request(store.session_key) as session:
        assert session == {"cat": "dog"}


@in_django
def test_two_stores_of_one_key_see_each_other_when_they_are_saved() -> None:
    """And not before, however deep a change is."""
    one = new_store(cart=["tea"])
    other = store_of(one.session_key)
    assert other["cart"] == ["tea"]
    one["cart"].append("milk")
    assert other["cart"] == ["tea"]
    assert held(one.session_key) == {"cart": ["tea"]}

    one.save()
    assert other["cart"] == ["tea"]
    assert held(one.session_key) == {"cart": ["tea", "milk"]}


@in_django
def test_what_two_stores_have_changed_is_merged() -> None:
    """Nobody's update is lost; where both set an attribute the one that was saved last stays."""
    one = new_store(a=1, b=1, c=1)
    other = store_of(one.session_key)
    other.load()
    other.update({"b": "other", "c": "other", "new": "other"})
    one["a"] = "one"
    one["c"] = "one"
    one.save()
    other.save()
    assert held(one.session_key) == {"a": "one", "b": "other", "c": "other", "new": "other"}


@in_django
def test_a_store_can_be_saved_again_and_again() -> None:
    """Each time what was changed since."""
    one = new_store(n=0)
    other = store_of(one.session_key)
    for number in range(3):
        one["n"] = number
        one.save()
        other["m"] = number
        other.save()
    assert held(one.session_key) == {"n": 2, "m": 2}


@in_django
def test_clear_removes_what_was_there_without_loading_it() -> None:
    """The key stays."""
    key = new_store(a=1, b=2).session_key
    store = store_of(key)
    store.clear()
    store["c"] = 3
    store.save()
    assert store.session_key == key
    assert held(key) == {"c": 3}


@in_django
def test_delete_ends_a_session_in_every_store() -> None:
    """Line T7: what another store saves afterwards does not bring it back."""
    from django.contrib.sessions.backends.base import UpdateError

    store, late = new_store(a=1), None
    late = store_of(store.session_key)
    late["b"] = 2
    store.delete()
    assert not store.exists(store.session_key)
    with pytest.raises(UpdateError):
        late.save()
    assert not store.exists(store.session_key)
    assert held(store.session_key) == {}


@in_django
def test_delete_of_a_key_that_is_not_there_does_nothing() -> None:
    """Nor of one that is none."""
    store = new_store(a=1)
    for key in ("0" * 32, "1", "no such key at all", None):
        store_of(None).delete(key)
    assert store.exists(store.session_key)
    other = new_store()
    store.delete(other.session_key)
    assert not store.exists(other.session_key)


@in_django
def test_flush_ends_the_session_and_forgets_the_key() -> None:
    """What is put in afterwards is another session."""
    store = new_store(a=1)
    key = store.session_key
    store.flush()
    assert store.session_key is None
    assert store.modified
    assert not store.exists(key)
    store["b"] = 2
    store.save()
    assert store.session_key != key
    assert held(store.session_key) == {"b": 2}


@in_django
def test_cycle_key_keeps_the_data_under_a_new_key() -> None:
    """Lines S3, T5: the old one is dead at once, and what was not saved yet is there still."""
    store = new_store(a=1)
    key = store.session_key
    store["b"] = 2
    store.cycle_key()
    assert store.session_key not in (key, None)
    assert store.modified
    assert not store.exists(key)
    assert held(store.session_key) == {"a": 1}
    assert dict(store.items()) == {"a": 1, "b": 2}
    store.save()
    assert held(store.session_key) == {"a": 1, "b": 2}
    assert held(key) == {}


@in_django
def test_cycle_key_of_a_session_that_is_not_there_begins_one() -> None:
    """As the login of a visitor who has none."""
    for store in (store_of(None), store_of("0" * 32)):
        store["a"] = 1
        store.cycle_key()
        assert held(store.session_key) == {"a": 1}


@pytest.mark.parametrize(
    "key", ["0" * 32, "0" * 32 + "-n9", "../" * 10, "someunknownkey", "x" * 4000, "a\r\nb 8 chars", "ключ" * 8]
)
@in_django
def test_an_unknown_key_is_never_adopted(key: str) -> None:
    """Lines S1, S2, T2, T3: whether it could be one or not, a session that begins has a key of ours."""
    store = store_of(key)
    assert store.load() == {}
    assert store.session_key is None
    store = store_of(key)
    store["a"] = 1
    store.save()
    assert len(store.session_key) == 32
    assert not store_of(None).exists(key)


@in_django
def test_a_key_that_another_process_may_know_is_kept_for_reading() -> None:
    """Line S2: it was named in the cookie, and nobody can ask it. What is written begins another session."""
    store = store_of("0" * 32 + "-n1.app2")
    assert store.load() == {}
    assert store.session_key == "0" * 32
    store["a"] = 1
    store.save()
    assert store.session_key != "0" * 32
    assert held(store.session_key) == {"a": 1}


@pytest.mark.parametrize("use", ["load", "save", "asave"])
@in_django
def test_saving_a_session_that_cannot_be_asked_for_unchanged_stores_nothing(use: str) -> None:
    """Line S2: it keeps its key, and what the client has is not replaced, whether it was looked at before or not."""
    from memcached_sessions.manager.web.django import session_manager

    cookie, before = "0" * 32 + "-n1.app2~abcdefgh", session_manager().health().sessions
    store = store_of(cookie)
    if use == "load":
        assert store.load() == {}
    if use == "asave":
        asyncio.run(store.asave())
    else:
        store.save()
    assert (store.session_key, store.cookie_value) == ("0" * 32, cookie)
    assert session_manager().health().sessions == before


@pytest.mark.parametrize("key", ["", None, "1", "1234567"])
@in_django
def test_an_empty_or_short_key_is_none(key: str | None) -> None:
    """Lines S11, T4, CVE-2015-3982: nobody shares a session with all others that have none."""
    one, other = store_of(key), store_of(key)
    assert one.session_key is None
    one["a"] = 1
    one.save()
    assert "a" not in other
    other["b"] = 1
    other.save()
    assert one.session_key != other.session_key


@in_django
def test_save_with_must_create_refuses_a_key_that_is_there() -> None:
    """Line T6: and makes another one where it is not."""
    from django.contrib.sessions.backends.base import CreateError

    store = new_store(a=1)
    with pytest.raises(CreateError):
        store_of(store.session_key).save(must_create=True)
    other = store_of("0" * 32)
    other.save(must_create=True)
    assert other.session_key != "0" * 32
    assert held(store.session_key) == {"a": 1}


@in_django
def test_the_key_cannot_be_set() -> None:
    """It is made by the store."""
    store = new_store()
    with pytest.raises(AttributeError):
        store.session_key = "0" * 32


@in_django
def test_a_value_that_cannot_be_kept_is_an_error_with_its_path() -> None:
    """And what was stored stays."""
    from memcached_sessions.serializers import SerializationError

    store = new_store(a=1)
    store["cart"] = {"handle": object()}
    with pytest.raises(SerializationError, match=r"cart.*handle"):
        store.save()
    assert held(store.session_key) == {"a": 1}


@in_django
def test_text_that_is_marked_as_safe_stays_so() -> None:
    """Django's own serializers would make it plain text."""
    from django.utils.safestring import SafeString, mark_safe

    value = held(new_store(greeting=mark_safe("<b>hello</b>")).session_key)["greeting"]
    assert value == "<b>hello</b>"
    assert type(value) is SafeString


@in_django
def test_encode_and_decode_are_those_of_django() -> None:
    """For applications that use them by themselves."""
    store = store_of(None)
    assert store.decode(store.encode({"a": 1})) == {"a": 1}


# Expiry


@in_django
def test_a_session_lives_as_long_as_the_settings_say() -> None:
    """Line T10: SESSION_COOKIE_AGE, or what set_expiry was given, counted from the last save."""
    from django.conf import settings

    store = new_store(a=1)
    assert store.get_expiry_age() == settings.SESSION_COOKIE_AGE == 1_209_600
    assert abs(seconds_left(store.session_key) - 1_209_600) <= 2
    store.set_expiry(300)
    store.save()
    assert abs(seconds_left(store.session_key) - 300) <= 2
    store.set_expiry(None)
    store.save()
    assert abs(seconds_left(store.session_key) - 1_209_600) <= 2
    store.set_expiry(0)
    store.save()
    assert store.get_expire_at_browser_close()
    assert abs(seconds_left(store.session_key) - 1_209_600) <= 2


@in_django
def test_reading_does_not_keep_a_session_alive() -> None:
    """Line T10: Django counts from the last save."""
    store = new_store(a=1)
    store.set_expiry(1)
    store.save()
    deadline = time.monotonic() + 2.2
    while time.monotonic() < deadline:
        store_of(store.session_key).load()
        time.sleep(0.1)
    assert held(store.session_key) == {}


@in_django
def test_saving_keeps_a_session_alive() -> None:
    """Also when nothing was changed."""
    store = new_store(a=1)
    store.set_expiry(2)
    store.save()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        store.save()
        time.sleep(0.2)
    assert held(store.session_key)["a"] == 1


@in_django
def test_an_expiry_in_the_past_ends_the_session_at_once() -> None:
    """New or not."""
    store = store_of(None)
    store["a"] = 1
    store.set_expiry(timedelta(seconds=-10))
    store.save()
    assert held(store.session_key) == {}

    store = new_store(a=1)
    store.set_expiry(-1)
    store.save()
    assert held(store.session_key) == {}


@in_django
def test_expiry_at_a_time() -> None:
    """It is kept with the session, and does not move."""
    from django.utils import timezone

    store = new_store(a=1)
    until = timezone.now() + timedelta(seconds=100)
    store.set_expiry(until)
    store.save()
    assert store_of(store.session_key).get_expiry_date() == until
    assert abs(seconds_left(store.session_key) - 100) <= 2


@in_django
def test_clear_expired_has_nothing_to_do() -> None:
    """Sessions expire by themselves."""
    from memcached_sessions.manager.web.django import SessionStore

    store = new_store(a=1)
    SessionStore.clear_expired()
    asyncio.run(SessionStore.aclear_expired())
    assert store.exists(store.session_key)


def seconds_left(key: str) -> int:
    """Return for how long the node keeps a session."""
    from memcached_sessions.manager.session_id import storage_key
    from memcached_sessions.manager.web.django import session_manager

    (store,) = session_manager()._stores.values()  # noqa: SLF001
    item = store.get(storage_key(key), value=False)
    assert item is not None
    assert item.ttl is not None
    return item.ttl


# Async twins


@in_django
def test_the_async_twins_do_the_same() -> None:
    """Create, save, load, exists, cycle_key, delete, flush, and expiry."""

    async def run() -> None:
        store = store_of(None)
        await store.acreate()
        key = store.session_key
        assert await store.aexists(key)
        await store.aset("a", 1)
        await store.asave()
        assert await store_of(key).aload() == {"a": 1}
        assert await store_of(key).aget("a") == 1

        await store.acycle_key()
        assert store.session_key != key
        assert not await store.aexists(key)
        assert dict(await store.aitems()) == {"a": 1}

        await store.aset_expiry(300)
        assert await store.aget_expiry_age() == 300
        await store.asave()
        key = store.session_key
        await store_of(None).adelete(key)
        assert not await store.aexists(key)

        store = store_of(None)
        await store.aset("b", 2)
        await store.asave()
        key = store.session_key
        await store.aflush()
        assert store.session_key is None
        assert not await store.aexists(key)

    asyncio.run(run())


@in_django
def test_async_stores_of_one_key_are_merged() -> None:
    """As sync ones; all at the same time."""
    store = new_store(seen=[])

    async def visit(number: int) -> None:
        other = store_of(store.session_key)
        await other.aset(f"visit{number}", number)
        await asyncio.sleep(0)
        await other.asave()

    async def run() -> None:
        await asyncio.gather(*(visit(number) for number in range(10)))

    asyncio.run(run())
    assert held(store.session_key) == {"seen": []} | {f"visit{number}": number for number in range(10)}


@in_django
def test_async_errors_are_those_of_django() -> None:
    """UpdateError and CreateError."""
    from django.contrib.sessions.backends.base import CreateError, UpdateError

    async def run() -> None:
        store = new_store(a=1)
        with pytest.raises(CreateError):
            await store_of(store.session_key).asave(must_create=True)
        late = store_of(store.session_key)
        await late.aset("b", 1)
        await store.adelete()
        with pytest.raises(UpdateError):
            await late.asave()

    asyncio.run(run())


@in_django
def test_stores_that_are_opened_by_their_key_do_not_make_every_request_ask() -> None:
    """A key names no process, so it is no sign of sessions that bounce; requests with a whole id go on as before."""
    with served("django", freshness="auto") as site:
        _, cookie = site.ask("/put?user=ann")
        assert cookie
        site.ask("/show", cookie)
        for _ in range(150):
            assert held(cookie[:32]) == {"user": "ann"}

        assert not site.manager.health().revalidates
