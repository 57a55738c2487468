"""The `compact` serializer: FORMAT.md says what the bytes are, `writer` and `reader` are that in Python.

The compiled module `_compact`, where it was built, does the same, byte for byte; `serializer` picks one of them.
"""
