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
    int64_t weight           # as in `Memo.weights`

cdef struct ReadClass:
    Plan* plan
    bint value_type

cdef struct Reader:
    const unsigned char* at
    const unsigned char* end
    Py_ssize_t missing       # values that all open containers lack; each takes a byte at least
    int64_t weight, hashed_weight
    int depth
    bint hashed              # as in the writer
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


def loads(bytes data not None, registry, size_t max_size):
    """Return the value of a payload, or raise anything."""
    cdef Prepared known = prepared(registry)
    cdef Reader* reader
    cdef PyObject* value
    cdef Py_ssize_t size = len(data)
    if <size_t>size > max_size:
        raise refusals.rejected(f"{size} bytes are over max_size={max_size}")
    reader = reader_take()
    try:
        reader.known = <PyObject*>known
        reader.at = <const unsigned char*>PyBytes_AS_STRING(<PyObject*>data)
        reader.end = reader.at + size
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
    if r.top == r.room:
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


# Bytes

cdef int truncated() except -1:
    raise refusals.truncated()


cdef int rejected(problem) except -1:
    raise refusals.rejected(problem)


cdef inline const unsigned char* take(Reader* r, uint64_t size) except NULL:
    cdef const unsigned char* at = r.at
    if size > <uint64_t>(r.end - at):
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


# Values

cdef PyObject* read_value(Reader* r) except NULL:
    """Read a value and return a new reference."""
    cdef unsigned char tag
    if r.at == r.end:
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
        r.objects[r.object_count - 1].weight = 1
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
    elif tag < 0xBE:
        return read_datetime(r, tag)
    elif tag == 0xBE:
        return read_date(r)
    elif tag < 0xC3:
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


# Strings

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


cdef inline PyObject* read_key(Reader* r) except NULL:
    """Read a key of the open dict; short ones are kept over calls, with their hashes."""
    cdef const unsigned char* at = r.at
    cdef Py_ssize_t size
    cdef uint64_t mixed
    cdef PyObject* text
    cdef PyObject** slot
    if at == r.end or not 0x22 <= at[0] < 0x40:
        return next_value(r)
    size = at[0] - 0x20
    if size >= r.end - at:
        return next_value(r)
    r.missing -= 1
    r.weight += 1
    if size >= 8:
        mixed = compact_load64(at + 1) ^ compact_load64(at + 1 + size - 8) * <uint64_t>0x9E3779B97F4A7C15
    else:
        mixed = 0
        memcpy(&mixed, at + 1, size)
    slot = &known_keys[((mixed + <uint64_t>size) * <uint64_t>0xD6E8FEB86659FD93) >> 53]
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


# Objects

cdef inline size_t number_object(Reader* r, PyObject* value) except? 0xFFFFFFFFFFFFFFFF:
    """Give an object its number, and a reference to the table."""
    if r.object_count == r.object_room:
        make_room_for_objects(r, value)
    r.objects[r.object_count].value = value
    r.objects[r.object_count].weight = -1 - (r.weight - 1)
    r.object_count += 1
    return r.object_count - 1


cdef int make_room_for_objects(Reader* r, PyObject* value) except -1:
    try:
        r.objects = <ReadObject*>grown(r.objects, &r.object_room, sizeof(ReadObject))
    except:
        Py_XDECREF(value)
        raise
    return 0


cdef inline PyObject* completed(Reader* r, size_t number) noexcept:
    """Note the weight of an object, close it and return a new reference."""
    cdef ReadObject* object = &r.objects[number]
    object.weight = r.weight - (-1 - object.weight)
    r.depth -= 1
    incref(object.value)
    return object.value


cdef PyObject* read_reference(Reader* r, uint64_t number) except NULL:
    cdef ReadObject* object
    cdef int64_t weight
    cdef bint looked_into
    if number >= r.object_count or not r.objects[number].value:
        rejected("it refers to an object that it does not hold, or not yet")
    object = &r.objects[number]
    weight = object.weight
    looked_into = r.hashed and not compact_hashes_identity(type_of(object.value))
    r.weight -= 1
    if weight < 0:
        if looked_into:
            rejected(refusals.unfinished_key().problem)
        weight = r.weight - (-1 - weight)
    if weight > MAX_HASHED_WEIGHT:
        weight = MAX_HASHED_WEIGHT + 1
    r.weight += weight
    if looked_into:
        r.hashed_weight += weight
        if r.hashed_weight > MAX_HASHED_WEIGHT:
            rejected(refusals.heavy_keys().problem)
    incref(object.value)
    return object.value


