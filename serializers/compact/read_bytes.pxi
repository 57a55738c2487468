# The bytes that a reader has before it. Nothing is taken that is not there, and no container is opened for more values than
# bytes remain.


cdef int truncated() except -1:
    raise refusals.truncated()


cdef int rejected(problem) except -1:
    raise refusals.rejected(problem)


cdef inline const unsigned char* take(Reader* r, uint64_t size) except NULL:
    cdef const unsigned char* at = r.at
    if unlikely(size > <uint64_t>(r.end - at)):
        truncated()
    r.at = at + size
    return at


cdef inline uint64_t take_varint(Reader* r) except? 0xFFFFFFFFFFFFFFFF:
    cdef uint64_t number = 0
    cdef int shift = 0
    cdef unsigned char byte
    while shift < 63:
        if r.at == r.end:
            truncated()
        byte = r.at[0]
        r.at += 1
        number |= <uint64_t>(byte & 0x7F) << shift
        if byte < 0x80:
            return number
        shift += 7
    rejected("a varint is longer than 9 bytes")
    return 0


cdef inline uint64_t take_fixed(Reader* r, int size) except? 0xFFFFFFFFFFFFFFFF:
    cdef uint64_t number = 0
    memcpy(&number, take(r, size), size)
    return number


cdef inline int64_t unzigzag(uint64_t number) noexcept:
    return -<int64_t>((number + 1) >> 1) if number & 1 else <int64_t>(number >> 1)


cdef inline int lack(Reader* r, uint64_t count) except -1:
    """Open a container of so many values, if so many bytes remain."""
    if r.depth >= MAX_DEPTH and count:
        rejected(refusals.MAX_DEPTH_READ)
    if count > <uint64_t>1 << 62 or <Py_ssize_t>count > r.end - r.at - r.missing:
        truncated()
    r.missing += count
    r.depth += 1
    return 0


cdef inline PyObject* next_value(Reader* r) except NULL:
    """Read a value of the open container."""
    r.missing -= 1
    return read_value(r)
