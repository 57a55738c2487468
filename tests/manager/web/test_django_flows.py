"""What Django applications do with sessions, end to end: accounts, the admin, messages, CSRF, async views."""

import asyncio
import json
import re
from itertools import count
from typing import Any

from web.django_process import django_process, in_django

__all__ = ["django_process"]

_numbers = count()


def new_user(**rights: bool) -> str:
    """Return the name of a new user, whose password is ``password``."""
    from django.contrib.auth.models import User

    name = f"user{next(_numbers)}"
    User.objects.create_user(name, password="password", **rights)  # noqa: S106
    return name


def browser(**options: Any) -> Any:
    """Return a visitor."""
    from django.test import Client

    return Client(**options)


def who(client: Any) -> str:
    """Return who a visitor is logged in as; nobody: empty."""
    return json.loads(client.get("/who").content)["user"]


def copied(client: Any) -> Any:
    """Return somebody who knows the cookie that a visitor has now."""
    other = browser()
    other.cookies["sessionid"] = client.cookies["sessionid"].value
    return other


@in_django
def test_login_rotates_the_id_and_keeps_the_cart() -> None:
    """Lines S3, T5: whoever has fixed or seen the id before is not logged in."""
    name, client = new_user(), browser()
    client.get("/put?cart=tea")
    thief = copied(client)
    key = client.session.session_key

    client.get(f"/sign-in?name={name}&password=password")
    assert client.session.session_key != key
    assert client.session["cart"] == "tea"
    assert who(client) == name
    assert who(thief) == ""


@in_django
def test_logout_ends_the_session() -> None:
    """Lines S3, T7: also for who has copied the cookie."""
    name, client = new_user(), browser()
    client.get(f"/sign-in?name={name}&password=password")
    thief = copied(client)
    assert who(thief) == name

    client.get("/sign-out")
    assert client.cookies["sessionid"].value == ""
    assert who(client) == ""
    assert who(thief) == ""


@in_django
def test_another_user_gets_another_session() -> None:
    """Nothing of the first one's is left."""
    one, other, client = new_user(), new_user(), browser()
    client.get(f"/sign-in?name={one}&password=password")
    client.get("/put?cart=tea")
    client.get(f"/sign-in?name={other}&password=password")
    assert who(client) == other
    assert "cart" not in client.session


@in_django
def test_messages_are_told_once() -> None:
    """Set by one request, shown by the next, gone after that."""
    name, client = new_user(), browser()
    client.get(f"/sign-in?name={name}&password=password")
    assert json.loads(client.get("/who").content)["messages"] == ["welcome"]
    assert json.loads(client.get("/who").content)["messages"] == []


@in_django
def test_a_changed_password_keeps_this_session_and_ends_the_others() -> None:
    """By cycle_key and the hash of the password in the session."""
    name, here, there = new_user(), browser(), browser()
    for client in (here, there):
        client.get(f"/sign-in?name={name}&password=password")
    thief = copied(here)
    key = here.session.session_key

    here.get("/password")
    assert here.session.session_key != key
    assert who(here) == name
    assert who(there) == ""
    assert who(thief) == ""


@in_django
def test_the_admin_with_csrf_protection() -> None:
    """Login by its form, a page of it, logout."""
    name = new_user(is_staff=True, is_superuser=True)
    client = browser(enforce_csrf_checks=True)
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")

    answer = client.post("/admin/login/?next=/admin/", {"username": name, "password": "password"})
    assert answer.status_code == 403
    form = {"username": name, "password": "password", "csrfmiddlewaretoken": token_of(client, "/admin/login/")}
    assert client.post("/admin/login/?next=/admin/", form).headers["Location"] == "/admin/"
    page = client.get("/admin/auth/user/")
    assert page.status_code == 200
    assert name in page.content.decode()

    thief = copied(client)
    logout = {"csrfmiddlewaretoken": token_of(client, "/admin/auth/user/")}
    assert client.post("/admin/logout/", logout).status_code == 200
    assert client.get("/admin/").status_code == 302
    assert thief.get("/admin/").status_code == 302


def token_of(client: Any, path: str) -> str:
    """Return the token of a form."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(path).content.decode())
    assert found
    return found[1]


@in_django
def test_csrf_tokens_in_the_session() -> None:
    """With CSRF_USE_SESSIONS; the token is another one after login."""
    from django.test import override_settings

    name = new_user()
    with override_settings(CSRF_USE_SESSIONS=True):
        client = browser(enforce_csrf_checks=True)
        assert client.post("/login/", {"username": name, "password": "password"}).status_code == 403
        form = {"username": name, "password": "password", "csrfmiddlewaretoken": token_of(client, "/login/")}
        before = client.session["_csrftoken"]
        assert client.post("/login/", form).status_code == 302
        assert client.session["_csrftoken"] != before
        assert who(client) == name


@in_django
def test_the_test_client_logs_in_and_out_without_views() -> None:
    """``force_login``, ``login``, ``logout``, and its ``session``."""
    from django.contrib.auth.models import User

    name, client = new_user(), browser()
    client.force_login(User.objects.get(username=name))
    assert who(client) == name
    client.logout()
    assert who(client) == ""
    assert client.login(username=name, password="password")  # noqa: S106
    session = client.session
    session["cart"] = "tea"
    session.save()
    assert client.session["cart"] == "tea"
    assert json.loads(client.get("/show").content)["cart"] == "tea"


@in_django
def test_async_views() -> None:
    """Set and saved, read, login, logout; the middleware is the same."""
    from django.test import AsyncClient

    name = new_user()

    async def run() -> None:
        client = AsyncClient()
        key = (await client.get("/async/put?cart=tea")).content.decode()
        assert client.cookies["sessionid"].value.startswith(f"{key}-n1.app1~")
        assert json.loads((await client.get("/async/show")).content) == {"cart": "tea"}

        await client.get(f"/async/sign-in?name={name}&password=password")
        assert not client.cookies["sessionid"].value.startswith(key)
        assert (await client.get("/async/who")).content.decode() == name
        assert json.loads((await client.get("/async/show")).content)["cart"] == "tea"
        await client.get("/async/sign-out")
        assert (await client.get("/async/who")).content == b""

    asyncio.run(run())


@in_django
def test_sync_and_async_views_share_a_session() -> None:
    """A cookie does not tell who reads it."""
    from django.test import AsyncClient

    client = browser()
    client.get("/put?cart=tea")

    async def run() -> Any:
        other = AsyncClient()
        other.cookies["sessionid"] = client.cookies["sessionid"].value
        return await other.get("/async/show")

    assert json.loads(asyncio.run(run()).content) == {"cart": "tea"}
