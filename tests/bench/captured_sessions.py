"""Sessions as a user has them, in files and stored values, and what a capture holds."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from memcached_process import MemcachedProcess

from memcached_sessions.bench.captured.capture import Capture
from memcached_sessions.manager.envelope import EnvelopeCodec, Header
from memcached_sessions.manager.session_id import storage_key
from memcached_sessions.manager.version_vector import VersionVector, client_flags

KEYS = "a key that signs what is stored, and is long enough"
SESSION = {"user": "Ada Lovelace", "cart": [{"sku": "AB-1234", "price": Decimal("19.90")}], "seats": (3, 4)}


@dataclass
class Stored:
    """A session as it lies on a node."""

    key: str
    value: bytes
    flags: int


class Loud:
    """Says so when it is loaded."""

    def __reduce__(self) -> object:
        return print, ("loaded",)


def settings_file(folder: Path, node: MemcachedProcess | None, **options: object) -> Path:
    """Write settings as an application has them."""
    file = folder / "settings.toml"
    values = {"memcached_nodes": f"127.0.0.1:{node.port}" if node else "memory://", **options}
    lines = [
        f"{name} = {json.dumps(list(value) if isinstance(value, tuple) else value)}"
        for name, value in values.items()
        if value is not None
    ]
    file.write_text("\n".join(["[memcached-sessions]", *lines]))
    return file


def sessions_of(found: Capture) -> list[dict[str, object]]:
    """Return the sessions that a capture makes a workload of."""
    workload = found.workload_info().workload
    assert workload is not None
    return workload.sessions()


def stored_value(
    payload: bytes, serializer: str, *, signing_keys: list[bytes], prefix: str = "", counter: int = 1
) -> Stored:
    """Return what a manager with other settings would have stored, under a key that depends on them."""
    sid = f"{len(signing_keys)}{len(signing_keys[0]) if signing_keys else 0:02d}".ljust(32, "0")
    key = storage_key(sid, prefix)
    vector = VersionVector(((7, counter),))
    header = Header(0, 0, None, None, counter, vector, dead=False, touch_interval=450, serializer=serializer)
    codec = EnvelopeCodec(signing_keys=signing_keys, max_payload_bytes=100_000)
    return Stored(key, codec.seal(key, header, payload), client_flags(vector, dead=False))
