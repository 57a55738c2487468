# Reads strings, numbers them, and keeps the short keys of dicts over calls.


cdef inline PyObject* number_text(Reader* r, PyObject* text) except NULL:
    """Give a string its number, and return the reference that was handed in."""
    if r.text_count == r.text_room:
        return number_text_with_more_room(r, text)
    incref(text)
    r.texts[r.text_count] = text
    r.text_count += 1
    return text


cdef PyObject* number_text_with_more_room(Reader* r, PyObject* text) except NULL:
    try:
        r.texts = <PyObject**>grown(r.texts, &r.text_room, sizeof(PyObject*))
    except:
        decref(text)
        raise
    return number_text(r, text)


cdef inline PyObject* text_of(Reader* r, uint64_t number) except NULL:
    cdef PyObject* text
    if number >= r.text_count:
        rejected("it refers to a string that it does not hold")
    text = r.texts[number]
    incref(text)
    if unlikely(PyUnicode_GET_LENGTH(text) >= LONG_TEXT):
        return counted_text(r, text)
    return text


cdef PyObject* counted_text(Reader* r, PyObject* text) except NULL:
    """Count a reference to a long string, and return the reference that was handed in."""
    if count_copied(&r.copies, PyUnicode_GET_LENGTH(text)):
        decref(text)  # the table of strings holds it
        rejected(refusals.copied(r.copies.limit))
    return text


cdef inline PyObject* read_ascii(Reader* r, uint64_t size) except NULL:
    cdef const unsigned char* data = take(r, size)
    cdef PyObject* text
    if not compact_is_ascii(data, size):
        PyBytes_FromStringAndSize(<const char*>data, size).decode("ascii")  # raises
    text = PyUnicode_New(size, 127)
    if size < 32:
        compact_copy(<unsigned char*>PyUnicode_DATA(text), data, size)
    else:
        memcpy(PyUnicode_DATA(text), data, size)
    return number_text(r, text) if 2 <= size <= 255 else text


cdef PyObject* read_utf8(Reader* r, uint64_t size) except NULL:
    cdef const unsigned char* data = take(r, size)
    cdef PyObject* text = PyUnicode_DecodeUTF8(<const char*>data, size, NULL)
    return number_text(r, text) if 2 <= size <= 255 else text


cdef inline PyObject** known_key_slot(const unsigned char* data, Py_ssize_t size) noexcept:
    """Return where a key of so many ASCII characters is kept, or would be."""
    cdef uint64_t mixed = 0
    if size >= 8:
        mixed = compact_load64(data) ^ compact_load64(data + size - 8) * <uint64_t>0x9E3779B97F4A7C15
    else:
        memcpy(&mixed, data, size)
    return &known_keys[((mixed + <uint64_t>size) * <uint64_t>0xD6E8FEB86659FD93) >> 53]


cdef bint is_known_key(PyObject* key) noexcept:
    """Whether it is one that is kept over calls, and not any str that the payload has also as a value."""
    if type_of(key) != &PyUnicode_Type or not PyUnicode_IS_COMPACT_ASCII(key) or PyUnicode_GET_LENGTH(key) > LONGEST_KEY:
        return False
    return known_key_slot(<const unsigned char*>compact_ascii(key), PyUnicode_GET_LENGTH(key))[0] == key


cdef PyObject* read_other_key(Reader* r) except NULL:
    cdef bint hashed = r.hashed
    cdef PyObject* key
    r.hashed = True
    key = next_value(r)
    r.hashed = hashed
    return key


cdef inline PyObject* read_key(Reader* r) except NULL:
    """Read a key of the open dict; short ones are kept over calls, with their hashes."""
    cdef const unsigned char* at = r.at
    cdef Py_ssize_t size
    cdef PyObject* text
    cdef PyObject** slot
    if at == r.end:
        truncated()
    if 0x40 <= at[0] < 0x60:
        r.at += 1
        r.missing -= 1
        r.weight += 1
        return text_of(r, at[0] - 0x40)
    size = at[0] - 0x20
    if not 2 <= size < 32 or size >= r.end - at:
        return read_other_key(r)
    r.missing -= 1
    r.weight += 1
    slot = known_key_slot(at + 1, size)
    text = slot[0]
    if not text or PyUnicode_GET_LENGTH(text) != size or not compact_equal(
        <const unsigned char*>PyUnicode_DATA(text), at + 1, size
    ):
        r.at += 1
        text = read_ascii(r, size)
        incref(text)
        Py_XDECREF(slot[0])
        slot[0] = text
        return text
    r.at += 1 + size
    incref(text)
    return number_text(r, text)
