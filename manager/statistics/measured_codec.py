"""`MeasuredCodec`: the session codec, with what it does counted and timed.

A request that only reads a session of this process encodes it too, and does little else: so the clock is read for one
encoding in `ENCODINGS_PER_SAMPLE`, the first one among them.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from ..entry import Entry
from ..envelope import Envelope
from ..session_codec import SessionCodec
from ..settings import Settings
from .meter import Meter

ENCODINGS_PER_SAMPLE = 16


class MeasuredCodec(SessionCodec):
    """A codec that does what `SessionCodec` does.

    Parameters
    ----------
    settings
        Of the manager.
    meter
        Where it is counted.
    """

    def __init__(self, settings: Settings, meter: Meter) -> None:
        super().__init__(settings)
        self._meter = meter
        self._encode = super().encode
        self._until_sample = 0

    def encode(self, attributes: Mapping[str, Any]) -> bytes:
        """Return the payload of a session; as `SessionCodec.encode`."""
        left = self._until_sample
        if left > 0:  # threads that count it down at the same time take another sample, and that is as good
            self._until_sample = left - 1
            return self._encode(attributes)
        self._until_sample = ENCODINGS_PER_SAMPLE - 1
        started = perf_counter()
        payload = self._encode(attributes)
        self._meter.here.cell.serialization.add(perf_counter() - started)
        return payload

    def decode(self, envelope: Envelope) -> dict[str, Any]:
        """Return the attributes of an envelope; as `SessionCodec.decode`."""
        started = perf_counter()
        attributes = super().decode(envelope)
        cell, serializer = self._meter.here.cell, envelope.header.serializer
        cell.deserialization.add(perf_counter() - started)
        cell.reads[serializer] = cell.reads.get(serializer, 0) + 1
        return attributes

    def seal(self, entry: Entry, payload: bytes, *, now: float) -> tuple[bytes, int]:
        """Return what is stored for the present state of an entry; as `SessionCodec.seal`."""
        value, flags = super().seal(entry, payload, now=now)
        self._meter.here.cell.stored_size.add(len(value))
        return value, flags