cdef PyObject* read_list(Reader* r, uint64_t count) except NULL:
    cdef size_t number
    cdef PyObject* items
    cdef uint64_t at
    lack(r, count)
    items = compact_list(count)
    number = number_object(r, items)
    for at in range(count):
        compact_append(items, next_value(r))
    return completed(r, number)


cdef PyObject* read_tuple(Reader* r, uint64_t count) except NULL:
    cdef size_t top = r.top
    cdef uint64_t at
    cdef PyObject* made
    lack(r, count)
    for at in range(count):
        push(r, next_value(r))
    made = PyTuple_New(count)
    for at in range(count):
        PyTuple_SET_ITEM(made, at, r.stack[top + at])
    r.top = top
    r.depth -= 1
    return made


cdef int check_hashes(Reader* r, size_t top, uint64_t count, size_t stride) except -1:
    """Refuse keys or elements on the stack if too many of them have one hash; strings are not asked."""
    cdef uint64_t at
    if count <= <uint64_t>MAX_HASHES:
        return 0
    others = [
        <object>r.stack[top + stride * at]
        for at in range(count) if type_of(r.stack[top + stride * at]) != &PyUnicode_Type
    ]
    if hashes_collide(others):
        raise refusals.rejected(collision())
    return 0


cdef PyObject* read_dict(Reader* r, uint64_t count) except NULL:
    cdef size_t number
    cdef size_t top = r.top
    cdef PyObject* mapping
    cdef uint64_t at
    cdef bint hashed = r.hashed
    if count > <uint64_t>1 << 60:
        truncated()
    lack(r, count * 2)
    mapping = PyDict_New()
    number = number_object(r, mapping)
    for at in range(count):
        r.hashed = True
        push(r, read_key(r))
        r.hashed = hashed
        push(r, next_value(r))
    check_hashes(r, top, count, 2)
    for at in range(count):
        PyDict_SetItem(mapping, r.stack[top + 2 * at], r.stack[top + 2 * at + 1])
    if <uint64_t>PyDict_Size(mapping) != count:
        rejected("two keys of a dict are equal")
    pop(r, top)
    return completed(r, number)


cdef PyObject* read_set(Reader* r, uint64_t count) except NULL:
    cdef size_t number
    cdef size_t top = r.top
    cdef PyObject* elements
    cdef uint64_t at
    cdef bint hashed = r.hashed
    lack(r, count)
    elements = PySet_New(NULL)
    number = number_object(r, elements)
    r.hashed = True
    for at in range(count):
        push(r, next_value(r))
    r.hashed = hashed
    check_hashes(r, top, count, 1)
    for at in range(count):
        PySet_Add(elements, r.stack[top + at])
    pop(r, top)
    if <uint64_t>PySet_Size(elements) != count:
        rejected("two elements of a set are equal")
    return completed(r, number)


cdef PyObject* read_frozenset(Reader* r, uint64_t count) except NULL:
    cdef size_t top = r.top
    cdef PyObject* elements
    cdef uint64_t at
    cdef bint hashed = r.hashed
    lack(r, count)
    r.hashed = True
    for at in range(count):
        push(r, next_value(r))
    r.hashed = hashed
    elements = PyFrozenSet_New(NULL)
    if not count:
        r.depth -= 1
        return elements
    try:
        check_hashes(r, top, count, 1)
        for at in range(count):
            PySet_Add(elements, r.stack[top + at])
        if <uint64_t>PySet_Size(elements) != count:
            rejected("two elements of a set are equal")
    except:
        decref(elements)
        raise
    pop(r, top)
    r.depth -= 1
    return elements


# Classes

cdef inline ReadClass* class_of(Reader* r, uint64_t number, bint of_instance) except NULL:
    if number >= r.class_count or r.classes[number].plan.of_instance != of_instance:
        rejected("it refers to a class that it does not hold")
    return &r.classes[number]


