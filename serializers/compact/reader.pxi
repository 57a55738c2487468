# Reads a value in one recursion.
#
# Invariants: `at` never passes `end`; whatever was made lies, counted, in a table or on the stack of the reader, which lets
# go of it at the end, so an error needs no clean-up on its way out; a container that can be referred to is whole at every
# moment (a list is empty and grows, a tuple is made when its items are there).

cdef enum:
    KEY_SLOTS = 2048         # a power of two
    LONGEST_KEY = 31
    ZONES = 4

cdef struct ReadObject:
    PyObject* value          # NULL: it is made when all of it is read
    int64_t weight, size     # as in `Weighed`

cdef struct ReadClass:
    Plan* plan
    bint value_type

cdef struct Reader:
    const unsigned char* at
    const unsigned char* end
    const unsigned char* first
    const unsigned char* begun  # where the value that is being read begins, if it can be an object or refer to one
    Py_ssize_t missing       # values that all open containers lack; each takes a byte at least
    int64_t weight, hashed_weight
    Copies copies
    int depth
    bint hashed              # as in the writer
    bint layouts, decimals, tables  # what this call may make where it lies
    PyObject* known
    ReadObject* objects
    size_t object_count, object_room
    PyObject** texts
    size_t text_count, text_room
    ReadClass* classes
    size_t class_count, class_room
    PyObject** stack
    size_t top, room
    PyObject* zone_keys[ZONES]  # str that the table of strings holds
    PyObject* zones[ZONES]
    int zone_count

cdef Reader* spare_reader = NULL
cdef PyObject* known_keys[KEY_SLOTS]  # short ASCII keys of dicts, kept over calls


cdef object restored(data, Prepared known, size_t max_size, bint fast):
    """Return the value of a payload, which is bytes, or raise anything; `fast` is as for `written`."""
    cdef Reader* reader
    cdef PyObject* value
    cdef Py_ssize_t size = Py_SIZE(<PyObject*>data)
    reader = reader_take()
    try:
        reader.known = <PyObject*>known
        reader.layouts, reader.decimals = layouts_agree and fast, decimals_agree and fast
        reader.tables = tables_agree and fast
        reader.at = <const unsigned char*>PyBytes_AS_STRING(<PyObject*>data)
        reader.first, reader.end = reader.at, reader.at + size
        copies_begin(&reader.copies, max_size)
        if not size or reader.at[0] != 1:
            raise refusals.rejected("it does not begin with the byte of version 1") if size else refusals.truncated()
        reader.at += 1
        value = read_value(reader)
        push(reader, value)
        if reader.at != reader.end:
            raise refusals.rejected(f"{reader.end - reader.at} bytes stand after the value")
        return <object>value
    finally:
        reader_give(reader)


cdef Reader* reader_take() except NULL:
    """Return scratch memory that no other call has."""
    global spare_reader
    cdef Reader* reader = spare_reader
    if reader:
        spare_reader = NULL
    else:
        reader = <Reader*>calloc(1, sizeof(Reader))
        if not reader:
            raise MemoryError()
    reader.weight = reader.hashed_weight = 0
    reader.missing, reader.depth, reader.hashed = 0, 1, False
    return reader


cdef void reader_give(Reader* r) noexcept:
    """Let go of all; last what may run code of the application, when the tables are empty."""
    global spare_reader
    cdef size_t at
    for at in range(r.class_count):
        if not r.classes[at].plan.kept:
            plan_free(r.classes[at].plan)
    for at in range(r.text_count):
        decref(r.texts[at])
    for at in range(<size_t>r.zone_count):
        decref(r.zones[at])
    for at in range(r.object_count):
        Py_XDECREF(r.objects[at].value)
    for at in range(r.top):
        decref(r.stack[at])
    r.class_count = r.text_count = r.object_count = r.top = 0
    r.zone_count = 0
    if not spare_reader and (r.object_room + r.text_room + r.room) * 16 < KEPT_SCRATCH:
        spare_reader = r
        return
    free(r.objects)
    free(r.texts)
    free(r.classes)
    free(r.stack)
    free(r)


cdef void* grown(void* table, size_t* room, size_t size) except NULL:
    cdef size_t wanted = room[0] * 2 + 64
    cdef void* made = realloc(table, wanted * size)
    if not made:
        raise MemoryError()
    room[0] = wanted
    return made


cdef inline int push(Reader* r, PyObject* value) except -1:
    """Hand a reference to the stack."""
    if unlikely(r.top == r.room):
        return push_with_more_room(r, value)
    r.stack[r.top] = value
    r.top += 1
    return 0


cdef int push_with_more_room(Reader* r, PyObject* value) except -1:
    try:
        r.stack = <PyObject**>grown(r.stack, &r.room, sizeof(PyObject*))
    except:
        decref(value)
        raise
    return push(r, value)


