"""`MeasuredCodec`: the session codec, with what it does counted and timed.

A request may encode a session that it has not changed, and do little else: so the clock is read for the first encoding
only, and for the one that follows each `REQUESTS_PER_SAMPLE` requests of a kind in a thread. In between `encode` is
that of `SessionCodec`, with nothing around it.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from ..entry import Entry
from ..envelope import Envelope
from ..session_codec import SessionCodec
from ..settings import Settings
from .meter import Meter


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
        meter.sample = self._time_next_encoding
        self._time_next_encoding()

    def _time_next_encoding(self) -> None:
        vars(self)["encode"] = self._timed_encode

    def _timed_encode(self, attributes: Mapping[str, Any]) -> bytes:
        vars(self).pop("encode", None)  # another thread may have timed one too, and that is as good
        started = perf_counter()
        payload = self.encode(attributes)
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
