# Writes strings, integers and floats.


cdef int write_text(Writer* w, PyObject* value) except -1:
    """Write a str, or a reference to an equal one that was written before."""
    cdef Py_ssize_t length = PyUnicode_GET_LENGTH(value)
    cdef Py_hash_t hash
    cdef TextSlot* slot
    w.weight += 1
    reserve(w, 32)
    if unlikely(not PyUnicode_IS_COMPACT_ASCII(value)):
        return write_wide_text(w, value, length)
    if likely(2 <= length <= 255):
        hash = compact_hash(value)
        slot = memo_text(&w.memo, value, hash)
        if slot.epoch == w.memo.epoch:
            if unlikely(length >= LONG_TEXT):
                count_long_text(w, value, length)
            return put_text_reference(w, slot.number)
        memo_take_text(&w.memo, slot, value, hash)
        remember(w, value)
    return put_ascii(w, value, length)


cdef int count_long_text(Writer* w, PyObject* value, Py_ssize_t length) except -1:
    if count_copied(&w.copies, length):
        raise refusals.CopiedError(w.copies.limit, <object>value)
    return 0


cdef inline int put_text_reference(Writer* w, uint32_t number) noexcept:
    if number < 32:
        put(w, <unsigned char>(0x40 + number))
    else:
        put(w, 0xAB)
        put_varint(w, number)
    return 0


cdef inline int put_ascii(Writer* w, PyObject* value, Py_ssize_t length) except -1:
    cdef unsigned char* out = w.out + w.length
    if length >= 32:
        return put_sized(w, 0xA9, compact_ascii(value), length)
    w.length += length + 1
    out[0] = <unsigned char>(0x20 + length)
    compact_copy(out + 1, <const unsigned char*>compact_ascii(value), length)
    return 0


cdef int write_wide_text(Writer* w, PyObject* value, Py_ssize_t length) except -1:
    """Write a str that is not ASCII."""
    cdef Py_hash_t hash
    cdef TextSlot* slot
    if length <= 255:
        hash = compact_hash(value)
        slot = memo_text(&w.memo, value, hash)
        if slot.epoch == w.memo.epoch:
            if length >= LONG_TEXT:
                count_long_text(w, value, length)
            return put_text_reference(w, slot.number)
        if utf8_size(value) <= 255:
            memo_take_text(&w.memo, slot, value, hash)
            remember(w, value)
    return put_utf8(w, value)


cdef inline int put_text(Writer* w, PyObject* value) except -1:
    """Write a str out; there is room for 32 bytes."""
    if PyUnicode_IS_COMPACT_ASCII(value):
        return put_ascii(w, value, PyUnicode_GET_LENGTH(value))
    return put_utf8(w, value)


cdef Py_ssize_t utf8_size(PyObject* value) except -1:
    cdef int kind = PyUnicode_KIND(value)
    cdef void* data = PyUnicode_DATA(value)
    cdef Py_ssize_t size = 0, at
    cdef uint32_t point
    for at in range(PyUnicode_GET_LENGTH(value)):
        point = PyUnicode_READ(kind, data, at)
        if 0xD800 <= point < 0xE000:
            (<object>value).encode()  # raises
        size += 1 if point < 0x80 else 2 if point < 0x800 else 3 if point < 0x10000 else 4
    return size


cdef int put_utf8(Writer* w, PyObject* value) except -1:
    """Write a str that is not ASCII; without the cache that the str could have, which would stay in memory with it."""
    cdef int kind = PyUnicode_KIND(value)
    cdef void* data = PyUnicode_DATA(value)
    cdef Py_ssize_t size = utf8_size(value), at
    cdef uint32_t point
    reserve(w, size + 16)
    put(w, 0xAA)
    put_varint(w, size)
    for at in range(PyUnicode_GET_LENGTH(value)):
        point = PyUnicode_READ(kind, data, at)
        if point < 0x80:
            put(w, <unsigned char>point)
        elif point < 0x800:
            put(w, <unsigned char>(0xC0 | point >> 6))
            put(w, <unsigned char>(0x80 | point & 0x3F))
        elif point < 0x10000:
            put(w, <unsigned char>(0xE0 | point >> 12))
            put(w, <unsigned char>(0x80 | point >> 6 & 0x3F))
            put(w, <unsigned char>(0x80 | point & 0x3F))
        else:
            put(w, <unsigned char>(0xF0 | point >> 18))
            put(w, <unsigned char>(0x80 | point >> 12 & 0x3F))
            put(w, <unsigned char>(0x80 | point >> 6 & 0x3F))
            put(w, <unsigned char>(0x80 | point & 0x3F))
    return 0


cdef int write_int(Writer* w, PyObject* value) except -1:
    """Write an int."""
    cdef int overflow = 0, size
    cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
    cdef unsigned char tag
    cdef unsigned char* out
    w.weight += 1
    reserve(w, 32)
    if unlikely(overflow):
        return write_big_int(w, value)
    out = w.out + w.length
    if 0 <= number < 32:
        w.length += 1
        out[0] = <unsigned char>number
        return 0
    if number == <int8_t>number:
        tag, size = 0xA3, 1
    elif number == <int16_t>number:
        tag, size = 0xA4, 2
    elif number == <int32_t>number:
        tag, size = 0xA5, 4
    else:
        tag, size = 0xA6, 8
    w.length += 1 + size
    out[0] = tag
    compact_store(out + 1, <uint64_t>number)
    return 0


cdef int write_big_int(Writer* w, PyObject* value) except -1:
    number = <object>value
    cdef size_t size = (number if number >= 0 else ~number).bit_length() // 8 + 1
    reserve(w, size + 16)
    put(w, 0xA7)
    put_varint(w, size)
    compact_int_bytes(value, w.out + w.length, size, True, True)
    w.length += size
    return 0


cdef inline int write_float(Writer* w, PyObject* value) except -1:
    cdef double number = PyFloat_AS_DOUBLE(value)
    cdef uint64_t bits = <uint64_t>0x7FF8000000000000
    if number == number:
        memcpy(&bits, &number, 8)
    put(w, 0xA8)
    put_fixed(w, bits, 8)
    return 0
