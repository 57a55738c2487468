"""Whether a session is too large for the nodes, before there are any: what a dry run says of sizes.

Invariant: what is measured is what would be stored, the envelope with header and signature, compressed as the settings
say, and nothing is sent. The version vector is that of one process; each further one that saves a session adds 12
bytes.
"""

from ..serializers import SerializationError
from .envelope import EnvelopeCodec, Header
from .session_id import SID_BYTES, sid_from, storage_key
from .settings import Settings
from .stores.store_arguments import item_size
from .version_vector import VersionVector, client_flags

MEMCACHED_ITEM_LIMIT = 1024 * 1024
"""Bytes of an item that a memcached takes, unless it is started with another ``-I``."""


def size_problem(payload: bytes, serializer: str, envelopes: EnvelopeCodec, settings: Settings) -> str | None:
    """Return why the nodes would not take a session, in words that are the same for all sizes; None if they would.

    Parameters
    ----------
    payload
        Of the session.
    serializer
        The name of what wrote it.
    envelopes
        Makes what is stored.
    settings
        With ``max_session_bytes``, or None for the limit that memcached has.
    """
    vector = VersionVector(((1, 1),))
    key = storage_key(sid_from(bytes(SID_BYTES)), settings.storage_key_prefix)
    header = Header(0, 0, None, None, 1, vector, dead=False, touch_interval=0, serializer=serializer)
    try:
        value = envelopes.seal(key, header, payload)
    except SerializationError:
        return f"is over the {settings.max_payload_bytes} bytes that a session may have: store less"
    limit = settings.max_session_bytes
    if limit is not None:
        return f"is over max_session_bytes={limit} as it is stored: store less" if len(value) > limit else None
    if item_size(key, value, client_flags(vector, dead=False)) <= MEMCACHED_ITEM_LIMIT:
        return None
    return (
        f"is over the {MEMCACHED_ITEM_LIMIT} bytes that memcached takes as an item by default: store less, or start "
        "memcached with a larger -I and say so by max_session_bytes"
    )
