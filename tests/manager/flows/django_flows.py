"""What visitors of a Django site are in the middle of when the process that served them dies.

Importing this needs no settings of Django.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from flows.flow import Flow
from flows.openid_provider import sent_back

LONG = " ".join(map(str, range(1000)))
"""A text for which a cookie has no room, compressed or not."""
PASSWORD = "a long password"  # noqa: S105
_numbers = count()


@dataclass(frozen=True)
class DjangoFlow(Flow):
    """A flow, with settings of its own."""

    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])


def new_user() -> Any:
    """Return a new user."""
    from django.contrib.auth.models import User

    name = f"user{next(_numbers)}"
    return User.objects.create_user(name, f"{name}@example.com", PASSWORD)


def log_in(browser: Any) -> str:
    """Log a new user in by Django's own view; return the name."""
    name = new_user().username
    assert browser.post("/login/", {"username": name, "password": PASSWORD}).status_code == 302
    return name


def is_logged_in(browser: Any, name: str) -> None:
    """Whether the visitor still is."""
    assert browser.get("/who").content.decode() == name


def _open_the_link(browser: Any) -> tuple[str, str]:
    from django.contrib.auth.tokens import default_token_generator
    from django.utils.encoding import force_bytes
    from django.utils.http import urlsafe_base64_encode

    user = new_user()
    link = f"/reset/{urlsafe_base64_encode(force_bytes(user.pk))}/{default_token_generator.make_token(user)}/"
    return user.username, browser.get(link).headers["Location"]


def _set_a_password(browser: Any, begun: tuple[str, str]) -> None:
    name, address = begun
    new = {"new_password1": "another password", "new_password2": "another password"}
    assert browser.post(address, new).headers["Location"] == "/who"
    assert browser.login(username=name, password="another password")  # noqa: S106
    is_logged_in(browser, name)


def _change_the_password(browser: Any) -> str:
    name = log_in(browser)
    new = {"new_password1": "another password", "new_password2": "another password"}
    assert browser.post("/password/", {"old_password": PASSWORD} | new).headers["Location"] == "/who"
    return name


def _buy(browser: Any) -> None:
    assert browser.get("/tell").status_code == 200


def _is_told_once(browser: Any, begun: None) -> None:
    del begun
    assert browser.get("/told").json() == [
        ["success", "bought", False],
        ["shop cart info", "<b>tea</b>", True],
        ["warning", "Yes", False],
        ["error", LONG, False],
    ]
    assert browser.get("/told").json() == []


def _open_a_form(browser: Any) -> str:
    browser.handler.enforce_csrf_checks = True
    return browser.get("/token").content.decode()


def _send_the_form(browser: Any, token: str) -> None:
    browser.handler.enforce_csrf_checks = True
    assert browser.post("/step").status_code == 403
    assert browser.post("/step", {"csrfmiddlewaretoken": token}).status_code == 200


def _fill_a_page_in(browser: Any) -> None:
    assert browser.post("/step", {"size": ["s", "m"]}).status_code == 200


def _fill_the_last_page_in(browser: Any, begun: None) -> None:
    del begun
    assert browser.get("/last-step").json() == [["s", "m"], "Yes", "SafeString", "9.90"]


def _with_text(session: dict[str, Any]) -> dict[str, Any]:
    """Return what a session with a lazy label comes back as."""
    return session | ({"label": str(session["label"])} if "label" in session else {})


def _go_to_the_provider(browser: Any) -> str:
    return browser.get("/to-provider").headers["Location"]


def _come_back_from_the_provider(browser: Any, location: str) -> None:
    assert browser.get(sent_back(location)).content == b"ann-7"


def _come_in_from_the_provider(browser: Any) -> None:
    _come_back_from_the_provider(browser, _go_to_the_provider(browser))


def _goes_on(browser: Any, begun: None) -> None:
    assert begun is None
    assert browser.get("/who").status_code == 200


_FALLBACK = {"MESSAGE_STORAGE": "django.contrib.messages.storage.fallback.FallbackStorage"}

FLOWS = [
    DjangoFlow("login", log_in, is_logged_in),
    DjangoFlow("password reset", _open_the_link, _set_a_password),
    DjangoFlow("password change", _change_the_password, is_logged_in),
    DjangoFlow("messages", _buy, _is_told_once),
    DjangoFlow("messages beside a cookie", _buy, _is_told_once, settings=_FALLBACK),
    DjangoFlow("token of forms", _open_a_form, _send_the_form, _with_text, settings={"CSRF_USE_SESSIONS": True}),
    DjangoFlow("form of several pages", _fill_a_page_in, _fill_the_last_page_in, _with_text),
    DjangoFlow("authlib login", _go_to_the_provider, _come_back_from_the_provider),
    DjangoFlow("authlib user", _come_in_from_the_provider, _goes_on),
]
