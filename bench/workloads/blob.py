"""A session with an upload in it: 64 KiB of bytes, half of them dense as in an image, half of them letters.

Most of the time goes into copying, and into base64 where a format has no bytes. A compressor gains nothing on the first
half, and not much on the second. The seed is 91596, the first digits of Catalan's constant: taken from nature,
so chosen for no serializer.
"""

from random import Random

from ..workload import Workload

SEED = 91596

BLOB_SIZE = 65_536
"""Bytes."""

_LETTERS = b"etaoin shrdlucmf"
"""Each as likely as the others: four bits of information in eight."""


def build_blob(seed: int) -> dict[str, object]:
    """Return a session with an uploaded file in it.

    Parameters
    ----------
    seed
        Where the random bytes start.

    >>> upload = build_blob(SEED)["upload"]
    >>> len(upload["content"]), upload["size"]
    (65536, 65536)
    """
    random = Random(seed)  # noqa: S311 - reproducible data, no secrets
    return {
        "_auth_user_id": str(random.randrange(10_000, 1_000_000)),
        "csrf_token": random.randbytes(20).hex(),
        "upload": {
            "name": f"scan-{random.randrange(1000, 10_000)}.pdf",
            "type": "application/pdf",
            "size": BLOB_SIZE,
            "digest": random.randbytes(32),
            "content": random.randbytes(BLOB_SIZE // 2) + bytes(random.choices(_LETTERS, k=BLOB_SIZE // 2)),
        },
    }


BLOB = Workload(
    name="blob",
    description=f"an upload of {BLOB_SIZE // 1024} KiB of bytes that are only partly compressible",
    seed=SEED,
    build=lambda: build_blob(SEED),
)
