"""The manager of a Django process: one, made of the settings when it is first asked for.

Invariant: when a test overrides the settings that it was made of, it is closed and the next one is made.
"""

# Django has no annotations:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Mapping
from threading import Lock
from typing import Any, cast

from django import conf  # not settings: whoever looks at the names of this module would evaluate them
from django.core.signals import setting_changed
from django.utils.safestring import SafeString

from ...errors import ConfigurationError
from ...manager import SessionManager
from ...settings import Settings
from ..framework_settings import framework_settings
from ..safe_text import keep_safe_text

_READ = {"MEMCACHED_SESSIONS", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "SESSION_COOKIE_AGE"}


class _ConfiguredManager:
    def __init__(self) -> None:
        self._lock = Lock()
        self._manager: SessionManager | None = None

    def get(self) -> SessionManager:
        manager = self._manager
        if manager is None:
            with self._lock:
                manager = self._manager
                if manager is None:
                    keep_safe_text(SafeString, tag="django.SafeString")
                    manager = self._manager = SessionManager(configured_settings())
                    setting_changed.connect(self.forget, dispatch_uid=__name__)
        return manager

    def forget(self, setting: str, **_: object) -> None:
        with self._lock:
            if setting in _READ and self._manager is not None:
                self._manager.close()
                self._manager = None


_configured = _ConfiguredManager()


def session_manager() -> SessionManager:
    """Return the manager of this process, for ``health()``, ``drain()`` and ``listen()``.

    Raises
    ------
    ConfigurationError
        ``MEMCACHED_SESSIONS`` is missing or wrong, or a node answers that is no memcached 1.6 with meta commands.
    """
    return _configured.get()


def configured_settings() -> Settings:
    """Return what the Django settings say.

    Raises
    ------
    ConfigurationError
        ``MEMCACHED_SESSIONS`` is missing or wrong.
    """
    values = configured_values()
    keys = [conf.settings.SECRET_KEY, *conf.settings.SECRET_KEY_FALLBACKS]
    return framework_settings(
        values,
        spell=lambda name: f'MEMCACHED_SESSIONS["{name}"]',
        lifetime=conf.settings.SESSION_COOKIE_AGE,
        lifetime_key="SESSION_COOKIE_AGE",
        secret_keys=keys,
    )


def configured_values() -> Mapping[str, Any]:
    """Return ``MEMCACHED_SESSIONS`` as it stands in the Django settings."""
    values: object = getattr(conf.settings, "MEMCACHED_SESSIONS", None)
    if not isinstance(values, Mapping):
        raise ConfigurationError(
            'MEMCACHED_SESSIONS is missing in the Django settings: a dict such as {"nodes": "10.0.0.1:11211"}'
        )
    return cast("Mapping[str, Any]", values)
