# `dumps` and `loads` as a class that the serializer inherits, so that no frame of Python stands before the passes: on a
# small session it would take as long as they do. What is refused is explained in Python.

cdef class Calls:
    """What `calls.PythonCalls` is, and does by any of the implementations."""

    cdef readonly object registry, max_size
    cdef readonly str implementation
    cdef bint fast, in_python
    cdef size_t limit
    cdef Prepared known

    def __init__(self, registry, max_size, str implementation not None):
        self.registry, self.max_size, self.limit = registry, max_size, min(max_size, MAX_LIMIT)
        self.known = None
        self.in_python, self.fast = implementation == "python", implementation == "compiled"
        if implementation == "compiled" and not (layouts_agree or decimals_agree):
            implementation = "portable"
        self.implementation = implementation

    @cython.embedsignature(True)
    @cython.embedsignature.format("clinic")
    def dumps(self, value, /):
        """Return the payload for a value.

        Raises
        ------
        SerializationError
            Something in the value is not registered, no text, nested too deep, too large, referred to in a way that
            cannot be read, or a dict or set of too many keys with one hash; with the path.
        """
        try:
            if self.in_python:
                return in_python.dumps(value, self.registry, self.max_size)
            return written(value, self.known_classes(), self.limit, self.fast)
        except Exception as error:
            explained = explanations.unwritable(value, error, self.registry)
            raise explained from (None if explained is error else error)  # no error is its own cause

    @cython.embedsignature(True)
    @cython.embedsignature.format("clinic")
    def loads(self, data, /):
        """Return the value of a payload.

        Raises
        ------
        DeserializationError
            The bytes are no payload of this format, too large, or hold a value that cannot be made.
        """
        if not isinstance(data, bytes) or <size_t>Py_SIZE(<PyObject*>data) > self.limit:
            raise explanations.refused_unread(data, self.max_size)
        try:
            if self.in_python:
                return reader_in_python.loads(data, self.registry, self.max_size)
            return restored(data, self.known_classes(), self.limit, self.fast)
        except Exception as error:
            raise explanations.unreadable(error) from error

    cdef inline Prepared known_classes(self):
        if self.known is None or not self.known.valid:
            self.known = prepared(self.registry)
        return self.known


cdef uint64_t MAX_LIMIT = <uint64_t>1 << 59  # so that no sum of sizes overflows


def dumps(value, registry, size_t max_size, *, bint portable=False):
    """Return the payload of a value, or raise anything; a `SerializationError` has no path."""
    return written(value, prepared(registry), max_size, not portable)


def loads(bytes data not None, registry, size_t max_size, *, bint portable=False):
    """Return the value of a payload, or raise anything."""
    if <size_t>len(data) > max_size:
        raise refusals.rejected(f"{len(data)} bytes are over max_size={max_size}")
    return restored(data, prepared(registry), max_size, not portable)
