"""The session manager's envelope as the comparison has it: signed, not compressed, saved twelve times by one process.

Invariant: what is timed with an envelope around it and what is put into memcached to be counted is the same value.
"""

from ..manager.envelope import EnvelopeCodec, Header
from ..manager.session_id import storage_key
from ..manager.version_vector import VersionVector

SIGNING_KEY = b"a key for the comparison: it keeps nothing secret"
"""What the envelopes of the comparison are signed with."""

KEY = storage_key("5e55" * 8)
"""The storage key of a session, as the session manager makes it."""

TTL = 1800
"""Seconds that a session lives: the manager's default."""

SAVES = 12
VECTOR = VersionVector(((0x9E3779B9, SAVES),))
"""Who has saved it, and how often."""

_MAX_PAYLOAD_BYTES = 1 << 30

_MOMENT = 1_767_225_600_000
"""Milliseconds since 1970."""


def envelope_of(serializer: str) -> tuple[EnvelopeCodec, Header]:
    """Return what puts payloads of a serializer, which is told by its name, into envelopes, and their header.

    >>> codec, header = envelope_of("json")
    >>> value = codec.seal(KEY, header, b"{}")
    >>> len(value), codec.open(KEY, value).payload
    (108, b'{}')
    """
    header = Header(
        created=_MOMENT,
        accessed=_MOMENT,
        idle=TTL,
        absolute=None,
        counter=SAVES,
        vector=VECTOR,
        dead=False,
        touch_interval=TTL // 4,
        serializer=serializer,
    )
    return EnvelopeCodec(signing_keys=[SIGNING_KEY], max_payload_bytes=_MAX_PAYLOAD_BYTES), header
