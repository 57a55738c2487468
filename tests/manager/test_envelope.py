"""Envelopes: round trips, signatures, and what damaged or hostile bytes can do."""

import struct
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.manager.compression import compression_named
from memcached_sessions.manager.envelope import Envelope, EnvelopeCodec, Header
from memcached_sessions.manager.errors import ConfigurationError, UndecodableError
from memcached_sessions.manager.signing import Signer
from memcached_sessions.manager.version_vector import EMPTY, VersionVector
from memcached_sessions.serializers import SerializationError

KEY = "shop:f071dc0d53798b194945ce5bc42a457a8df48339"
OTHER_KEY = "shop:f071dc0d53798b194945ce5bc42a457a8df48338"
MIB = 1 << 20
LIMIT = 2**32 - 2
HEADER = Header(
    created=1_700_000_000_000,
    accessed=1_700_000_060_000,
    idle=1800,
    absolute=None,
    counter=3,
    vector=VersionVector(((0xAABBCCDD, 2), (1, 1))),
    dead=False,
    touch_interval=450,
    serializer="compact",
)
PAYLOAD = b"attributes of a session, many of them alike; " * 20
PROPERTY = settings(max_examples=100, deadline=None, derandomize=True, database=None)
Compressed = Literal["zlib", "zstd"] | None

MOMENTS = st.integers(0, 253_402_300_799_999)
COUNTS = st.integers(1, 2**62 - 1)
LIMITS = st.none() | st.integers(0, LIMIT)
VECTORS = st.dictionaries(st.integers(0, 2**32 - 1), COUNTS, max_size=16).map(
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
    dead=st.just(value=False),
    touch_interval=st.integers(0, 2**32 - 1),
    serializer=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
)
PAYLOADS = st.binary(max_size=1000) | st.binary(min_size=1, max_size=20).map(lambda part: part * 50)
KEYS = st.text("0123456789abcdef:", min_size=1, max_size=250)


def _codec(*keys: bytes, compression: Compressed = None, bound: int = MIB) -> EnvelopeCodec:
    return EnvelopeCodec(signing_keys=keys, compression=compression, max_payload_bytes=bound)


PLAIN, SIGNED = _codec(), _codec(b"secret")
CODECS = [
    _codec(*keys, compression=compression)
    for keys in ((), (b"secret",), (b"s" * 200, b"secret"))
    for compression in (None, "zlib", "zstd")
]


