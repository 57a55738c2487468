"""Compression: smaller and back, and what hostile bytes can cost."""

import sys
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.manager.compression import Compression, compression_named
from memcached_sessions.manager.errors import ConfigurationError, UndecodableError

ZSTD_MODULE = "compression.zstd" if sys.version_info >= (3, 14) else "zstandard"
NAMES = ("zlib", "zstd")
COMPRESSIONS = [pytest.param(compression_named(name), id=name) for name in NAMES]
PROPERTY = settings(max_examples=200, deadline=None, derandomize=True, database=None)
MIB = 1 << 20
WORKING_MEMORY = 400 * 1024
"""Bytes that either library may take whatever it reads."""


def _peak(action: Callable[[], object]) -> int:
    """Return the bytes that were allocated at once while an action failed as undecodable."""
    tracemalloc.start()
    try:
        with pytest.raises(UndecodableError):
            action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _zstd_frame(content: bytes, *, claimed: int, window_log: int) -> bytes:
    """Return a frame with a window of its own (RFC 8878 section 3.1.1): one raw block."""
    block = (len(content) << 3 | 1).to_bytes(3, "little") + content
    return b"\x28\xb5\x2f\xfd\x80" + bytes([window_log - 10 << 3]) + claimed.to_bytes(4, "little") + block


@pytest.mark.parametrize("compression", COMPRESSIONS)
@PROPERTY
@given(payload=st.binary(min_size=1, max_size=2000) | st.binary(min_size=1, max_size=9).map(lambda part: part * 5000))
def test_a_payload_comes_back(compression: Compression, payload: bytes) -> None:
    """Short, random and repetitive ones."""
    assert compression.decompress(compression.compress(payload), len(payload)) == payload


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_large_payload_comes_back(compression: Compression) -> None:
    """Larger than any buffer and window that the libraries begin with."""
    payload = b"".join(zlib.crc32(number.to_bytes(4, "big")).to_bytes(4, "big") * 2 for number in range(MIB))

    assert compression.decompress(compression.compress(payload), len(payload)) == payload


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("claimed", [0, 1, 4999, 5001, 2**32 - 1])
def test_another_size_than_the_announced_one_is_refused(compression: Compression, claimed: int) -> None:
    """Too much and too little."""
    data = compression.compress(b"state" * 1000)

    with pytest.raises(UndecodableError, match=str(claimed)):
        compression.decompress(data, claimed)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("change", ["cut", "empty", "garbage", "another", "nothing"])
def test_only_one_whole_stream_is_accepted(compression: Compression, change: str) -> None:
    """Cut at any place, followed by anything, or no stream at all."""
    data = compression.compress(b"state" * 1000)
    damaged = {
        "cut": [data[:length] for length in range(1, len(data))],
        "empty": [b""],
        "garbage": [data + b"\0", data + b"more"],
        "another": [data + data, data + compression.compress(b"")],
        "nothing": [b"state" * 1000, b"\0" * 20],
    }

    for each in damaged[change]:
        with pytest.raises(UndecodableError, match="damaged"):
            compression.decompress(each, 5000)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@PROPERTY
@given(data=st.data())
def test_damaged_bytes_give_a_payload_of_that_size_or_one_error(compression: Compression, data: st.DataObject) -> None:
    """Nothing else comes out, whatever comes in."""
    packed = bytearray(compression.compress(data.draw(st.binary(min_size=1, max_size=20)) * 50))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    size = data.draw(st.integers(0, 2000))

    try:
        payload = compression.decompress(bytes(packed), size)
    except UndecodableError:
        return
    assert len(payload) == size


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("allowed", [1000, MIB])
def test_a_bomb_costs_no_more_than_what_was_announced(compression: Compression, allowed: int) -> None:
    """A few KiB that would become 256 MiB."""
    bomb = compression.compress(bytes(256 * MIB))

    assert len(bomb) < MIB
    assert _peak(lambda: compression.decompress(bomb, allowed)) < 2 * allowed + 2 * len(bomb) + WORKING_MEMORY


def test_a_zstd_frame_that_lies_about_its_size_is_refused() -> None:
    """The frame says what the envelope says, and holds more."""
    compression = compression_named("zstd")
    lie = _zstd_frame(b"x" * 2000, claimed=1000, window_log=10)

    with pytest.raises(UndecodableError, match="zstd"):
        compression.decompress(lie, 1000)


@pytest.mark.parametrize(("window_log", "fits"), [(17, True), (18, False), (27, False), (31, False)])
def test_a_zstd_frame_that_asks_for_a_larger_window_than_the_payload_gets_none(window_log: int, *, fits: bool) -> None:
    """The library would reserve it for a frame that is cut, out of sight of Python."""
    content = b"x" * 100_000
    cut = _zstd_frame(content, claimed=len(content), window_log=window_log)[:-1]

    with pytest.raises(UndecodableError) as error:
        compression_named("zstd").decompress(cut, len(content))

    assert ("too much memory" in str(error.value)) == (not fits)


def test_a_zstd_frame_without_a_size_is_refused() -> None:
    """Whoever compresses a session knows its size."""
    frame = b"\x28\xb5\x2f\xfd\x00\x58" + (1000 << 3 | 1).to_bytes(3, "little") + b"x" * 1000

    with pytest.raises(UndecodableError, match="does not promise the 1000 bytes"):
        compression_named("zstd").decompress(frame, 1000)


@pytest.mark.parametrize("name", ["lz4", "", "ZLIB"])
def test_an_unknown_compression_is_refused_with_the_known_ones(name: str) -> None:
    """With the setting and the value."""
    with pytest.raises(ConfigurationError, match=f"compression='{name}': give 'zlib', 'zstd'"):
        compression_named(name)


def test_zstd_that_is_not_installed_is_refused_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, not at the first large session."""
    monkeypatch.setitem(sys.modules, ZSTD_MODULE, None)

    with pytest.raises(ConfigurationError, match=r"memcached-sessions\[zstd\]"):
        compression_named("zstd")


@pytest.mark.parametrize("name", NAMES)
def test_a_compression_knows_its_name(name: str) -> None:
    """As the setting calls it."""
    assert compression_named(name).name == name