cdef inline void pop(Reader* r, size_t top) noexcept:
    """Let go of what is above."""
    while r.top > top:
        r.top -= 1
        decref(r.stack[r.top])


# Values

cdef PyObject* read_value(Reader* r) except NULL:
    """Read a value and return a new reference."""
    cdef unsigned char tag
    if unlikely(r.at == r.end):
        truncated()
    tag = r.at[0]
    r.at += 1
    r.weight += 1
    if tag < 0x20:
        return PyLong_FromLongLong(tag)
    if tag < 0x40:
        return read_ascii(r, tag - 0x20)
    if tag < 0x60:
        return text_of(r, tag - 0x40)
    r.begun = r.at - 1
    if tag < 0x68:
        return read_list(r, tag - 0x60)
    if tag < 0x70:
        return read_dict(r, tag - 0x68)
    if tag < 0x78:
        return read_tuple(r, tag - 0x70)
    if tag < 0x80:
        rejected(f"{tag:#04x} is no tag")
    if tag < 0x90:
        return read_instance(r, class_of(r, tag - 0x80, True))
    if tag < 0xA0:
        return read_converted(r, class_of(r, tag - 0x90, False))
    return read_tagged(r, tag)


cdef PyObject* read_tagged(Reader* r, unsigned char tag) except NULL:
    # Nothing but equalities, which become one jump.
    cdef uint64_t bits
    cdef double number
    cdef PyObject* value
    if tag == 0xA0:
        incref(Py_None)
        return Py_None
    elif tag == 0xA1:
        incref(Py_False)
        return Py_False
    elif tag == 0xA2:
        incref(Py_True)
        return Py_True
    elif tag == 0xA3:
        return PyLong_FromLongLong(<int8_t>take(r, 1)[0])
    elif tag == 0xA4:
        return PyLong_FromLongLong(<int16_t>compact_load16(take(r, 2)))
    elif tag == 0xA5:
        return PyLong_FromLongLong(<int32_t>compact_load32(take(r, 4)))
    elif tag == 0xA6:
        return PyLong_FromLongLong(<int64_t>compact_load64(take(r, 8)))
    elif tag == 0xA7:
        bits = take_varint(r)
        return compact_int(take(r, bits), bits, True, True)
    elif tag == 0xA8:
        bits = compact_load64(take(r, 8))
        memcpy(&number, &bits, 8)
        return PyFloat_FromDouble(number)
    elif tag == 0xA9:
        return read_ascii(r, take_varint(r))
    elif tag == 0xAA:
        return read_utf8(r, take_varint(r))
    elif tag == 0xAB:
        return text_of(r, take_varint(r))
    elif tag == 0xAC:
        bits = take_varint(r)
        return bytes_of(<const char*>take(r, bits), bits)
    elif tag == 0xAD:
        bits = take_varint(r)
        value = PyByteArray_FromStringAndSize(<const char*>take(r, bits), bits)
        number_object(r, value)
        r.objects[r.object_count - 1].weight, r.objects[r.object_count - 1].size = 1, r.at - r.begun
        incref(value)
        return value
    elif tag == 0xAE:
        return read_list(r, take_varint(r))
    elif tag == 0xAF:
        return read_dict(r, take_varint(r))
    elif tag == 0xB0:
        return read_tuple(r, take_varint(r))
    elif tag == 0xB1:
        return read_set(r, take_varint(r))
    elif tag == 0xB2:
        return read_frozenset(r, take_varint(r))
    elif tag == 0xB3:
        return read_reference(r, take_varint(r))
    elif tag == 0xB4:
        return read_instance(r, NULL)
    elif tag == 0xB5:
        return read_instance(r, class_of(r, take_varint(r), True))
    elif tag == 0xB6:
        return read_converted(r, new_class(r, False, False))
    elif tag == 0xB7:
        return read_converted(r, class_of(r, take_varint(r), False))
    elif tag == 0xCB:
        return read_converted(r, new_class(r, False, True))
    elif tag in (0xB8, 0xB9, 0xBA, 0xBB, 0xBC, 0xBD):
        return read_datetime(r, tag)
    elif tag == 0xBE:
        return read_date(r)
    elif tag in (0xBF, 0xC0, 0xC1, 0xC2):
        return read_time(r, tag)
    elif tag == 0xC3:
        return read_timedelta(r)
    elif tag == 0xC4:
        incref(PyDateTimeAPI.TimeZone_UTC)
        return PyDateTimeAPI.TimeZone_UTC
    elif tag == 0xC5 or tag == 0xC6:
        return read_timezone(r, tag == 0xC6)
    elif tag == 0xC7:
        return read_decimal(r)
    elif tag == 0xC8:
        return read_other_decimal(r)
    elif tag == 0xC9 or tag == 0xCA:
        return read_uuid(r, tag == 0xCA)
    rejected(f"{tag:#04x} is no tag")
    return NULL
