"""Keys of MongoDB."""

from bson import ObjectId

from .library_sample import LibrarySample

SAMPLES = [
    LibrarySample("object_id", lambda: ObjectId("65f0c0ffee65f0c0ffee0001")),
    LibrarySample("as_a_key", lambda: {ObjectId(b"\x00" * 12): {ObjectId(b"\xff" * 12)}}),
]
