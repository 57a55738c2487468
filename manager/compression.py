"""Makes payloads smaller, and larger again without trust: by zlib, or by zstd, which is faster and an extra.

Invariant: whoever decompresses says how long the result is. No more than that is ever made, and only input that ends
exactly there is accepted: whatever bytes come in, they cost at most three times the length that the caller allowed
(output, output being joined, window) and a few hundred KiB. Nothing but `UndecodableError` comes out.
"""

import sys
import zlib
from importlib import import_module
from typing import Any, Protocol

from .errors import ConfigurationError, UndecodableError

_SMALLEST_WINDOW = 10  # binary logarithm of bytes; the format has none below
_LARGEST_WINDOW = 31
_ZSTD_IS_STANDARD = sys.version_info >= (3, 14)


class Compression(Protocol):
    """A way to make bytes smaller. Safe to use from many threads."""

    @property
    def name(self) -> str:
        """What the setting calls it."""
        ...

    def compress(self, payload: bytes, /) -> bytes:
        """Return what `decompress` makes the payload of; it may be larger."""
        ...

    def decompress(self, data: bytes, size: int, /) -> bytes:
        """Return the payload, which has exactly `size` bytes, at least 1.

        Raises
        ------
        UndecodableError
            The data is damaged, ends too early, goes on after the payload, or holds one of another size.
        """
        ...


def compression_named(name: str) -> Compression:
    """Return a compression.

    Parameters
    ----------
    name
        ``"zlib"`` or ``"zstd"``.

    Raises
    ------
    ConfigurationError
        There is no such compression, or it is not installed.

    >>> zlib = compression_named("zlib")
    >>> packed = zlib.compress(b"session " * 100)
    >>> len(packed) < 100, zlib.decompress(packed, 800) == b"session " * 100
    (True, True)
    """
    match name:
        case "zlib":
            return _Zlib()
        case "zstd":
            return _StandardZstd() if _ZSTD_IS_STANDARD else _ZstdPackage()
        case _:
            raise ConfigurationError(f"compression={name!r}: give 'zlib', 'zstd' or None")


class _Zlib:
    name = "zlib"

    def compress(self, payload: bytes, /) -> bytes:
        return zlib.compress(payload)

    def decompress(self, data: bytes, size: int, /) -> bytes:
        stream = zlib.decompressobj()
        try:
            payload = stream.decompress(data, size + 1)  # one more, to get to the checksum, or to what is too much
        except zlib.error as error:
            raise UndecodableError(f"damaged: zlib cannot read the payload: {error}") from error
        _check(self.name, payload, size, whole=stream.eof and not stream.unused_data)
        return payload


class _StandardZstd:
    """By ``compression.zstd`` of the standard library."""

    name = "zstd"

    def __init__(self) -> None:
        self._library = _library("compression.zstd")

    def compress(self, payload: bytes, /) -> bytes:
        return self._library.compress(payload)

    def decompress(self, data: bytes, size: int, /) -> bytes:
        library = self._library
        try:
            _check_promise(library.get_frame_info(data).decompressed_size, size)
            stream = library.ZstdDecompressor(
                options={library.DecompressionParameter.window_log_max: _window_log(size)}
            )
            payload = stream.decompress(data, size + 1)
        except library.ZstdError as error:
            raise UndecodableError(f"damaged: zstd cannot read the payload: {error}") from error
        _check(self.name, payload, size, whole=stream.eof and not stream.unused_data)
        return payload


class _ZstdPackage:
    """By the package ``zstandard``, whose objects are not safe for threads: a new one for each call."""

    name = "zstd"

    def __init__(self) -> None:
        self._library = _library("zstandard")

    def compress(self, payload: bytes, /) -> bytes:
        return self._library.ZstdCompressor().compress(payload)

    def decompress(self, data: bytes, size: int, /) -> bytes:
        library = self._library
        try:
            # The library allocates what the frame promises, and writes no more than that.
            _check_promise(library.frame_content_size(data), size)
            stream = library.ZstdDecompressor(max_window_size=1 << _window_log(size))
            payload = stream.decompress(data, allow_extra_data=False)
        except library.ZstdError as error:
            raise UndecodableError(f"damaged: zstd cannot read the payload: {error}") from error
        _check(self.name, payload, size, whole=True)
        return payload


def _window_log(size: int) -> int:
    return min(max((size - 1).bit_length(), _SMALLEST_WINDOW), _LARGEST_WINDOW)


def _check_promise(promised: int | None, size: int) -> None:
    if promised != size:
        raise UndecodableError(f"damaged: zstd does not promise the {size} bytes that the header announces")


def _check(name: str, payload: bytes, size: int, *, whole: bool) -> None:
    if len(payload) != size or not whole:
        raise UndecodableError(f"damaged: {name} finds no payload of exactly {size} bytes")


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            f"compression='zstd' needs {name}, which cannot be imported ({error}): install memcached-sessions[zstd] "
            "(from Python 3.14 on: a Python that was built with zstd), or use 'zlib'"
        ) from error