cdef ReadClass* new_class(Reader* r, bint of_instance, bint value_type) except NULL:
    """Read a class entry, or a class tag."""
    cdef Plan* plan = find_plan(r, of_instance)
    if plan:
        r.at += plan.size
    else:
        plan = parse_class(r, of_instance)
    if r.class_count == r.class_room:
        try:
            r.classes = <ReadClass*>grown(r.classes, &r.class_room, sizeof(ReadClass))
        except:
            if not plan.kept:
                plan_free(plan)
            raise
    r.classes[r.class_count].plan = plan
    r.classes[r.class_count].value_type = value_type
    r.class_count += 1
    return &r.classes[r.class_count - 1]


cdef inline Plan* find_plan(Reader* r, bint of_instance) noexcept:
    cdef Py_ssize_t left = r.end - r.at
    cdef Plan* plan
    if left < 2 or r.at[0] == 0 or r.at[0] >= left:
        return NULL
    plan = (<Prepared>r.known).plans[bucket_of(r.at, r.at[0], of_instance)]
    while plan:
        if plan.of_instance == of_instance and plan.size <= left and memcmp(plan.data, r.at, plan.size) == 0:
            return plan
        plan = plan.next
    return NULL


cdef Plan* parse_class(Reader* r, bint of_instance) except NULL:
    cdef const unsigned char* start = r.at
    cdef Prepared known = <Prepared>r.known
    cdef uint64_t count
    tag = take_name(r)
    known.registry.converter_of(tag)
    names = None
    if of_instance:
        count = take_varint(r)
        if count > <uint64_t>(r.end - r.at):
            truncated()
        names = [take_name(r) for _ in range(count)]
        if len(set(names)) < count:
            rejected("a class has two fields of one name")
        names = tuple(names)
    return make_plan(known, PyBytes_FromStringAndSize(<const char*>start, r.at - start), of_instance, tag, names)


cdef take_name(Reader* r):
    cdef uint64_t size = take_varint(r)
    return owned(PyUnicode_DecodeUTF8(<const char*>take(r, size), size, NULL))


cdef PyObject* read_instance(Reader* r, ReadClass* known_class) except NULL:
    cdef size_t number = number_object(r, NULL)
    cdef size_t top = r.top
    cdef Plan* plan
    cdef PyObject* instance = NULL
    cdef int at, count
    cdef bint hashed = r.hashed
    if not known_class:
        known_class = new_class(r, True, False)
    plan = known_class.plan
    count = plan.count
    if plan.kind == MAKE_FILLED:
        created = (<object>plan.converter).create()
        instance = <PyObject*>created
        incref(instance)
    elif plan.kind != MAKE_DECODED:
        instance = compact_new(plan.type, <PyObject*>NO_ARGUMENTS)
    r.objects[number].value = instance
    if hashed and instance and compact_hashes_identity(type_of(instance)):
        r.hashed = False
    lack(r, count)
    for at in range(count):
        push(r, next_value(r))
    r.hashed = hashed
    if plan.kind == MAKE_ATTRIBUTES and fast_layouts and compact_fill(instance, plan.keys, count, plan.indices, r.stack + top):
        r.top = top
    elif plan.kind == MAKE_SLOTS:
        for at in range(count):
            if compact_at(instance, plan.offsets[at])[0]:
                PyObject_GenericSetAttr(instance, PyTuple_GET_ITEM(plan.names, at), r.stack[top + at])
            else:
                incref(r.stack[top + at])
                compact_at(instance, plan.offsets[at])[0] = r.stack[top + at]
        pop(r, top)
    elif plan.kind == MAKE_SET or plan.kind == MAKE_ATTRIBUTES:
        for at in range(count):
            PyObject_GenericSetAttr(instance, PyTuple_GET_ITEM(plan.names, at), r.stack[top + at])
        pop(r, top)
        if plan.learns and fast_layouts:
            learn_layout(plan)
    else:
        read_state(r, number, plan, top)
    return completed(r, number)