def _hostile(payload: bytes, *, size: int, flags: int = 0, name: bytes = b"json", **fields: Any) -> bytes:
    """Return an unsigned envelope that says anything."""
    vector = fields.get("vector", b"\0\0\0\x07" + (1).to_bytes(8, "big"))
    return (
        struct.pack(
            ">2sBB8sQQQIIIIIBB",
            b"\xd3S",
            fields.get("version", 1),
            flags,
            blake2b(KEY.encode(), digest_size=8).digest(),
            fields.get("created", 0),
            fields.get("accessed", 0),
            fields.get("counter", 1),
            1800,
            0xFFFFFFFF,
            450,
            size,
            fields.get("stored_size", len(payload)),
            len(name),
            fields.get("writers", len(vector) // 12),
        )
        + name
        + vector
        + payload
    )


def _peak(action: Callable[[], object]) -> int:
    """Return the bytes that were allocated at once while an action ended or was refused."""
    tracemalloc.start()
    try:
        with suppress(UndecodableError):
            action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("codec", CODECS)
@PROPERTY
@given(key=KEYS, header=HEADERS, payload=PAYLOADS)
def test_what_was_sealed_is_opened(codec: EnvelopeCodec, key: str, header: Header, payload: bytes) -> None:
    """Every field, the order of the writers included."""
    opened = codec.open(key, codec.seal(key, header, payload))

    assert opened == Envelope(header, payload)
    assert opened.header.vector.entries == header.vector.entries


@pytest.mark.parametrize("codec", CODECS)
def test_a_tombstone_is_opened(codec: EnvelopeCodec) -> None:
    """Dead, without a payload."""
    tombstone = replace(HEADER, dead=True)

    assert codec.open(KEY, codec.seal(KEY, tombstone, b"")) == Envelope(tombstone, b"")


def test_the_layout_is_the_documented_one() -> None:
    """Stored sessions outlive a release: whoever changes this raises the format version."""
    expected = bytes.fromhex(
        "d353 01 04 d318d43342abde39 0000018bcfe56800 0000018bcfe65260 0000000000000003 00000708 ffffffff 000001c2"
        "00000004 00000004 07 02"
        + b"compact".hex()
        + "aabbccdd 0000000000000002 00000001 0000000000000001"
        + b"data".hex()
    )

    sealed = SIGNED.seal(KEY, HEADER, b"data")

    assert sealed[: len(expected)] == expected
    assert sealed[len(expected) :] == Signer([b"secret"]).sign(KEY, expected)
    assert PLAIN.seal(KEY, HEADER, b"data") == expected[:3] + b"\0" + expected[4:]


def test_the_signature_is_the_documented_hmac() -> None:
    """Computed by RFC 2104 itself, so that another program could verify it."""

    def hmac_sha256(key: bytes, message: bytes) -> bytes:
        from hashlib import sha256

        block = key.ljust(64, b"\0")
        inner = sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
        return sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()

    derived = hmac_sha256(b"secret", b"memcached-sessions envelope")

    assert Signer([b"secret"]).sign("s:1", b"bo", b"dy") == hmac_sha256(derived, b"\x00\x03s:1body")


@pytest.mark.parametrize("compression", [None, "zlib", "zstd"])
def test_every_flipped_bit_is_refused_with_keys(compression: Compressed) -> None:
    """Wherever it is."""
    codec = _codec(b"secret", compression=compression)
    sealed = codec.seal(KEY, HEADER, PAYLOAD)

    for at in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(UndecodableError):
            codec.open(KEY, bytes(flipped))


@pytest.mark.parametrize("codec", CODECS)
def test_every_cut_and_every_addition_is_refused(codec: EnvelopeCodec) -> None:
    """With keys and without."""
    sealed = codec.seal(KEY, HEADER, PAYLOAD)

    for damaged in [*(sealed[:length] for length in range(len(sealed))), sealed + b"\0", b"\0" + sealed, sealed * 2]:
        with pytest.raises(UndecodableError):
            codec.open(KEY, damaged)


@pytest.mark.parametrize("codec", CODECS)
@PROPERTY
@given(data=st.data())
def test_damaged_bytes_never_raise_anything_else(codec: EnvelopeCodec, data: st.DataObject) -> None:
    """And with keys they are never opened."""
    sealed = codec.seal(KEY, HEADER, data.draw(PAYLOADS))
    damaged = bytearray(sealed)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))

    try:
        envelope = codec.open(KEY, bytes(damaged))
    except UndecodableError:
        return
    assert damaged == sealed or codec in CODECS[:3]
    assert len(envelope.payload) <= MIB


@PROPERTY
@given(st.binary(max_size=300).filter(lambda data: not data.startswith(b"\xd3S")))
def test_foreign_bytes_are_no_session(data: bytes) -> None:
    """What another application has stored under the key."""
    with pytest.raises(UndecodableError, match="storage_key_prefix"):
        PLAIN.open(KEY, data)


