"""What visitors of a site with django-allauth are in the middle of: a second factor, a code, a provider.

Importing this needs no settings of Django.
"""

import re
from typing import Any

from flows.django_flows import PASSWORD, DjangoFlow, is_logged_in, new_user
from flows.openid_provider import sent_back

_SECRET = "JBSWY3DPEHPK3PXP"  # noqa: S105


def _code(secret: str) -> str:
    """Return what an authenticator shows now."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    _before, now, _after = yield_hotp_counters_from_time()
    return format_hotp_value(hotp_value(secret, now))


def _verified(user: Any) -> Any:
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def _give_the_password(browser: Any) -> str:
    from allauth.mfa.totp.internal.auth import TOTP

    user = _verified(new_user())
    TOTP.activate(user, _SECRET)
    answer = browser.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    assert answer.headers["Location"] == "/accounts/2fa/authenticate/"
    return user.username


def _give_the_code(browser: Any, name: str) -> None:
    is_logged_in(browser, "")
    assert browser.post("/accounts/2fa/authenticate/", {"code": _code(_SECRET)}).headers["Location"] == "/who"
    is_logged_in(browser, name)


def _set_a_second_factor_up(browser: Any) -> str:
    name = _give_the_password_alone(browser)
    assert browser.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    assert browser.get("/accounts/2fa/totp/activate/").status_code == 200
    return name


def _prove_it(browser: Any, name: str) -> None:
    from allauth.mfa.models import Authenticator

    is_logged_in(browser, name)
    code = _code(browser.session["mfa.totp.secret"])
    assert browser.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302
    assert Authenticator.objects.filter(user__username=name, type="totp").exists()


def _give_the_password_alone(browser: Any) -> str:
    user = _verified(new_user())
    assert browser.post("/accounts/login/", {"login": user.username, "password": PASSWORD}).status_code == 302
    return user.username


def _is_asked_for_the_password(browser: Any) -> str:
    _give_the_password_alone(browser)
    asked = browser.post("/accounts/2fa/totp/activate/", {"code": "123"}).headers["Location"]
    assert asked.startswith("/accounts/reauthenticate/")
    return asked


def _is_answered_what_was_asked(browser: Any, asked: str) -> None:
    answer = browser.post(asked, {"password": PASSWORD})
    assert b"Incorrect code" in answer.content


def _sign_up(browser: Any) -> tuple[str, str]:
    from django.core import mail

    name = f"{new_user().username}-new"
    form = {"email": f"{name}@example.com", "username": name, "password1": PASSWORD}
    assert browser.post("/accounts/signup/", form).headers["Location"] == "/accounts/confirm-email/"
    (code,) = re.findall(r"^([A-Z0-9]{3,}-?[A-Z0-9]{3,})$", mail.outbox[-1].body, re.MULTILINE)
    return name, code


def _confirm_the_address(browser: Any, begun: tuple[str, str]) -> None:
    name, code = begun
    assert browser.post("/accounts/confirm-email/", {"code": code}).headers["Location"] == "/who"
    is_logged_in(browser, name)


def _ask_for_a_reset(browser: Any) -> tuple[str, str]:
    from django.core import mail

    user = _verified(new_user())
    browser.post("/accounts/password/reset/", {"email": user.email})
    (link,) = re.findall(r"http://testserver(\S+)", mail.outbox[-1].body)
    return user.username, browser.get(link).headers["Location"]


def _reset(browser: Any, begun: tuple[str, str]) -> None:
    name, address = begun
    assert browser.post(address, {"password1": "another password", "password2": "another password"}).status_code == 302
    assert browser.login(username=name, password="another password")  # noqa: S106
    is_logged_in(browser, name)


def _go_to_the_provider(browser: Any) -> str:
    return browser.post("/accounts/oidc/provider/login/?next=/who").headers["Location"]


def _come_back_from_the_provider(browser: Any, location: str) -> None:
    from allauth.socialaccount.models import SocialAccount

    user = _verified(new_user())
    account = SocialAccount.objects.create(user=user, provider="provider", uid="ann-7")
    try:
        assert browser.get(sent_back(location)).headers["Location"] == "/who"
        is_logged_in(browser, user.username)
    finally:
        account.delete()


def _come_in_from_the_provider(browser: Any) -> None:
    answer = browser.get(sent_back(_go_to_the_provider(browser)))
    assert answer.headers["Location"] == "/accounts/3rdparty/signup/"


def _choose_a_name(browser: Any, begun: None) -> None:
    from django.contrib.auth.models import User

    assert begun is None
    name = f"{new_user().username}-ann"
    form = {"email": "ann@example.com", "username": name}
    assert browser.post("/accounts/3rdparty/signup/", form).headers["Location"] == "/who"
    is_logged_in(browser, name)
    User.objects.get(username=name).delete()


ALLAUTH_FLOWS = [
    DjangoFlow("allauth second factor", _give_the_password, _give_the_code),
    DjangoFlow("allauth second factor set up", _set_a_second_factor_up, _prove_it),
    DjangoFlow("allauth password again", _is_asked_for_the_password, _is_answered_what_was_asked),
    DjangoFlow("allauth code by mail", _sign_up, _confirm_the_address),
    DjangoFlow("allauth password reset", _ask_for_a_reset, _reset),
    DjangoFlow("allauth social login", _go_to_the_provider, _come_back_from_the_provider),
    DjangoFlow("allauth social sign-up", _come_in_from_the_provider, _choose_a_name),
]
