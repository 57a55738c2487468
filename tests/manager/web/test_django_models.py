"""Instances of Django's models in a session: refused, unless the application has chosen to keep references to them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from web.django_process import django_process, in_django

from memcached_sessions.serializers import (
    ConverterRegistry,
    DeserializationError,
    SerializationError,
    Serializer,
    get_serializer,
)

__all__ = ["django_process"]

PAGE = Path(__file__).parents[3] / "docs" / "types-django.md"
FORMATS = ("json", "msgpack", "cbor", "compact", "pickle")
_numbers = count()


def keeping(name: str) -> Serializer:
    """Return a format that keeps references."""
    registry = ConverterRegistry()
    registry.load("django-models")
    return get_serializer(name, registry=registry)


def new_user() -> Any:
    """Return a row of a real table."""
    from django.contrib.auth.models import User

    return User.objects.create_user(f"user{next(_numbers)}")


@contextmanager
def queries(number: int) -> Iterator[None]:
    """Fail unless what is done within makes so many queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        yield
    assert len(captured) == number, captured.captured_queries


@pytest.mark.parametrize("name", FORMATS)
@in_django
def test_a_row_is_read_when_it_is_looked_at_and_once(name: str) -> None:
    """As it is then, not as it was; nothing asks the database before."""
    serializer, user = keeping(name), new_user()
    with queries(0):
        payload = serializer.dumps({"owner": user})
    user.first_name = "Ada"
    user.save()

    with queries(0):
        owner: Any = serializer.loads(payload)["owner"]  # type: ignore[index]
    with queries(1):
        assert owner.first_name == "Ada"
        assert owner.username == user.username
    assert owner == user
    assert isinstance(owner, type(user))


@pytest.mark.parametrize("name", FORMATS)
@in_django
def test_a_reference_is_written_again_without_a_look_at_the_row(name: str) -> None:
    """So a session that nobody changed costs no query, and has the bytes that it had; also after a look."""
    serializer = keeping(name)
    user = new_user()
    loaded: Any = serializer.loads(serializer.dumps([user]))
    with queries(0):
        payload = serializer.dumps(loaded)
        assert serializer.dumps(serializer.loads(payload)) == payload
    assert loaded[0].username == user.username
    assert serializer.dumps(loaded) == payload


@pytest.mark.parametrize("name", FORMATS)
@in_django
def test_a_row_that_is_gone_is_missed_where_it_is_looked_at(name: str) -> None:
    """The session itself is read."""
    from django.contrib.auth.models import User

    serializer, user = keeping(name), new_user()
    payload = serializer.dumps({"owner": user, "cart": ["tea"]})
    user.delete()

    session: Any = serializer.loads(payload)
    assert session["cart"] == ["tea"]
    with pytest.raises(User.DoesNotExist):
        session["owner"].username  # noqa: B018 - the look


@pytest.mark.parametrize("name", FORMATS)
@in_django
def test_an_instance_without_a_row_is_refused_by_its_path(name: str) -> None:
    """Never saved, and deleted."""
    from django.contrib.auth.models import User

    deleted = new_user()
    deleted.delete()
    for instance in (User(username="new"), User(pk=7, username="new"), deleted):
        with pytest.raises(SerializationError, match="this User has no row to refer to: save it first") as caught:
            keeping(name).dumps({"orders": [{"owner": instance}]})
        assert caught.value.path == "orders[0].owner"


@pytest.mark.parametrize("name", FORMATS)
@in_django
def test_they_are_refused_unless_chosen(name: str) -> None:
    """An application that did not decide gets no reference by accident, neither on writing nor on reading."""
    user = new_user()
    plain = get_serializer(name, registry=ConverterRegistry())
    remedy = re.escape('keep its primary key, or set custom_converters = ["django-models"]')
    with pytest.raises(SerializationError, match=rf"auth\.models\.User is not registered: {remedy}") as caught:
        plain.dumps({"owner": user})
    assert caught.value.path == "owner"
    with pytest.raises(ValueError, match=rf"auth\.models\.User is not kept by its fields: {remedy}"):
        ConverterRegistry().register(type(user), tag="django.User")
    with pytest.raises(DeserializationError, match=r"django\.Model"):
        plain.loads(keeping(name).dumps({"owner": user}))


