"""Signatures of stored values: HMAC-SHA256 with keys that rotate, bound to the storage key.

The HMAC is over the length of the storage key (2 bytes, big-endian), the storage key and the body; its own key is the
HMAC-SHA256 of ``memcached-sessions envelope`` under the signing key. So a value does not verify under another storage
key, and what an application signs otherwise with its signing key (a SECRET_KEY often) is no signature here.

HMAC-SHA256 and not keyed BLAKE2b, which would take half a microsecond less: it takes keys of any length, every
language has it, and systems that allow only approved algorithms allow it.
"""

import hmac
from collections.abc import Sequence

from .errors import ConfigurationError

MAC_SIZE = 32
"""Bytes of a signature."""

_PURPOSE = b"memcached-sessions envelope"


class Signer:
    """Signs with the first of its keys, and verifies with all of them.

    Parameters
    ----------
    signing_keys
        At least one; any length above 0.

    Raises
    ------
    ConfigurationError
        There is no key, or an empty one.

    >>> old, both = Signer([b"old"]), Signer([b"new", b"old"])
    >>> both.verifies("s:1", b"body", old.sign("s:1", b"body")), both.verifies("s:2", b"body", old.sign("s:1", b"body"))
    (True, False)
    >>> old.verifies("s:1", b"body", both.sign("s:1", b"body"))
    False
    """

    def __init__(self, signing_keys: Sequence[bytes]) -> None:
        if not signing_keys or not all(signing_keys):
            raise ConfigurationError("signing_keys holds an empty key: give at least 32 random bytes")
        # Prepared here and copied for each use: the key schedule is half the cost of a short HMAC.
        self._prepared = [hmac.new(hmac.digest(key, _PURPOSE, "sha256"), digestmod="sha256") for key in signing_keys]

    def __len__(self) -> int:
        return len(self._prepared)

    def sign(self, key: str, *body: bytes) -> bytes:
        """Return the signature of a body, which may come in parts, under a storage key."""
        return _mac(self._prepared[0], key, *body)

    def verifies(self, key: str, body: bytes | memoryview, signature: bytes) -> bool:
        """Whether one of the keys made a signature."""
        # Each comparison takes constant time. Which of the keys fits is no secret.
        return any(hmac.compare_digest(_mac(mac, key, body), signature) for mac in self._prepared)


def _mac(prepared: hmac.HMAC, key: str, *body: bytes | memoryview) -> bytes:
    mac = prepared.copy()
    encoded = key.encode()
    mac.update(len(encoded).to_bytes(2, "big") + encoded)
    for part in body:
        mac.update(part)
    return mac.digest()
