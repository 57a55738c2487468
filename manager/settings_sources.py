"""Settings from a TOML file and from environment variables.

Invariant: an error names the file or the variable; no name is ignored, and no value taken for what it is not.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from .errors import ConfigurationError
from .setting_rules import SettingError, unknown_setting
from .settings import Settings

_TABLE = "memcached-sessions"
_NODES_ALIAS = "nodes"
_OF_THE_SERIALIZER = "MEMCACHED_SESSIONS_COMPACT"
"""Chooses the implementation of `compact`, wherever that is used."""


def settings_from_toml(path: str | os.PathLike[str]) -> Settings:
    """Return the settings of the table ``[memcached-sessions]`` of a TOML file; other tables are not looked at.

    Parameters
    ----------
    path
        The file. TOML has no None: write ``"none"``.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or a setting is wrong; with the file.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "sessions.toml"
    ...     _ = file.write_text('[memcached-sessions]\\nmemcached_nodes = "memory://"\\nmax_inactive_interval = "none"')
    ...     settings_from_toml(file).max_inactive_interval is None
    True
    """
    try:
        with Path(path).open("rb") as file:
            document = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: cannot be read as TOML: {error}") from error
    table = document.get(_TABLE)
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: the settings go into a table [{_TABLE}], which is not there")
    rules = Settings.rules_by_name()
    values = {
        name: None if value == "none" and name in rules and rules[name].optional else value
        for name, value in cast("dict[str, object]", table).items()
    }
    return _settings(values, f"{path}, [{_TABLE}]", {})


def settings_from_environment(environ: Mapping[str, str] = os.environ, prefix: str = "MEMCACHED_SESSIONS_") -> Settings:
    """Return the settings that environment variables name.

    Parameters
    ----------
    environ
        The variables. Those with the prefix are settings in upper case: ``MEMCACHED_SESSIONS_STICKY``; ``..._NODES`` is
        short for ``..._MEMCACHED_NODES``. Booleans are ``true``, ``false``, ``yes``, ``no``, ``1`` and ``0``; sequences
        have commas between their items; ``none`` is None, or an empty sequence.
    prefix
        What the names of variables begin with.

    Raises
    ------
    ConfigurationError
        A variable is wrong, or no setting; with the variable.

    >>> settings_from_environment({"MEMCACHED_SESSIONS_NODES": "memory://", "MEMCACHED_SESSIONS_COPIES": "1"}).copies
    1
    """
    rules = Settings.rules_by_name()
    settings = {f"{prefix}{name.upper()}": name for name in rules} | {
        f"{prefix}{_NODES_ALIAS.upper()}": "memcached_nodes"
    }
    values: dict[str, object] = {}
    variables: dict[str, str] = {}
    for variable, text in environ.items():
        if not variable.startswith(prefix) or variable == _OF_THE_SERIALIZER:
            continue
        name = settings.get(variable)
        if name is None:
            error = unknown_setting(variable.removeprefix(prefix).lower(), [*rules, _NODES_ALIAS])
            raise ConfigurationError(f"{variable}: {error}") from error
        if name in variables:
            raise ConfigurationError(f"{variables[name]} and {variable} are the same setting: give one of them")
        values[name], variables[name] = rules[name].from_text(text), variable
    return _settings(values, f"environment variables {prefix}...", variables)


def _settings(values: Mapping[str, object], source: str, places: Mapping[str, str]) -> Settings:
    if "memcached_nodes" not in values:
        raise ConfigurationError(f"{source}: memcached_nodes is missing, which says where sessions are backed up")
    try:
        return Settings(**cast("dict[str, Any]", values))
    except SettingError as error:
        raise ConfigurationError(f"{places.get(error.setting, source)}: {error}") from error
    except ConfigurationError as error:
        raise ConfigurationError(f"{source}: {error}") from error
