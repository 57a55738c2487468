"""Stored values of the session manager opened as the manager with these settings would.

Invariant: what is signed is believed only with its key, and a payload is read only by a serializer that the settings
accept: `pickle` never unless it is named there, which the settings allow with a signing key alone.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from ....serializers import DEFAULT, ConverterRegistry, Serializer, get_serializer
from ....serializers.plugins import optional_converters
from ...envelope import Envelope
from ...errors import ConfigurationError, UndecodableError
from ...escaping import shown
from ...session_codec import SessionCodec
from ...settings import Settings
from ...stores.store import Item
from .errors import SourceError
from .found import reason_of

DESTROYED = "it is the mark of a destroyed session"

_NUMBER = re.compile(r"\d+")
_LONGEST_REASON = 160


class StoredValues:
    """Opens stored values.

    Parameters
    ----------
    settings
        Of the manager that wrote them.
    registry
        The converters of the classes in the sessions; those of the settings are added.

    Raises
    ------
    SourceError
        A serializer or a function in custom_converters cannot be used.
    """

    def __init__(self, settings: Settings, registry: ConverterRegistry) -> None:
        try:
            load_converters(registry, settings.custom_converters)
            self._codec = _Codec(replace(settings, compression=None, custom_converters=()), registry)
        except (ConfigurationError, LookupError, ValueError) as error:
            raise SourceError(str(error)) from error

    def session(self, key: str, data: bytes) -> dict[str, Any] | None:
        """Return the attributes of a value that was copied from under a storage key; None if it is a tombstone.

        Raises
        ------
        UndecodableError
            It cannot be opened with these settings.
        """
        return self.attributes(self._codec.envelopes.open(key, data))

    def opened(self, key: str, item: Item) -> Envelope:
        """Return the envelope of an item as a node gave it.

        Raises
        ------
        UndecodableError
            It cannot be opened with these settings.
        """
        return self._codec.open(key, item)

    def attributes(self, envelope: Envelope) -> dict[str, Any] | None:
        """Return the attributes of an envelope; None if it is a tombstone.

        Raises
        ------
        UndecodableError
            They cannot be decoded with these settings.
        """
        return None if envelope.header.dead else self._codec.decode(envelope)

    @staticmethod
    def reason(error: UndecodableError) -> str:
        """Return why a value could not be opened, in words that are the same for all that fail in this way.

        >>> StoredValues.reason(UndecodableError("these 12 bytes are no session: give whatever else writes here ..."))
        'these N bytes are no session'
        """
        words = _NUMBER.sub("N", str(error).partition(":")[0])
        return reason_of(shown(words[:_LONGEST_REASON]), error)


def load_converters(registry: ConverterRegistry, named: Sequence[str]) -> None:
    """Register what an application does.

    Parameters
    ----------
    registry
        Where it is registered; with what `register` has added to the default registry meanwhile.
    named
        Each a ``register_converters(registry)``, given as ``"module:function"``, which is called, or a module with
        classes under ``@register``, which is imported.

    Raises
    ------
    ValueError
        One cannot be found.
    """
    for name in named:
        try:
            if ":" in name or name in optional_converters():
                registry.load(name)
            else:
                _import(name)
        except ValueError as error:
            raise ValueError(f"{error} (PYTHONPATH names the folders in which modules are found)") from error
    if named:
        registry.adopt(DEFAULT)


def _import(module: str) -> None:
    try:
        import_module(module)
    except ImportError as error:
        raise ValueError(f"{module!r} is no module that can be imported: {error}") from error


class _Codec(SessionCodec):
    """Takes the converters of a registry, and not those that this process has by default."""

    def __init__(self, settings: Settings, registry: ConverterRegistry) -> None:
        self._registry = registry
        super().__init__(settings)

    def _named(self, name: str) -> Serializer:
        return get_serializer(name, self._registry)
