"""Where sessions are, as the user types it: a folder, or nodes of a running session manager.

Invariant: nothing at the source is changed.
"""

import secrets
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from ....serializers import ConverterRegistry
from ...errors import ConfigurationError
from ...settings import Settings
from ..command_settings import GivenOptions, settings_for
from .errors import SourceError
from .folder import sessions_of_folder
from .found import Found
from .live import live_sessions
from .stored_values import StoredValues

SCHEME = "memcached://"
"""What the names of nodes begin with; anything else is a folder."""

LIMIT = 1_000
"""Sessions that are read unless the user wants more or fewer."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Sessions:
    """What was read."""

    found: Found
    converters: tuple[str, ...]
    """The functions that the settings name and that have been called, as ``"module:function"``."""


def sessions_at(
    source: str,
    registry: ConverterRegistry,
    *,
    given: GivenOptions,
    config_option: str,
    limit: int = LIMIT,
    pickles: Callable[[bytes], object] | None = None,
    progress: Progress | None = None,
) -> Sessions:
    """Return the sessions at a source.

    Parameters
    ----------
    source
        A folder, as `folder` reads it, or ``memcached://host:port,host:port``; without hosts the nodes are those of the
        settings.
    registry
        The converters of the classes in the sessions; those of the settings are added.
    given
        The settings of the session manager, as far as the command line gives them.
    config_option
        The option that names the file of settings, for messages.
    limit
        The most sessions; of more a random sample is taken.
    pickles
        Reads the pickles in a folder; None: the `pickle` serializer, which makes nothing that is not registered.
    progress
        Called with the sessions that were read and how many are to be.

    Raises
    ------
    SourceError
        There is no session at the source, or it is of another kind; with what to do.
    ConfigurationError
        A setting is wrong.
    """
    if "://" in source and not source.startswith(SCHEME):
        raise SourceError(
            f"{source.partition('://')[0]}:// is nothing that sessions are read from: give {SCHEME}HOST:PORT"
        )
    advice = f"{config_option} FILE.toml names the application's settings"
    if not source.startswith(SCHEME):
        used: list[Settings] = []

        def stored_values() -> StoredValues:
            # Nobody is asked, so any node does; but a file has its own, which other settings may depend on.
            used.append(settings_for(given if given.config or given.nodes else replace(given, nodes="memory://")))
            return StoredValues(used[0], registry)

        random = Random(secrets.randbits(64))  # noqa: S311 - a sample
        found = sessions_of_folder(
            Path(source), registry, stored_values, limit=limit, random=random, pickles=pickles, progress=progress
        )
        found.advise("signing_keys is empty", advice)
        return Sessions(found, used[0].custom_converters if used else ())
    if "@" in source or "?" in source:
        raise ConfigurationError(f"{SCHEME} takes hosts and ports alone: give the rest in a file, by {config_option}")
    hosts = [host for host in source.removeprefix(SCHEME).rstrip("/").split(",") if host]
    nodes = hosts[0] if len(hosts) == 1 else " ".join(f"n{number}:{host}" for number, host in enumerate(hosts, 1))
    settings = settings_for(replace(given, nodes=nodes) if nodes else given)
    found = live_sessions(settings, registry, advice=advice, limit=limit, progress=progress)
    found.advise("signing_keys is empty", advice)
    return Sessions(found, settings.custom_converters)


def limit_of(text: str) -> int:
    """Return how many sessions an option allows.

    >>> limit_of("50")
    50

    Raises
    ------
    ArgumentTypeError
        It is no number above 0.
    """
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)
