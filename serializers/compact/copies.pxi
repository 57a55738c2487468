# What `copies` does in Python: how much converters are given through references, in both directions.
#
# Invariant: a size is at most MAX_COPIED + 1, so no sum of them overflows: a reference takes a byte at least.

cdef enum:
    MAX_COPIED = 1 << 30
    LONG_TEXT = 32           # characters, from which on a reference counts them

cdef struct Copies:
    int64_t limit
    int64_t beyond           # what was counted beyond the bytes
    int64_t copied
    bint may                 # what a reference stands for may be copied by the converter around it


cdef inline void copies_begin(Copies* c, size_t max_size) noexcept:
    c.limit = <int64_t>max_size if max_size < MAX_COPIED else MAX_COPIED
    c.beyond, c.copied, c.may = 0, 0, False


cdef inline int64_t size_since(Copies* c, int64_t start, int64_t at) noexcept:
    cdef int64_t size = at + c.beyond - start
    return size if size <= c.limit else c.limit + 1


cdef inline bint count_copied(Copies* c, int64_t size) noexcept:
    """Count what a reference stands for; whether it is too much."""
    c.beyond += size
    if not c.may:
        return False
    c.copied += size
    return c.copied > c.limit


cdef inline int64_t referred_size(Copies* c, PyObject* value, bint complete, int64_t size, int64_t at) noexcept:
    """Return what a reference stands for; only a list holds something before it is complete."""
    if complete:
        return size
    return size_since(c, size, at) if type_of(value) == &PyList_Type else 1
