"""A Django project: accounts, the admin, messages, and views that show what its sessions hold."""

from pathlib import Path
from typing import Any

ENGINE = "memcached_sessions.manager.web.django"
MIDDLEWARE = f"{ENGINE}.SessionMiddleware"
STOCK_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"
ALL_MIDDLEWARE = [
    MIDDLEWARE,
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
SECRET_KEY = "a secret of the tests, long enough for every check"  # noqa: S105
_MIGRATED = ("admin", "auth", "contenttypes")


def configure(
    nodes: str, folder: Path, *, sessions: dict[str, Any] | None = None, tables: bool = True, **settings: Any
) -> None:
    """Configure Django in this process.

    Parameters
    ----------
    nodes
        Where sessions are backed up.
    folder
        For the database.
    sessions
        More of ``MEMCACHED_SESSIONS``.
    tables
        Whether there is a database, with empty tables.
    settings
        More of Django, or other values.
    """
    import django
    from django.conf import settings as django_settings
    from django.core.management import call_command

    project: dict[str, Any] = {
        "ALLOWED_HOSTS": ["*"],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "shop.sqlite3"}},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "INSTALLED_APPS": [
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            ENGINE,
        ],
        "LOGGING_CONFIG": None,
        "MEMCACHED_SESSIONS": {"nodes": nodes, "route": "app1"} | (sessions or {}),
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        "MIDDLEWARE": ALL_MIDDLEWARE,
        "MIGRATION_MODULES": dict.fromkeys(_MIGRATED),  # their tables are made at once, in a tenth of the time
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "ROOT_URLCONF": "web.django_urls",
        "SECRET_KEY": SECRET_KEY,
        "SESSION_ENGINE": ENGINE,
        "STATIC_URL": "/static/",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        "USE_TZ": True,
    }
    django_settings.configure(**(project | settings))
    django.setup()
    if tables:
        call_command("migrate", verbosity=0, run_syncdb=True)
