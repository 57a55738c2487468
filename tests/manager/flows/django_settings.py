"""The settings of the site, beside those of every project of the tests; importing this needs no Django."""

from typing import Any

from flows.openid_provider import CLIENT
from web.django_project import ALL_MIDDLEWARE, ENGINE

_APPS = ("admin", "auth", "contenttypes", "messages")
_OF_ALLAUTH = ("account", "socialaccount", "mfa")

SETTINGS: dict[str, Any] = {
    "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
    "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True,
    "ACCOUNT_RATE_LIMITS": False,
    "ACCOUNT_SIGNUP_FIELDS": ["email*", "username*", "password1*"],
    "AUTHENTICATION_BACKENDS": [
        "django.contrib.auth.backends.ModelBackend",
        "allauth.account.auth_backends.AuthenticationBackend",
    ],
    "INSTALLED_APPS": [
        *(f"django.contrib.{app}" for app in _APPS),
        "allauth",
        *(f"allauth.{app}" for app in _OF_ALLAUTH),
        "allauth.socialaccount.providers.openid_connect",
        ENGINE,
    ],
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "LOGIN_REDIRECT_URL": "/who",
    "MFA_TOTP_TOLERANCE": 1,  # a code may be used a moment after it was shown
    "MIDDLEWARE": [*ALL_MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"],
    "MIGRATION_MODULES": dict.fromkeys((*_APPS, *_OF_ALLAUTH)),
    "ROOT_URLCONF": "flows.django_site",
    "SOCIALACCOUNT_AUTO_SIGNUP": False,
}


def provided_by(url: str) -> dict[str, Any]:
    """Return the settings that name a `flows.openid_provider`."""
    app = {"provider_id": "provider", "name": "Provider", "client_id": CLIENT["client_id"]}
    app |= {"secret": CLIENT["client_secret"], "settings": {"server_url": url}}
    return {
        "PROVIDER": url,
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}},
    }