cdef int read_state(Reader* r, size_t number, Plan* plan, size_t top) except -1:
    """Let the converter fill or make an instance."""
    cdef int at
    cdef dict state = {}
    for at in range(plan.count):
        state[<object>PyTuple_GET_ITEM(plan.names, at)] = <object>r.stack[top + at]
    pop(r, top)
    converter = <object>plan.converter
    if plan.kind == MAKE_FILLED:
        converter.fill(<object>r.objects[number].value, state)
        return 0
    made = converter.decode(state)
    incref(<PyObject*>made)
    r.objects[number].value = <PyObject*>made
    return 0


cdef PyObject* read_converted(Reader* r, ReadClass* known_class) except NULL:
    cdef size_t number = 0
    cdef Plan* plan = known_class.plan
    cdef bint value_type = known_class.value_type
    cdef PyObject* plain
    cdef PyObject* made
    if not value_type:
        number = number_object(r, NULL)
    lack(r, 1)
    plain = next_value(r)
    try:
        made = convert(r, plan, plain)
    finally:
        decref(plain)
    if value_type:
        r.depth -= 1
        return made
    r.objects[number].value = made
    return completed(r, number)


cdef PyObject* convert(Reader* r, Plan* plan, PyObject* plain) except NULL:
    cdef PyObject* made
    cdef int at
    if plan.kind == MAKE_MEMBER and type_of(plain) == &PyUnicode_Type:
        made = PyDict_GetItemWithError(plan.members, plain)
        if made:
            incref(made)
            return made
    elif plan.kind == MAKE_ZONE:
        for at in range(r.zone_count):
            if r.zone_keys[at] == plain:
                incref(r.zones[at])
                return r.zones[at]
    value = (<object>plan.converter).decode(<object>plain)
    incref(<PyObject*>value)
    if plan.kind == MAKE_ZONE and r.zone_count < ZONES and Py_REFCNT(plain) > 1:
        if type_of(plain) == &PyUnicode_Type and 2 <= PyUnicode_GET_LENGTH(plain) <= 60:
            incref(<PyObject*>value)  # the table of strings holds the key
            r.zone_keys[r.zone_count], r.zones[r.zone_count] = plain, <PyObject*>value
            r.zone_count += 1
    return <PyObject*>value


# Values of the standard library

