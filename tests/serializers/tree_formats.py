"""The serializers that hand a value to a library after a lowering pass; the extra `test` brings the library of each."""

TREES = ["json", "msgpack", "cbor", "msgspec", "ormsgpack", "fory"]