@pytest.mark.parametrize("name", FORMATS)
@in_django
def test_the_user_of_a_request_is_kept_like_any_other(name: str) -> None:
    """It is a lazy object around an instance; around anything else but the anonymous user it is refused."""
    from django.utils.functional import SimpleLazyObject

    serializer, user = keeping(name), new_user()
    loaded: Any = serializer.loads(serializer.dumps({"owner": SimpleLazyObject(lambda: user)}))
    assert loaded["owner"].username == user.username
    with pytest.raises(SerializationError, match=r"this lazy object is a list, .* put what is needed of it") as caught:
        serializer.dumps({"owner": SimpleLazyObject(lambda: [1])})
    assert caught.value.path == "owner"


@pytest.mark.parametrize("name", FORMATS)
@in_django
def test_the_user_of_a_request_before_the_login_is_kept(name: str) -> None:
    """Lazily; and the bare one once it is registered by the line that its error shows."""
    from django.contrib.auth.models import AnonymousUser
    from django.utils.functional import SimpleLazyObject

    from memcached_sessions.serializers import register

    serializer = keeping(name)
    payload = serializer.dumps({"visitor": SimpleLazyObject(AnonymousUser)})
    loaded: Any = serializer.loads(payload)
    assert serializer.dumps(loaded) == payload
    assert isinstance(loaded["visitor"], AnonymousUser)
    assert not loaded["visitor"].is_authenticated

    with pytest.raises(SerializationError) as caught:
        serializer.dumps(AnonymousUser())
    assert caught.value.problem.endswith('is not registered: register(AnonymousUser, tag="django.AnonymousUser")')
    registry = ConverterRegistry()
    register(AnonymousUser, tag="django.AnonymousUser", registry=registry)
    bare = get_serializer(name, registry=registry)
    assert type(bare.loads(bare.dumps(AnonymousUser()))) is AnonymousUser


@pytest.mark.parametrize("name", FORMATS)
@in_django
def test_a_reference_is_a_key_or_an_element_without_a_look_at_the_row(name: str) -> None:
    """So a row that is gone, and hostile bytes, make no query and leave the rest of the session readable."""
    from django.contrib.auth.models import Group

    serializer, user, gone = keeping(name), new_user(), new_user()
    group, number = Group(pk=user.pk), gone.pk
    group._state.adding = False  # noqa: SLF001 - as a row of the database
    payload = serializer.dumps({"seen": {user, gone, group}, "names": {user: "Ada", gone: "Bob"}})
    gone.delete()
    with queries(0):
        loaded: Any = serializer.loads(payload)
        assert loaded["names"][user] == "Ada"
        assert loaded["names"][type(user)(pk=number)] == "Bob"
        first, second = loaded["names"]
        assert first in loaded["seen"]
        assert first != second
        assert first == user
        assert first != "Ada"
        assert hash(first) == hash(user)
        assert len(loaded["seen"]) == 3
        assert serializer.dumps(loaded)


@in_django
def test_an_instance_that_was_made_by_hand_is_read_from_the_database_of_its_model() -> None:
    """Its own state names none."""
    serializer, user = keeping("json"), new_user()
    by_hand = type(user)(pk=user.pk, username="anything")
    state: Any = by_hand._state  # noqa: SLF001 - Django's name for it
    state.adding = False
    assert state.db is None
    loaded: Any = serializer.loads(serializer.dumps(by_hand))
    assert loaded.username == user.username


@in_django
def test_the_settings_that_the_page_shows_choose_them() -> None:
    """For Django's sessions, in a request after the one that put the user there."""
    from django.conf import settings
    from django.test import override_settings

    from memcached_sessions.manager.web.django import SessionStore

    user = new_user()
    names: dict[str, Any] = {}
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    exec(example, names)  # noqa: S102 - of our own page
    shown = names["MEMCACHED_SESSIONS"] | {"nodes": settings.MEMCACHED_SESSIONS["nodes"]}
    with override_settings(MEMCACHED_SESSIONS=shown):
        store = SessionStore()
        store["owner"] = user
        store.save()
        assert SessionStore(store.session_key)["owner"].username == user.username


@pytest.mark.parametrize(
    "plain",
    [
        *(["auth.Nothing", 1, "default"], ["x", 1, "default"], ["auth.User", 1], 7, ["auth.User", 1, 2]),
        *(["auth.User", [1], "default"], ["auth.User", 1, "elsewhere"], None),
    ],
)
@in_django
def test_hostile_references_are_refused(plain: Any) -> None:
    """No model or database of that name, nothing that can be a primary key, or no reference at all."""
    registry = ConverterRegistry()
    registry.load("django-models")
    with pytest.raises(DeserializationError):
        registry.lift("django.Model", plain)