@PROPERTY
@given(
    payload=st.binary(max_size=60),
    size=st.none() | st.integers(0, 2**32 - 1) | st.integers(0, 60),
    flags=st.sampled_from([0, 1, 2, 8, 9, 10]),
    name=st.binary(max_size=20),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "created": st.integers(0, 2**64 - 1),
            "counter": st.integers(0, 2**64 - 1),
            "writers": st.integers(0, 255),
            "stored_size": st.integers(0, 2**32 - 1),
            "vector": st.binary(max_size=240),
        },
    ),
)
def test_hostile_headers_are_refused_or_hold_what_can_be_stored_again(
    payload: bytes, size: int | None, flags: int, name: bytes, fields: dict[str, Any]
) -> None:
    """Without keys anything can be claimed; what is accepted is in range, after one more save too."""
    size = len(payload) if size is None else size

    try:
        envelope = PLAIN.open(KEY, _hostile(payload, size=size, flags=flags, name=name, **fields))
    except UndecodableError:
        return
    header = envelope.header
    later = replace(header, counter=header.counter + 1, vector=header.vector.bumped(7))
    assert PLAIN.seal(KEY, later, envelope.payload)


@pytest.mark.parametrize("flag", [1, 2], ids=["zlib", "zstd"])
@pytest.mark.parametrize("size", [MIB, MIB + 1, 2**32 - 1])
def test_a_bomb_costs_no_more_than_the_bound(flag: int, size: int) -> None:
    """Without keys; 256 MiB that say they were of one size or another."""
    bomb = compression_named({1: "zlib", 2: "zstd"}[flag]).compress(bytes(256 * MIB))
    hostile = _hostile(bomb, size=size, flags=flag)

    with pytest.raises(UndecodableError):
        PLAIN.open(KEY, hostile)
    assert _peak(lambda: PLAIN.open(KEY, hostile)) < 2 * MIB + 3 * len(bomb) + 400 * 1024


@PROPERTY
@given(payload=st.binary(max_size=200), size=st.integers(0, 2**32 - 1), flags=st.sampled_from([0, 1, 2, 4, 8]))
def test_a_small_hostile_envelope_costs_little_memory(payload: bytes, size: int, flags: int) -> None:
    """Whatever sizes it claims."""
    hostile = _hostile(payload, size=size, flags=flags, stored_size=len(payload))

    assert _peak(lambda: _codec(bound=64 * 1024).open(KEY, hostile)) < 600 * 1024


@pytest.mark.parametrize("compression", ["zlib", "zstd"])
def test_the_signature_is_verified_before_anything_is_decompressed(compression: Compressed) -> None:
    """T14, S5: a payload that no library can read, signed with another key, is refused for its signature."""
    sealed = _codec(b"another", compression=compression).seal(KEY, HEADER, PAYLOAD)
    unreadable = sealed[:100] + bytes(len(sealed) - 100)

    for data in (sealed, unreadable):
        with pytest.raises(UndecodableError, match="signature"):
            SIGNED.open(KEY, data)


def test_an_old_key_is_accepted_as_long_as_it_is_listed() -> None:
    """T16: rotation needs no pause."""
    old, both, new = _codec(b"old"), _codec(b"new", b"old"), _codec(b"new")

    assert both.open(KEY, old.seal(KEY, HEADER, PAYLOAD)).payload == PAYLOAD
    assert new.open(KEY, both.seal(KEY, HEADER, PAYLOAD)).payload == PAYLOAD
    with pytest.raises(UndecodableError, match="none of the 1 signing_keys"):
        new.open(KEY, old.seal(KEY, HEADER, PAYLOAD))
    with pytest.raises(UndecodableError, match="none of the 1 signing_keys"):
        old.open(KEY, both.seal(KEY, HEADER, PAYLOAD))


@pytest.mark.parametrize("codec", CODECS)
def test_an_envelope_opens_under_no_other_key(codec: EnvelopeCodec) -> None:
    """T15: two sessions cannot be swapped, nor one given to another user."""
    with pytest.raises(UndecodableError, match="another storage key"):
        codec.open(OTHER_KEY, codec.seal(KEY, HEADER, PAYLOAD))


