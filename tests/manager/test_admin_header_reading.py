"""Headers read as far as they go: what the envelope reads, and no error on anything else."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.manager.admin.header_reading import HeaderReading, read_header
from memcached_sessions.manager.envelope import EnvelopeCodec, Header
from memcached_sessions.manager.version_vector import EMPTY, VersionVector

KEY = "shop:f071dc0d53798b194945ce5bc42a457a8df48339"
PROPERTY = settings(max_examples=200, deadline=None, derandomize=True, database=None)
MOMENTS = st.integers(0, 253_402_300_799_999)
LIMITS = st.none() | st.integers(0, 2**32 - 2)
VECTORS = st.dictionaries(st.integers(0, 2**32 - 1), st.integers(1, 2**62 - 1), max_size=16).map(
    lambda counts: VersionVector(tuple(counts.items()))
)
HEADERS = st.builds(
    Header,
    created=MOMENTS,
    accessed=MOMENTS,
    idle=LIMITS,
    absolute=LIMITS,
    counter=st.integers(0, 2**62 - 1),
    vector=VECTORS,
    dead=st.booleans(),
    touch_interval=st.integers(0, 2**32 - 1),
    serializer=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
)
CODECS = {
    "plain": EnvelopeCodec(max_payload_bytes=10_000),
    "zlib": EnvelopeCodec(compression="zlib", max_payload_bytes=10_000),
    "zstd": EnvelopeCodec(compression="zstd", max_payload_bytes=10_000),
    "signed": EnvelopeCodec(signing_keys=[b"secret"], compression="zlib", max_payload_bytes=10_000),
}
PAYLOAD = b"many words " * 100
HEADER = Header(
    created=1_700_000_000_000,
    accessed=1_700_000_060_000,
    idle=1800,
    absolute=None,
    counter=3,
    vector=VersionVector(((0xA, 2),)),
    dead=False,
    touch_interval=450,
    serializer="json",
)


def _read(data: bytes) -> HeaderReading:
    reading = read_header(KEY, data)
    assert reading
    return reading


def _milliseconds(text: str | None) -> int:
    assert text
    return round((datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


@PROPERTY
@given(HEADERS, st.sampled_from(sorted(CODECS)))
def test_a_header_reads_as_the_envelope_reads_it(header: Header, name: str) -> None:
    """All fields of whatever can be stored."""
    payload = b"" if header.dead else PAYLOAD

    reading = _read(CODECS[name].seal(KEY, header, payload))

    assert (_milliseconds(reading.created), _milliseconds(reading.accessed)) == (header.created, header.accessed)
    assert reading.idle_limit == ("never" if header.idle is None else header.idle)
    assert reading.absolute_limit == ("never" if header.absolute is None else header.absolute)
    assert (reading.counter, reading.touch_interval) == (header.counter, header.touch_interval)
    assert (reading.dead, reading.serializer) == (header.dead, header.serializer)
    assert reading.version_vector is not None
    assert [(int(entry.writer, 16), entry.saves) for entry in reading.version_vector] == list(header.vector.entries)
    assert (reading.format_version, reading.key_matches, reading.payload_bytes) == (1, True, len(payload))
    assert reading.signed == (name == "signed")
    assert reading.compression == (None if header.dead or name == "plain" else {"signed": "zlib"}.get(name, name))
    assert reading.stored_payload_bytes == len(payload) or reading.compression


@PROPERTY
@given(HEADERS, st.data())
def test_a_header_that_is_cut_off_says_what_is_left(header: Header, data: st.DataObject) -> None:
    """Every field is what it was, or unknown."""
    whole = CODECS["plain"].seal(KEY, replace(header, dead=False), PAYLOAD)
    end = data.draw(st.integers(2, len(whole)))

    cut, full = _read(whole[:end]), _read(whole)

    for name in HeaderReading.__dataclass_fields__:
        if name not in ("signed", "dead", "compression"):  # flags, which are not set without the byte
            assert getattr(cut, name) in (None, getattr(full, name)), name


@PROPERTY
@given(st.binary(max_size=200))
def test_no_bytes_are_an_error(tail: bytes) -> None:
    """Neither behind the first bytes of an envelope nor without them."""
    for beginning in (b"", b"\xd3S", b"\xd3S\x01", b"\xd3S\x01\x0f"):
        data = beginning + tail
        assert (read_header(KEY, data) is None) == (data[:2] != b"\xd3S")


def test_a_header_of_another_format_is_not_guessed_at() -> None:
    """A later release may have anything in any place."""
    data = bytearray(CODECS["signed"].seal(KEY, HEADER, PAYLOAD))
    data[2] = 2

    reading = _read(bytes(data))

    assert (reading.format_version, reading.created, reading.serializer, reading.signed) == (2, None, None, False)


def test_a_header_that_was_copied_from_another_key_shows_it() -> None:
    """Whoever copied it, it is not this session."""
    reading = read_header(KEY, CODECS["plain"].seal("another", HEADER, PAYLOAD))

    assert reading
    assert reading.key_matches is False


@pytest.mark.parametrize("field", [12, 20])
def test_a_time_that_is_no_date_is_shown_as_the_number_it_is(field: int) -> None:
    """Hostile bytes can say any."""
    data = bytearray(CODECS["plain"].seal(KEY, replace(HEADER, vector=EMPTY), PAYLOAD))
    data[field : field + 8] = b"\xff" * 8

    reading = _read(bytes(data))

    assert "18446744073709551615 ms since 1970, which is no date" in (reading.created, reading.accessed)