cdef PyObject* read_datetime(Reader* r, unsigned char tag) except NULL:
    cdef bint precise = tag & 1
    cdef uint64_t number = take_fixed(r, 8 if precise else 5)
    cdef int fold = number & 1
    cdef int microsecond = 0
    cdef uint64_t days
    cdef int seconds
    cdef PyObject* zone
    cdef PyObject* made
    number >>= 1
    if precise:
        microsecond = number % 1000000
        number //= 1000000
    seconds = number % 86400
    days = number // 86400
    if tag >= 0xBC:
        decref(PyDateTimeAPI.Date_FromDate(  # what is no date is refused before its zone is read
            <int>(days // 372), <int>(days // 31 % 12) + 1, <int>(days % 31) + 1, PyDateTimeAPI.DateType
        ))
    if tag < 0xBA:
        zone = Py_None
    elif tag < 0xBC:
        zone = PyDateTimeAPI.TimeZone_UTC
    else:
        zone = read_zone(r)
    try:
        return PyDateTimeAPI.DateTime_FromDateAndTimeAndFold(
            <int>(days // 372), <int>(days // 31 % 12) + 1, <int>(days % 31) + 1, seconds // 3600, seconds // 60 % 60, seconds % 60,
            microsecond, zone, fold, PyDateTimeAPI.DateTimeType,
        )
    finally:
        if tag >= 0xBC:
            decref(zone)


cdef PyObject* read_zone(Reader* r) except NULL:
    cdef PyObject* zone
    lack(r, 1)
    zone = next_value(r)
    r.depth -= 1
    if not isinstance(<object>zone, tzinfo):
        problem = f"a {type(<object>zone).__qualname__} stands for a time zone"
        decref(zone)
        rejected(problem)
    return zone


cdef PyObject* read_date(Reader* r) except NULL:
    cdef uint64_t days = take_fixed(r, 3)
    return PyDateTimeAPI.Date_FromDate(
        <int>(days // 372), <int>(days // 31 % 12) + 1, <int>(days % 31) + 1, PyDateTimeAPI.DateType
    )


cdef PyObject* read_time(Reader* r, unsigned char tag) except NULL:
    cdef bint precise = tag == 0xC0 or tag == 0xC2
    cdef uint64_t number = take_fixed(r, 5 if precise else 3)
    cdef int fold = number & 1
    cdef int microsecond = 0
    cdef int seconds
    cdef PyObject* zone = Py_None
    number >>= 1
    if precise:
        microsecond = number % 1000000
        number //= 1000000
    if number >= 86400:
        rejected("a time is longer than a day")
    seconds = number
    if tag >= 0xC1:
        zone = read_zone(r)
    try:
        return PyDateTimeAPI.Time_FromTimeAndFold(
            seconds // 3600, seconds // 60 % 60, seconds % 60, microsecond, zone, fold, PyDateTimeAPI.TimeType
        )
    finally:
        if tag >= 0xC1:
            decref(zone)


cdef PyObject* read_timedelta(Reader* r) except NULL:
    cdef int64_t days = unzigzag(take_varint(r))
    cdef uint64_t seconds = take_varint(r)
    cdef uint64_t microseconds = take_varint(r)
    if seconds >= 86400 or microseconds >= 1000000:
        rejected("a timedelta has more than a day of seconds or more than a second of microseconds")
    if not -1000000000 < days < 1000000000:
        timedelta(days, seconds, microseconds)  # raises
    return PyDateTimeAPI.Delta_FromDelta(<int>days, <int>seconds, <int>microseconds, 1, PyDateTimeAPI.DeltaType)


cdef PyObject* read_timezone(Reader* r, bint named) except NULL:
    offset = timedelta(microseconds=unzigzag(take_varint(r)))
    if named:
        lack(r, 1)
        name = owned(next_value(r))
        r.depth -= 1
        zone = timezone(offset, name)
    else:
        zone = timezone(offset)
    incref(<PyObject*>zone)
    return <PyObject*>zone


cdef PyObject* read_decimal(Reader* r) except NULL:
    cdef uint64_t scale = take_varint(r)
    cdef uint64_t coefficient = take_varint(r)
    cdef int64_t exponent = unzigzag(scale >> 1)
    cdef int sign = scale & 1
    if not -1000 <= exponent <= 1000 or coefficient >= <uint64_t>1000000000000000000:
        rejected("a decimal is out of bounds")
    if fast_decimals:
        return compact_make_decimal(<PyTypeObject*>Decimal, sign, exponent, coefficient)
    text = f"{'-' if sign else ''}{coefficient}E{exponent}"
    return PyObject_CallOneArg(<PyObject*>Decimal, <PyObject*>text)


cdef PyObject* read_other_decimal(Reader* r) except NULL:
    cdef uint64_t size = take_varint(r)
    data = PyBytes_FromStringAndSize(<const char*>take(r, size), size)
    value = text_decimal(data.decode("ascii"))
    incref(<PyObject*>value)
    return <PyObject*>value


cdef PyObject* read_uuid(Reader* r, bint says_how) except NULL:
    cdef const unsigned char* data = take(r, 16)
    cdef PyObject* made
    cdef PyObject* safety = <PyObject*>SAFETY_UNKNOWN
    if says_how:
        if r.at < r.end and r.at[0] > 1:
            rejected("a UUID was made in no known way")
        safety = <PyObject*>SAFETY_SAFE if take(r, 1)[0] == 0 else <PyObject*>SAFETY_UNSAFE
    if UUID_INT < 0 or UUID_SAFE < 0:
        value = UUID(bytes=data[:16], is_safe=<object>safety)
        incref(<PyObject*>value)
        return <PyObject*>value
    made = compact_new(<PyTypeObject*>UUID, <PyObject*>NO_ARGUMENTS)
    try:
        compact_at(made, UUID_INT)[0] = compact_int(data, 16, False, False)
    except:
        decref(made)
        raise
    incref(safety)
    compact_at(made, UUID_SAFE)[0] = safety
    return made


cdef tuple NO_ARGUMENTS = ()