def test_a_forged_key_hash_does_not_help_with_keys() -> None:
    """The signature covers the whole storage key, not only the hash of it in the header."""
    sealed = SIGNED.seal(KEY, HEADER, PAYLOAD)
    forged = sealed[:4] + blake2b(OTHER_KEY.encode(), digest_size=8).digest() + sealed[12:]

    with pytest.raises(UndecodableError, match="signature"):
        SIGNED.open(OTHER_KEY, forged)


def test_an_unsigned_value_is_refused_with_keys() -> None:
    """Or whoever writes to the store would simply leave the signature out."""
    with pytest.raises(UndecodableError, match="not signed, and signing_keys is set"):
        SIGNED.open(KEY, PLAIN.seal(KEY, HEADER, PAYLOAD))


def test_a_signed_value_is_refused_without_keys() -> None:
    """A process that lacks the keys says so, and does not overwrite the session unsigned."""
    with pytest.raises(UndecodableError, match="is signed, and signing_keys is empty"):
        PLAIN.open(KEY, SIGNED.seal(KEY, HEADER, PAYLOAD))


@pytest.mark.parametrize("compression", ["zlib", "zstd"])
@pytest.mark.parametrize("codec", CODECS[:3])
def test_a_compressed_payload_is_read_whatever_is_configured(codec: EnvelopeCodec, compression: Compressed) -> None:
    """Compression can be changed while sessions live."""
    assert codec.open(KEY, _codec(compression=compression).seal(KEY, HEADER, PAYLOAD)) == Envelope(HEADER, PAYLOAD)


@pytest.mark.parametrize("compression", ["zlib", "zstd"])
def test_only_what_gets_smaller_is_compressed(compression: Compressed) -> None:
    """And what is worth it: 256 bytes and more."""
    codec = _codec(compression=compression)
    random = b"".join(blake2b(bytes([number])).digest() for number in range(20))

    assert len(codec.seal(KEY, HEADER, PAYLOAD)) < len(PLAIN.seal(KEY, HEADER, PAYLOAD)) // 2
    assert codec.seal(KEY, HEADER, b"a" * 256) != PLAIN.seal(KEY, HEADER, b"a" * 256)
    assert codec.seal(KEY, HEADER, b"a" * 255) == PLAIN.seal(KEY, HEADER, b"a" * 255)
    assert codec.seal(KEY, HEADER, random) == PLAIN.seal(KEY, HEADER, random)


def test_a_payload_over_the_bound_is_refused_on_both_sides() -> None:
    """Compressed or not, by its decompressed size."""
    for compression in (None, "zlib", "zstd"):
        small, large = _codec(compression=compression, bound=899), _codec(compression=compression)

        with pytest.raises(SerializationError, match="900 bytes of session, over the 899 allowed"):
            small.seal(KEY, HEADER, PAYLOAD)
        with pytest.raises(UndecodableError, match="900 bytes of session, over the 899 allowed"):
            small.open(KEY, large.seal(KEY, HEADER, PAYLOAD))
        assert _codec(bound=900).open(KEY, large.seal(KEY, HEADER, PAYLOAD)).payload == PAYLOAD


