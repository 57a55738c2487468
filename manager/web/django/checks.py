"""What ``manage.py check`` says about the sessions: settings that are wrong, or that do not do what they seem to."""

# Django has no annotations:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUntypedFunctionDecorator=false

from typing import Any

from django import conf  # not settings: whoever looks at the names of this module would evaluate them
from django.conf.global_settings import SESSION_SERIALIZER as DEFAULT_SERIALIZER
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name

from ...errors import ConfigurationError
from .configured_manager import configured_settings

_ENGINE = __name__.rpartition(".")[0]
_STOCK_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"


@register("sessions")
def check_settings(app_configs: Any = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001 - Django's signature
    """Return what is wrong with the settings of the sessions; nothing if they are another engine's."""
    if conf.settings.SESSION_ENGINE != _ENGINE:
        return []
    try:
        used = configured_settings()
    except ConfigurationError as error:
        return [Error(str(error), hint="See the settings of memcached-sessions.", id="memcached_sessions.E001")]
    messages: list[CheckMessage] = []
    serializer = conf.settings.SESSION_SERIALIZER
    if serializer != DEFAULT_SERIALIZER:
        chosen = used.accepted_serializers[0]
        messages.append(
            Warning(
                f"SESSION_SERIALIZER is {serializer!r}, but sessions are written by the serializer {chosen!r}.",
                hint='Set MEMCACHED_SESSIONS["serializer"], which decides, and remove SESSION_SERIALIZER.',
                id="memcached_sessions.W001",
            )
        )
    if used.route is not None and _STOCK_MIDDLEWARE in conf.settings.MIDDLEWARE:
        messages.append(
            Warning(
                f'MEMCACHED_SESSIONS["route"] is {used.route!r}, but {_STOCK_MIDDLEWARE} puts no route into cookies.',
                hint=f"Put {_ENGINE}.SessionMiddleware in its place in MIDDLEWARE.",
                id="memcached_sessions.W002",
            )
        )
    if used.request_uri_ignore_pattern is not None and _STOCK_MIDDLEWARE in conf.settings.MIDDLEWARE:
        messages.append(
            Warning(
                f'MEMCACHED_SESSIONS["request_uri_ignore_pattern"] is set, but {_STOCK_MIDDLEWARE} ignores no path.',
                hint=f"Put {_ENGINE}.SessionMiddleware in its place in MIDDLEWARE.",
                id="memcached_sessions.W003",
            )
        )
    return messages
