"""The settings of a manager out of a framework's own configuration: Flask's and Django's.

Invariants: an error names the key as the configuration spells it; no name is ignored; what the framework rules itself,
the cookie, cannot be set twice.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from math import ceil
from typing import Any, cast

from ..errors import ConfigurationError
from ..session import LONGEST_IDLE
from ..setting_rules import SettingError, unknown_setting
from ..settings import Settings

_NODES_ALIAS = "nodes"
_OF_THE_COOKIE = "cookie_"
_SHORTEST_KEY = 16


def framework_settings(
    values: Mapping[str, Any],
    *,
    spell: Callable[[str], str],
    lifetime: float,
    lifetime_key: str,
    secret_keys: Iterable[str | bytes],
) -> Settings:
    """Return the settings that a framework's configuration stands for.

    Parameters
    ----------
    values
        By the names of `Settings`; ``nodes`` is short for ``memcached_nodes``.
    spell
        Returns the key of a setting as it stands in the configuration.
    lifetime
        Seconds that the framework's sessions rest at most: the ``max_inactive_interval`` unless that is given.
    lifetime_key
        The framework's key of that.
    secret_keys
        Of the framework, the present one first: the ``signing_keys`` unless those are given.

    Raises
    ------
    ConfigurationError
        A setting is unknown or wrong, given twice, or the framework's own.

    >>> of_the_framework = {"spell": str.upper, "lifetime": 3600, "lifetime_key": "AGE", "secret_keys": ["k" * 20]}
    >>> settings = framework_settings({"nodes": "memory://"}, **of_the_framework)
    >>> settings.max_inactive_interval, len(settings.mac_keys)
    (3600, 1)
    >>> framework_settings({"nodes": "memory://", "copies": 0}, **of_the_framework)
    Traceback (most recent call last):
        ...
    memcached_sessions.manager.errors.ConfigurationError: COPIES: copies cannot be 0; allowed: 1 (more come with \
non-sticky mode)
    """
    known = Settings.rules_by_name()
    given = dict(values)
    for name in given:
        if name not in known and name != _NODES_ALIAS:
            error = unknown_setting(name, [*known, _NODES_ALIAS])
            raise ConfigurationError(f"{spell(name)}: {error}") from error
        if name.startswith(_OF_THE_COOKIE):
            framework = f"SESSION_{name.upper()}"
            raise ConfigurationError(f"{spell(name)}: the framework rules the cookie: set {framework} instead")
    if _NODES_ALIAS in given:
        if "memcached_nodes" in given:
            both = f"{spell(_NODES_ALIAS)} and {spell('memcached_nodes')}"
            raise ConfigurationError(f"{both} are the same setting: give one of them")
        given["memcached_nodes"] = given.pop(_NODES_ALIAS)
    if "memcached_nodes" not in given:
        raise ConfigurationError(f"{spell(_NODES_ALIAS)} is missing, which says where sessions are backed up")
    given.setdefault("max_inactive_interval", min(ceil(lifetime), LONGEST_IDLE))
    given.setdefault("signing_keys", tuple(_long_enough(key) for key in secret_keys if key))
    try:
        return Settings(**given)
    except SettingError as error:
        if error.setting == "max_inactive_interval" and error.setting not in values:
            key = lifetime_key
        elif error.setting == "memcached_nodes" and _NODES_ALIAS in values:
            key = spell(_NODES_ALIAS)
        else:
            key = spell(error.setting)
        raise ConfigurationError(f"{key}: {error}") from error


def seconds_of(lifetime: object) -> float:
    """Return the seconds of a timedelta or number.

    >>> seconds_of(timedelta(minutes=1)), seconds_of(30)
    (60.0, 30)
    """
    return lifetime.total_seconds() if isinstance(lifetime, timedelta) else cast("float", lifetime)


def _long_enough(key: str | bytes) -> bytes:
    """Return a key as bytes; a short one, which the framework signs with too, is made as long as keys have to be."""
    raw = key.encode() if isinstance(key, str) else key
    return raw if len(raw) >= _SHORTEST_KEY else sha256(raw).digest()