def test_a_compressed_payload_without_its_library_is_undecodable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install; the session is there still."""
    sealed = _codec(compression="zstd").seal(KEY, HEADER, PAYLOAD)
    monkeypatch.setitem(sys.modules, "compression.zstd" if sys.version_info >= (3, 14) else "zstandard", None)

    with pytest.raises(UndecodableError, match=r"compressed by zstd.*memcached-sessions\[zstd\]"):
        PLAIN.open(KEY, sealed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "format version 2"),
        ({"version": 0}, "format version 0"),
        ({"flags": 3}, "flags 0x03"),
        ({"flags": 16}, "flags 0x10"),
        ({"flags": 128}, "flags 0x80"),
        ({"flags": 8}, "tombstone with a payload"),
        ({"flags": 1}, "4 bytes stored for 4"),
        ({"size": 5}, "4 bytes stored for 5"),
        ({"size": 3}, "4 bytes stored for 3"),
        ({"stored_size": 3}, "before the signature"),
        ({"stored_size": 2**32 - 1}, "before the signature"),
        ({"name": b""}, "no name"),
        ({"name": b"\xff"}, "decode"),
        ({"writers": 2}, "before the signature"),
        ({"vector": b"\0\0\0\7" + bytes(8)}, "count 0"),
        ({"vector": (b"\0\0\0\7" + bytes(7) + b"\1") * 2}, "each once"),
        ({"vector": b"".join(bytes([0, 0, 0, writer, *bytes(7), 1]) for writer in range(17))}, "at most 16"),
        ({"vector": b"\0\0\0\7\x40" + bytes(7)}, "out of range"),
        ({"counter": 2**62}, "out of range"),
        ({"created": 2**63}, "out of range"),
        ({"accessed": 253_402_300_800_000}, "out of range"),
    ],
)
def test_what_no_release_writes_is_refused_and_named(change: dict[str, Any], message: str) -> None:
    """Strict parsing: one meaning for every byte."""
    fields: dict[str, Any] = {"size": 4} | change

    with pytest.raises(UndecodableError, match=message):
        PLAIN.open(KEY, _hostile(b"data", **fields))


def test_the_hostile_envelopes_of_these_tests_are_refused_for_what_they_change() -> None:
    """Unchanged they are opened."""
    assert PLAIN.open(KEY, _hostile(b"data", size=4)).payload == b"data"
    assert PLAIN.open(KEY, _hostile(zlib.compress(b"d" * 100), size=100, flags=1)).payload == b"d" * 100


@pytest.mark.parametrize(
    "change",
    [
        {"serializer": ""},
        {"serializer": "x" * 256},
        {"idle": 2**32 - 1},
        {"absolute": 2**32 - 1},
        {"idle": 2**32},
        {"idle": -1},
        {"touch_interval": 2**32},
        {"created": -1},
        {"counter": 2**64},
        {"vector": VersionVector(((1, 2**64),))},
    ],
)
def test_a_header_that_cannot_be_written_is_refused(change: dict[str, Any]) -> None:
    """Not written as something else."""
    with pytest.raises(ValueError, match=r"header|limit"):
        PLAIN.seal(KEY, replace(HEADER, **change), PAYLOAD)


def test_a_tombstone_with_a_payload_is_refused() -> None:
    """Attributes do not outlive a session."""
    with pytest.raises(ValueError, match="tombstone"):
        PLAIN.seal(KEY, replace(HEADER, dead=True), b"{}")


def test_a_small_session_costs_about_80_bytes_and_32_for_the_signature() -> None:
    """What the envelope adds to one that one process has saved."""
    header = replace(HEADER, vector=EMPTY.bumped(7))

    assert len(PLAIN.seal(KEY, header, b"")) == 77
    assert len(SIGNED.seal(KEY, header, b"")) == 77 + 32


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"signing_keys": [b""]}, "signing_keys holds an empty key"),
        ({"signing_keys": [b"new", b""]}, "signing_keys holds an empty key"),
        ({"max_payload_bytes": 0}, "max_payload_bytes=0"),
        ({"compression": "lz4"}, "compression='lz4'"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, Any], message: str) -> None:
    """By name, with the value unless it is a secret."""
    usable: dict[str, Any] = {"max_payload_bytes": 1000}

    with pytest.raises(ConfigurationError, match=message):
        EnvelopeCodec(**(usable | settings))


def test_zstd_that_is_not_installed_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra to install."""
    monkeypatch.setitem(sys.modules, "compression.zstd" if sys.version_info >= (3, 14) else "zstandard", None)

    with pytest.raises(ConfigurationError, match=r"memcached-sessions\[zstd\]"):
        _codec(compression="zstd")


def test_a_signer_without_keys_is_refused() -> None:
    """It could neither sign nor verify."""
    with pytest.raises(ConfigurationError, match="signing_keys"):
        Signer([])
