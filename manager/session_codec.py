"""The attributes of a session as bytes: payload, envelope, and back.

Invariants: a snapshot holds what the attributes were between two steps of the application, or is taken again; only a
serializer that is accepted reads; what cannot be read is an `UndecodableError`, whatever the reason.
"""

import re
import time
from collections.abc import Mapping
from typing import Any, cast

from ..serializers import DEFAULT, SerializationError, Serializer, get_serializer
from .entry import Entry
from .envelope import Envelope, EnvelopeCodec, Header
from .errors import UndecodableError
from .settings import Settings
from .stores.store import Item
from .version_vector import VersionVector, client_flags

SNAPSHOT_ATTEMPTS = 50
_NO_ATTRIBUTES = "the payload does not hold a dict of attributes by name"
_CHANGED = re.compile(r"(changed|mutated) (size |keys )?(while|during)|keys changed during")


class SessionCodec:
    """What the settings say about bytes, made ready once.

    Parameters
    ----------
    settings
        Of the manager.
    """

    def __init__(self, settings: Settings) -> None:
        for converter in settings.custom_converters:
            DEFAULT.load(converter)  # the registry that `register` adds to, and that serializers ask
        chosen = settings.serializer
        self.serializer: Serializer = chosen if not isinstance(chosen, str) else self._named(chosen)
        self._accepted: dict[str, Serializer | None] = dict.fromkeys(settings.accepted_serializers)
        self._accepted[self.serializer.name] = self.serializer
        self._kept = settings.kept_attribute
        self.envelopes = EnvelopeCodec(
            signing_keys=settings.mac_keys,
            compression=settings.compression,
            max_payload_bytes=settings.max_payload_bytes,
        )

    def _named(self, name: str) -> Serializer:
        return get_serializer(name)

    def encode(self, attributes: Mapping[str, Any]) -> bytes:
        """Return the payload of a session; attributes that the filter leaves out are not in it.

        Another thread may change the attributes meanwhile. What is noticed of that (a dict that grew while it was
        walked) is tried again.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path.
        """
        attempts = SNAPSHOT_ATTEMPTS
        while True:
            try:
                return self.serializer.dumps(dict(attributes) if self._kept is None else self.kept(attributes))
            except Exception as error:
                attempts -= 1
                if not attempts or not changed_meanwhile(error):
                    if isinstance(error, SerializationError):
                        raise
                    name = self.serializer.name
                    raise SerializationError(f"{name} failed: {type(error).__name__}: {error}") from error
                time.sleep(0)  # let the other thread get on

    @property
    def keeps_all(self) -> bool:
        """Whether the filter leaves no attribute out."""
        return self._kept is None

    def kept(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of the attributes, as far as they are backed up."""
        copy, is_kept = dict(attributes), self._kept
        return copy if is_kept is None else {name: value for name, value in copy.items() if is_kept(name)}

    def decode(self, envelope: Envelope) -> dict[str, Any]:
        """Return the attributes of an envelope, new objects at each call.

        Raises
        ------
        UndecodableError
            It was written by a serializer that is not accepted here, or does not hold attributes.
        """
        name = envelope.header.serializer
        if name not in self._accepted:
            raise UndecodableError(
                f"the session was written by the serializer {name!r}, which is not in accept_serializers"
            )
        serializer = self._accepted[name]
        if serializer is None:
            serializer = self._accepted[name] = self._named(name)
        return self._attributes(serializer, envelope.payload)

    def decode_own(self, payload: bytes) -> dict[str, Any]:
        """Return the attributes of a payload that `encode` made, whose names were names before."""
        return self._dict(self.serializer, payload)

    def _attributes(self, serializer: Serializer, payload: bytes) -> dict[str, Any]:
        attributes = self._dict(serializer, payload)
        if not all(type(name) is str for name in attributes):
            raise UndecodableError(_NO_ATTRIBUTES)
        return attributes

    @staticmethod
    def _dict(serializer: Serializer, payload: bytes) -> dict[Any, Any]:
        try:
            attributes = serializer.loads(payload)
        except ValueError as error:
            raise UndecodableError(f"{serializer.name} cannot read the attributes: {error}") from error
        if type(attributes) is not dict:
            raise UndecodableError(_NO_ATTRIBUTES)
        return cast("dict[Any, Any]", attributes)

    def seal(self, entry: Entry, payload: bytes, *, now: float) -> tuple[bytes, int]:
        """Return what is stored for the present state of an entry, and its client flags."""
        header = self._header(entry, entry.vector, entry.counter, now=now, dead=False)
        return self.envelopes.seal(entry.key, header, payload), client_flags(entry.vector, dead=False)

    def tombstone(self, entry: Entry, key: str, vector: VersionVector, *, now: float) -> tuple[bytes, int]:
        """Return the mark that says that the session under a key is dead, and its client flags."""
        header = self._header(entry, vector, entry.counter + 1, now=now, dead=True)
        return self.envelopes.seal(key, header, b""), client_flags(vector, dead=True)

    def _header(self, entry: Entry, vector: VersionVector, counter: int, *, now: float, dead: bool) -> Header:
        return Header(
            created=round(entry.created * 1000),
            accessed=round(now * 1000),
            idle=entry.idle,
            absolute=entry.absolute,
            counter=counter,
            vector=vector,
            dead=dead,
            touch_interval=entry.touch_interval,
            serializer=self.serializer.name,
        )

    def open(self, key: str, item: Item) -> Envelope:
        """Return the envelope of an item that was fetched with its value.

        Raises
        ------
        UndecodableError
            The bytes are damaged or not ours, or the client flags are not those of the envelope.
        """
        envelope = self.envelopes.open(key, item.value or b"")
        header = envelope.header
        if item.flags != client_flags(header.vector, dead=header.dead):
            raise UndecodableError("the client flags are not those of the envelope: a proxy or client has changed them")
        return envelope


def changed_meanwhile(error: BaseException | None) -> bool:
    """Whether a container changed while it was written: Python's iterators and the serializers say so in words only."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # a serializer may raise an error from itself
        seen.add(id(error))
        words = error.problem if isinstance(error, SerializationError) else str(error)  # a path may hold any word
        if isinstance(error, (RuntimeError, SerializationError)) and _CHANGED.search(words):
            return True
        error = error.__cause__
    return False
