# What `msgpack_shape` does in Python, in the same order and with the same words.
#
# Invariant: no object is made, and nothing behind `end` is read.

cdef enum:
    SHAPE_LEVELS = 255

cdef int MAX_MSGPACK_LEVELS = min(msgpack_in_python.MAX_LEVELS, SHAPE_LEVELS)

cdef struct OpenLevel:
    uint64_t left  # items
    bint keyed


def look_over(bytes data not None, /):
    """Refuse what a session is not written as: a key that is no string, an extension, too many levels."""
    cdef const unsigned char* at = <const unsigned char*>PyBytes_AS_STRING(<PyObject*>data)
    cdef const unsigned char* end = at + Py_SIZE(<PyObject*>data)
    cdef OpenLevel[SHAPE_LEVELS + 1] levels
    cdef int level = 0
    cdef unsigned char head
    levels[0].left, levels[0].keyed = 1, False
    while True:
        while not levels[level].left:
            if not level:
                if at < end:
                    raise ValueError(msgpack_in_python.MORE)
                return
            level -= 1
        levels[level].left -= 1
        if levels[level].keyed:
            at = after_text_key(at, end)
        head = head_at(at, end)
        if 0xC7 <= head <= 0xC9 or 0xD4 <= head <= 0xD8:
            raise ValueError(msgpack_in_python.EXTENSION)
        if 0x80 <= head <= 0x9F or 0xDC <= head <= 0xDF:
            if level == MAX_MSGPACK_LEVELS:
                items_at(&at, end)
                raise ValueError(msgpack_in_python.TOO_DEEP)
            level += 1
            levels[level].left = items_at(&at, end)
            levels[level].keyed = head < 0x90 or head >= 0xDE
        else:
            at = after_leaf(at, end)


cdef const unsigned char* after_text_key(const unsigned char* at, const unsigned char* end) except NULL:
    cdef unsigned char head = head_at(at, end)
    if 0xA0 <= head <= 0xBF or 0xD9 <= head <= 0xDB:
        return after_leaf(at, end)
    raise ValueError(msgpack_in_python.OTHER_KEY)


cdef const unsigned char* after_leaf(const unsigned char* at, const unsigned char* end) except NULL:
    cdef unsigned char head = at[0]
    cdef uint64_t size = 0
    at += 1
    if 0xA0 <= head <= 0xBF:
        size = head & 0x1F
    elif 0xD9 <= head <= 0xDB:
        size = big_endian(&at, end, 1 << (head - 0xD9))
    elif 0xC4 <= head <= 0xC6:
        size = big_endian(&at, end, 1 << (head - 0xC4))
    elif 0xCA <= head <= 0xCB:
        size = 4 << (head - 0xCA)
    elif 0xCC <= head <= 0xD3:
        size = 1 << (head & 3)
    if size > <uint64_t>(end - at):
        raise ValueError(msgpack_in_python.ENDS)
    return at + size


cdef uint64_t items_at(const unsigned char** at, const unsigned char* end) except? 1:
    """Return how many items a container has, and move on to the first."""
    cdef unsigned char head = at[0][0]
    at[0] += 1
    return head & 0x0F if head <= 0x9F else big_endian(at, end, 4 if head & 1 else 2)


cdef inline unsigned char head_at(const unsigned char* at, const unsigned char* end) except? 0xC1:
    if at >= end:
        raise ValueError(msgpack_in_python.ENDS)
    return at[0]


cdef uint64_t big_endian(const unsigned char** at, const unsigned char* end, int width) except? 1:
    """Return a number, and move on behind it."""
    cdef uint64_t number = 0
    if width > end - at[0]:
        raise ValueError(msgpack_in_python.ENDS)
    for _ in range(width):
        number = number << 8 | at[0][0]
        at[0] += 1
    return number
