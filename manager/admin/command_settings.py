"""The settings that a command works with: of a TOML file or the environment, with what its options say instead.

Invariant: an error names the option, the file or the variable that is wrong; no key is in one.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from ..node_list import parse_node_list
from ..setting_rules import SettingError
from ..settings import Settings
from ..settings_sources import settings_from_environment, settings_from_toml

_PREFIX = "MEMCACHED_SESSIONS_"
_OPTIONS = {
    "memcached_nodes": "--nodes",
    "failover_nodes": "--failover-nodes",
    "storage_key_prefix": "--storage-key-prefix",
    "signing_keys": "--signing-key-file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenOptions:
    """What was given on the command line; None is what was not."""

    config: Path | None = None
    nodes: str | None = None
    failover_nodes: str | None = None
    storage_key_prefix: str | None = None
    signing_key_file: Path | None = None


def settings_for(options: GivenOptions, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a command.

    Parameters
    ----------
    options
        Where a file is given, the environment is not looked at. ``nodes`` stand for all nodes: failover nodes are then
        those of the options alone.
    environ
        The variables, as `settings_from_environment` reads them.

    Raises
    ------
    ConfigurationError
        Something is wrong, or no nodes are named; with the place.

    >>> settings_for(GivenOptions(nodes="n1:a:1 n2:b:1", failover_nodes="n2"), {}).failover_nodes
    'n2'
    """
    given = _given(options)
    if options.config is not None:
        settings = settings_from_toml(options.config)
    else:
        environ = _without(environ, given)
        if not {f"{_PREFIX}NODES", f"{_PREFIX}MEMCACHED_NODES"} & environ.keys():
            raise ConfigurationError(f"no nodes: give --nodes, --config FILE.toml, or set {_PREFIX}NODES")
        settings = settings_from_environment(environ)
    try:
        return replace(settings, **given)
    except SettingError as error:
        place = _OPTIONS[error.setting] if error.setting in given else f"{options.config or 'the environment'}"
        raise ConfigurationError(f"{place}: {error}") from error


def _given(options: GivenOptions) -> dict[str, Any]:
    """Return the settings that options give, each checked as far as it can be by itself."""
    given: dict[str, Any] = {}
    if options.nodes is not None:
        given |= {"memcached_nodes": options.nodes, "failover_nodes": options.failover_nodes}
        try:
            parse_node_list(options.nodes, options.failover_nodes or ())
        except SettingError as error:
            raise ConfigurationError(f"{_OPTIONS[error.setting]}: {error}") from error
    elif options.failover_nodes is not None:
        given["failover_nodes"] = options.failover_nodes
    if options.storage_key_prefix is not None:
        given["storage_key_prefix"] = options.storage_key_prefix
    if options.signing_key_file is not None:
        given["signing_keys"] = _keys(options.signing_key_file)
    for name, value in given.items():
        try:
            Settings.rules_by_name()[name].check(name, value)
        except SettingError as error:
            raise ConfigurationError(f"{_OPTIONS[name]}: {error}") from error
    return given


def _without(environ: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables, with those that options stand for replaced by what cannot fail in their place."""
    replaced = {f"{_PREFIX}{name.upper()}" for name in given}
    if "memcached_nodes" in given:
        replaced.add(f"{_PREFIX}NODES")
    variables = {name: text for name, text in environ.items() if name not in replaced}
    if "memcached_nodes" in given:
        variables[f"{_PREFIX}MEMCACHED_NODES"] = given["memcached_nodes"]
    if "signing_keys" in given:
        # The keys themselves may have commas in them, which the environment's texts cannot.
        variables[f"{_PREFIX}SIGNING_KEYS"] = os.urandom(16).hex()
    return variables


def _keys(file: Path) -> tuple[bytes, ...]:
    """Return the keys of a file, one a line."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(f"--signing-key-file: {file} cannot be read: {error}") from error
    keys = tuple(line.strip() for line in lines if line.strip())
    if not keys:
        raise ConfigurationError(f"--signing-key-file: {file} holds no key: give one a line, the one that signs first")
    return keys
