# Writes a value in one recursion.
#
# A first attempt runs no code but this module's, so it borrows what the graph holds, and does not remember an object whose
# one reference it came by: nothing can lead there again. (Its number is counted all the same.) If a class needs code of
# the application, the attempt begins anew: every object is remembered, and everything is held until the end (`keep`).

cdef enum:
    MAX_DEPTH = 500
    MAX_HASHED_WEIGHT = 1 << 20
    SORT_KEYS_PER_SIZE = 8
    ATTEMPTS = 100
    KEPT_SCRATCH = 1 << 20   # bytes; larger buffers and tables are not kept for the next call

cdef struct Writer:
    unsigned char* out
    size_t length, capacity, limit, sort_room
    Memo memo
    int64_t weight, hashed_weight
    int depth
    bint trusting            # the first attempt
    bint hashed              # inside a dict key or an element of a set, where hashing looks
    bint in_sort_key
    PyObject* known          # the Prepared, and what it holds
    Spec** specs
    size_t spec_mask
    PyObject** kept
    size_t kept_count, kept_room

cdef struct SortKey:
    const unsigned char* data
    size_t at, size
    PyObject* element

cdef Writer* spare_writers[2]


class _Again(Exception):
    """The attempt met a class that it had to learn about, or that needs code of the application: begin anew."""


class _Aside(Exception):
    """The value has something that only the Python implementation writes."""


def dumps(value, registry, size_t max_size):
    """Return the payload of a value, or raise anything; a `SerializationError` has no path."""
    cdef Prepared known = prepared(registry)
    cdef int left = ATTEMPTS
    try:
        while left and not known.untrusted:
            left -= 1
            try:
                return attempt(value, known, max_size, True)
            except _Again:
                continue
        return attempt(value, known, max_size, False)
    except _Aside:
        pass
    return in_python.dumps(value, registry, max_size)


cdef bytes attempt(value, Prepared known, size_t max_size, bint trusting):
    cdef Writer* writer = writer_take()
    # A collection could run finalizers, which are code of the application, too. None can be missed: no Python code runs.
    cdef bint collecting = trusting and PyGC_Disable()
    writer.known, writer.trusting = <PyObject*>known, trusting
    writer.limit, writer.sort_room = max_size, max_size * SORT_KEYS_PER_SIZE
    writer.in_sort_key = False
    writer.specs, writer.spec_mask = known.specs, known.spec_mask
    try:
        writer_begin(writer)
        writer.out[0] = 1
        writer.length = 1
        write_value(writer, <PyObject*>value, False)
        if writer.length > max_size:
            raise refusals.too_large(max_size)
        return PyBytes_FromStringAndSize(<char*>writer.out, writer.length)
    finally:
        if collecting:
            PyGC_Enable()
        writer_give(writer)


cdef Writer* writer_take() except NULL:
    """Return scratch memory that no other call has."""
    cdef Writer* writer
    cdef int at
    for at in range(2):
        if spare_writers[at]:
            writer = spare_writers[at]
            spare_writers[at] = NULL
            return writer
    writer = <Writer*>calloc(1, sizeof(Writer))
    if not writer:
        raise MemoryError()
    writer.out = <unsigned char*>malloc(4096)
    writer.capacity = 4096
    writer.kept = NULL
    if not writer.out:
        free(writer)
        raise MemoryError()
    try:
        memo_make(&writer.memo)
    except:
        free(writer.out)
        free(writer)
        raise
    return writer


cdef inline void writer_begin(Writer* w) noexcept:
    memo_clear(&w.memo)
    w.weight = w.hashed_weight = 0
    w.depth, w.length, w.hashed = 1, 0, False


cdef void writer_give(Writer* w) noexcept:
    cdef size_t at
    cdef size_t count = w.kept_count
    w.kept_count = 0
    for at in range(count):
        decref(w.kept[at])
    if memo_size(&w.memo) + w.capacity + w.kept_room * 8 < KEPT_SCRATCH:
        for at in range(2):
            if not spare_writers[at]:
                spare_writers[at] = w
                return
    memo_free(&w.memo)
    free(w.out)
    free(w.kept)
    free(w)


cdef int keep(Writer* w, PyObject* thing) except -1:
    """Hold a reference until the end of the call."""
    cdef void* grown
    if w.kept_count == w.kept_room:
        grown = realloc(w.kept, (w.kept_room * 2 + 64) * sizeof(PyObject*))
        if not grown:
            raise MemoryError()
        w.kept, w.kept_room = <PyObject**>grown, w.kept_room * 2 + 64
    incref(thing)
    w.kept[w.kept_count] = thing
    w.kept_count += 1
    return 0


cdef int grow(Writer* w, size_t need) except -1:
    cdef size_t capacity
    cdef void* grown
    if w.length > w.limit or need > w.limit + 64:
        if w.in_sort_key:
            raise _Aside
        raise refusals.too_large(w.limit)
    capacity = w.capacity * 2
    if capacity < w.length + need:
        capacity = w.length + need
    grown = realloc(w.out, capacity)
    if not grown:
        raise MemoryError()
    w.out, w.capacity = <unsigned char*>grown, capacity
    return 0


cdef inline int reserve(Writer* w, size_t need) except -1:
    if w.capacity - w.length < need:
        return grow(w, need)
    return 0


# The putters below take it that there is room.

cdef inline void put(Writer* w, unsigned char byte) noexcept:
    w.out[w.length] = byte
    w.length += 1


cdef inline void put_fixed(Writer* w, uint64_t number, int size) noexcept:
    compact_store(w.out + w.length, number)
    w.length += size


cdef inline void put_varint(Writer* w, uint64_t number) noexcept:
    while number > 0x7F:
        put(w, <unsigned char>(number & 0x7F | 0x80))
        number >>= 7
    put(w, <unsigned char>number)


cdef inline void put_count(Writer* w, unsigned char tag, unsigned char short_tag, size_t count) noexcept:
    if count < 8:
        put(w, <unsigned char>(short_tag + count))
    else:
        put(w, tag)
        put_varint(w, count)


cdef inline int put_sized(Writer* w, unsigned char tag, const void* data, size_t size) except -1:
    reserve(w, size + 16)
    put(w, tag)
    put_varint(w, size)
    memcpy(w.out + w.length, data, size)
    w.length += size
    return 0


cdef inline int put_class(
    Writer* w, Entry* entry, unsigned char new, unsigned char low, unsigned char known
) except -1:
    """Write which class an instance or a converted value is of: its entry, or its number."""
    cdef ClassSlot* slot
    if entry.index >= w.memo.classes_room:
        memo_grow_classes(&w.memo, entry.index)
    slot = &w.memo.classes[entry.index]
    if slot.epoch != w.memo.epoch:
        slot.epoch, slot.number = w.memo.epoch, w.memo.next_class
        w.memo.next_class += 1
        reserve(w, entry.size + 32)
        put(w, new)
        memcpy(w.out + w.length, entry.data, entry.size)
        w.length += entry.size
    elif slot.number < 16:
        put(w, <unsigned char>(low + slot.number))
    else:
        put(w, known)
        put_varint(w, slot.number)
    return 0


cdef int write_value(Writer* w, PyObject* value, bint once) except -1:
    """Write a value.

    Parameters
    ----------
    once
        What holds the value is written out no more than once.
    """
    cdef PyTypeObject* type = type_of(value)
    w.weight += 1
    reserve(w, 32)
    if type == &PyUnicode_Type:
        return write_text(w, value)
    if type == &PyLong_Type:
        return write_int(w, value)
    if type == &PyFloat_Type:
        return write_float(w, value)
    if value == Py_None:
        put(w, 0xA0)
        return 0
    if type == &PyBool_Type:
        put(w, 0xA2 if value == Py_True else 0xA1)
        return 0
    return write_compound(w, value, type, once)


cdef int write_compound(Writer* w, PyObject* value, PyTypeObject* type, bint once) except -1:
    cdef bint sole = once and Py_REFCNT(value) == 1
    cdef bint hashed
    cdef Spec* spec
    if type == &PyDict_Type:
        return write_dict(w, value, sole)
    if type == &PyList_Type:
        return write_list(w, value, sole)
    if type == &PyTuple_Type:
        return write_tuple(w, value, sole)
    spec = spec_of(w, type)
    if spec.kind < KIND_SET:
        return write_native(w, value, spec)
    hashed = w.hashed
    if spec.kind == KIND_ATTRIBUTES or spec.kind == KIND_SLOTS:
        write_instance(w, value, spec, sole)
    else:
        write_other(w, value, spec, sole)
    w.hashed = hashed
    return 0


cdef inline Spec* spec_of(Writer* w, PyTypeObject* type) except NULL:
    cdef size_t at = object_home(<PyObject*>type, w.spec_mask)
    while w.specs[at]:
        if w.specs[at].type == type:
            return w.specs[at]
        at = (at + 1) & w.spec_mask
    return new_spec(w, type)


cdef Spec* new_spec(Writer* w, PyTypeObject* type) except NULL:
    cdef Prepared known = <Prepared>w.known
    cdef Spec* spec = find_spec(known, type)
    if not spec:
        spec = make_spec(known, type)
    if w.trusting:
        raise _Again
    w.specs, w.spec_mask = known.specs, known.spec_mask
    return spec


cdef inline int deeper(Writer* w) except -1:
    """Go one level in; a value is inside."""
    if w.depth >= MAX_DEPTH:
        raise refusals.TooDeepError()
    w.depth += 1
    return 0


# Objects: `meet` gives one its number or writes a reference to it, `complete` notes its weight.

cdef enum:
    REFERRED = -2    # a reference is written
    FORGOTTEN = -1   # numbered, and nothing can lead there again


cdef inline int64_t meet(Writer* w, PyObject* value, bint sole) except -3:
    cdef ObjectSlot* slot
    cdef uint32_t number
    if sole and w.trusting:
        w.memo.next_object += 1
        return FORGOTTEN
    slot = memo_object(&w.memo, value)
    if slot.epoch == w.memo.epoch:
        refer(w, value, slot.number)
        return REFERRED
    number = w.memo.next_object
    memo_take_object(&w.memo, slot, value)
    w.memo.weights[number] = -1 - 2 * (w.weight - 1)
    if not w.trusting:
        keep(w, value)
    return number


cdef inline void complete(Writer* w, int64_t number) noexcept:
    cdef int64_t weight
    if number >= 0:
        weight = w.weight - ((-1 - w.memo.weights[number]) >> 1)
        w.memo.weights[number] = weight if weight <= MAX_HASHED_WEIGHT else MAX_HASHED_WEIGHT + 1


cdef int refer(Writer* w, PyObject* value, uint32_t number) except -1:
    cdef int64_t weight = w.memo.weights[number]
    cdef bint looked_into = w.hashed and not compact_hashes_identity(type_of(value))
    w.weight -= 1
    if weight < 0:
        if (-1 - weight) & 1:
            raise refusals.UnfinishedError()
        if looked_into:
            raise refusals.unfinished_key()
        weight = w.weight - ((-1 - weight) >> 1)
        if weight > MAX_HASHED_WEIGHT:
            weight = MAX_HASHED_WEIGHT + 1
    w.weight += weight
    if looked_into:
        w.hashed_weight += weight
        if w.hashed_weight > MAX_HASHED_WEIGHT:
            raise refusals.heavy_keys()
    put(w, 0xB3)
    put_varint(w, number)
    return 0


# Containers

cdef int write_dict(Writer* w, PyObject* value, bint sole) except -1:
    cdef int64_t number = meet(w, value, sole)
    cdef Py_ssize_t count, at = 0, left
    cdef PyObject* key
    cdef PyObject* item
    cdef bint hashed = w.hashed
    if number == REFERRED:
        return 0
    count = left = PyDict_Size(value)
    put_count(w, 0xAF, 0x68, count)
    if count:
        deeper(w)
        while left and compact_dict_next(fast_layouts, value, &at, &key, &item):
            left -= 1
            if type_of(key) == &PyUnicode_Type and w.trusting:
                w.weight += 1
                reserve(w, 32)
                write_text(w, key)
            else:
                if not w.trusting:
                    keep(w, key)
                    keep(w, item)
                w.hashed = True
                write_value(w, key, True)
                w.hashed = hashed
            write_value(w, item, True)
        if left or PyDict_Size(value) != count:
            raise refusals.changed()
        w.depth -= 1
    complete(w, number)
    return 0


cdef int write_list(Writer* w, PyObject* value, bint sole) except -1:
    cdef int64_t number = meet(w, value, sole)
    cdef Py_ssize_t count, at
    cdef PyObject* item
    if number == REFERRED:
        return 0
    count = Py_SIZE(value)
    put_count(w, 0xAE, 0x60, count)
    if count:
        deeper(w)
        for at in range(count):
            if Py_SIZE(value) != count:
                raise refusals.changed()
            item = PyList_GET_ITEM(value, at)
            if not w.trusting:
                keep(w, item)
            write_value(w, item, True)
        w.depth -= 1
    if Py_SIZE(value) != count:
        raise refusals.changed()
    complete(w, number)
    return 0


cdef int write_tuple(Writer* w, PyObject* value, bint sole) except -1:
    cdef Py_ssize_t count = Py_SIZE(value), at
    put_count(w, 0xB0, 0x70, count)
    if count:
        deeper(w)
        for at in range(count):
            write_value(w, PyTuple_GET_ITEM(value, at), sole)
        w.depth -= 1
    return 0


cdef int write_set(Writer* w, PyObject* value, bint sole, bint frozen) except -1:
    cdef int64_t number = FORGOTTEN
    cdef Py_ssize_t count, at
    cdef PyObject** elements
    if not frozen:
        number = meet(w, value, sole)
        if number == REFERRED:
            return 0
    if w.in_sort_key:
        raise _Aside
    count = PySet_GET_SIZE(value)
    put(w, 0xB2 if frozen else 0xB1)
    put_varint(w, count)
    if count:
        deeper(w)
        elements = <PyObject**>malloc(count * sizeof(PyObject*))
        if not elements:
            raise MemoryError()
        try:
            if compact_elements(value, elements, count) != count:
                raise refusals.changed()
            if not w.trusting:
                for at in range(count):
                    keep(w, elements[at])
            if count > 1:
                sort_elements(w, elements, count)
            w.hashed = True
            for at in range(count):
                write_value(w, elements[at], sole or not frozen)
        finally:
            free(elements)
        w.depth -= 1
    complete(w, number)
    return 0


cdef int sort_elements(Writer* w, PyObject** elements, Py_ssize_t count) except -1:
    """Order the elements of a set by what is written for each of them alone."""
    cdef Writer* alone = writer_take()
    cdef SortKey* keys = NULL
    cdef Py_ssize_t at
    cdef PyObject* element
    cdef PyTypeObject* type
    try:
        keys = <SortKey*>malloc(count * sizeof(SortKey))
        if not keys:
            raise MemoryError()
        alone.known, alone.trusting, alone.in_sort_key, alone.limit = w.known, w.trusting, True, w.sort_room
        alone.specs, alone.spec_mask = (<Prepared>w.known).specs, (<Prepared>w.known).spec_mask
        writer_begin(alone)
        for at in range(count):
            element = elements[at]
            keys[at].element, keys[at].at = element, alone.length
            reserve(alone, 32)
            type = type_of(element)
            if type == &PyUnicode_Type:
                put_text(alone, element)
            elif type == &PyLong_Type:
                write_int(alone, element)
            else:
                memo_clear(&alone.memo)
                alone.weight = alone.hashed_weight = 0
                alone.hashed, alone.depth = False, 1
                write_value(alone, element, False)
            keys[at].size = alone.length - keys[at].at
        if alone.length > w.sort_room:
            raise _Aside
        w.sort_room -= alone.length
        for at in range(count):
            keys[at].data = alone.out + keys[at].at
        sort_keys(keys, count)
        for at in range(count):
            elements[at] = keys[at].element
            if at and compare_keys(&keys[at - 1], &keys[at]) == 0:
                raise _Aside  # they stand in the order of their numbers
    finally:
        free(keys)
        writer_give(alone)
    return 0


cdef void sort_keys(SortKey* keys, Py_ssize_t count) noexcept:
    cdef Py_ssize_t at, to
    cdef SortKey moved
    if count > 16:
        qsort(keys, count, sizeof(SortKey), compare_keys)
        return
    for at in range(1, count):
        moved, to = keys[at], at
        while to and compare_keys(&keys[to - 1], &moved) > 0:
            keys[to] = keys[to - 1]
            to -= 1
        keys[to] = moved


cdef int compare_keys(const void* one, const void* other) noexcept nogil:
    cdef const SortKey* a = <const SortKey*>one
    cdef const SortKey* b = <const SortKey*>other
    cdef int order = memcmp(a.data, b.data, a.size if a.size < b.size else b.size)
    return order if order else (a.size > b.size) - (a.size < b.size)


# Instances

cdef int write_instance(Writer* w, PyObject* value, Spec* spec, bint sole) except -1:
    """Write an instance whose fields lie in its slots or attributes."""
    cdef int64_t number = meet(w, value, sole)
    cdef PyObject* fields[MAX_FIELDS]
    cdef Shape* shape
    cdef Entry* entry
    cdef int at, count
    if number == REFERRED:
        return 0
    if spec.kind == KIND_SLOTS:
        count, entry = spec.slots, spec.entry
        if count > MAX_FIELDS:
            return write_encoded(w, value, spec, number)
        for at in range(count):
            fields[at] = compact_at(value, spec.offsets[at])[0]
            if not fields[at]:
                return write_encoded(w, value, spec, number)
    else:
        shape = find_shape(w, spec, value, fields)
        if not shape:
            return write_encoded(w, value, spec, number)
        count, entry = shape.count, shape.entry
    if not w.trusting:
        for at in range(count):
            keep(w, fields[at])
    put_class(w, entry, 0xB4, 0x80, 0xB5)
    if count:
        if spec.shielded:
            w.hashed = False
        deeper(w)
        for at in range(count):
            write_value(w, fields[at], True)
        w.depth -= 1
    complete(w, number)
    return 0


cdef Shape* find_shape(Writer* w, Spec* spec, PyObject* value, PyObject** fields) except? NULL:
    """Return the shape of an instance with its fields; NULL if the converter must read it."""
    cdef compact_attributes found
    cdef Shape* shape
    cdef int at, each
    if fast_layouts and compact_find_attributes(value, &found):
        for each in range(spec.shapes):
            shape = &spec.shape[each]
            if shape.keys != found.keys or (spec.counts_all and shape.count != found.count):
                continue
            for at in range(shape.count):
                fields[at] = found.values[shape.indices[at]]
                if not fields[at]:
                    break
            else:
                return shape
        return new_shape(w, spec, attributes_at(&found), fields, found.keys)
    return find_shape_by_name(w, spec, value, fields)


cdef Shape* find_shape_by_name(Writer* w, Spec* spec, PyObject* value, PyObject** fields) except? NULL:
    cdef Shape* shape
    cdef int at, each
    cdef Py_ssize_t count
    cdef PyObject* attributes = PyObject_GenericGetDict(value, NULL)
    decref(attributes)  # the instance holds it
    if not PyDict_CheckExact(attributes):
        return NULL
    count = PyDict_Size(attributes)
    for each in range(spec.shapes):
        shape = &spec.shape[each]
        if spec.counts_all and shape.count != count:
            continue
        for at in range(shape.count):
            fields[at] = PyDict_GetItemWithError(attributes, PyTuple_GET_ITEM(shape.names, at))
            if not fields[at]:
                break
        else:
            return shape
    return new_shape(w, spec, <object>attributes, fields, NULL)


cdef Shape* new_shape(Writer* w, Spec* spec, dict attributes, PyObject** fields, void* keys) except? NULL:
    """Learn the shape of an instance; NULL if its class may not have it."""
    cdef Shape* shape
    cdef int at
    for name in attributes:
        if type(name) is not str:
            return NULL
    names = <tuple>spec.names if spec.names else tuple(sorted(attributes))
    if len(names) > MAX_FIELDS or (spec.counts_all and len(names) != len(attributes)):
        return NULL
    for name in names:
        if name not in attributes:
            return NULL
    shape = make_shape(<Prepared>w.known, spec, names, attributes, keys)
    if w.trusting:
        raise _Again
    for at in range(shape.count):
        fields[at] = <PyObject*>attributes[names[at]]  # the instance holds it
    return shape


cdef dict attributes_at(compact_attributes* found):
    """Return the attributes of an instance without making its `__dict__`."""
    cdef PyObject* name
    cdef PyObject* value
    cdef int at = 0
    attributes = {}
    while compact_attribute(found, &at, &name, &value):
        attributes[<object>name] = <object>value
    return attributes


cdef int write_encoded(Writer* w, PyObject* value, Spec* spec, int64_t number) except -1:
    """Write an instance whose fields the converter finds."""
    cdef dict fields
    stop_trusting(w)
    fields = (<object>spec.converter).encode(<object>value)
    keep(w, <PyObject*>fields)
    names = tuple(fields)
    put_class(w, entry_of(<Prepared>w.known, (<object>spec.converter).tag, names), 0xB4, 0x80, 0xB5)
    if names:
        if spec.shielded:
            w.hashed = False
        deeper(w)
        for field in list(fields.values()):
            keep(w, <PyObject*>field)
            write_value(w, <PyObject*>field, False)
        w.depth -= 1
    complete(w, number)
    return 0


cdef inline int stop_trusting(Writer* w) except -1:
    """Begin anew unless this attempt holds all that it has met: code of the application is going to run."""
    if w.trusting:
        (<Prepared>w.known).untrusted = True
        raise _Again
    return 0


# Converted values

cdef int write_other(Writer* w, PyObject* value, Spec* spec, bint sole) except -1:
    cdef int64_t number
    if spec.kind == KIND_SET or spec.kind == KIND_FROZENSET:
        return write_set(w, value, sole, spec.kind == KIND_FROZENSET)
    if spec.kind == KIND_BYTES:
        return put_sized(w, 0xAC, PyBytes_AS_STRING(value), Py_SIZE(value))
    if spec.kind == KIND_BYTEARRAY:
        number = meet(w, value, sole)
        if number == REFERRED:
            return 0
        complete(w, number)
        return put_sized(w, 0xAD, PyByteArray_AS_STRING(value), Py_SIZE(value))
    if spec.kind == KIND_MEMBER:
        return write_converted(w, member_value(spec, value), spec)
    if spec.kind == KIND_ZONE:
        key = (<Prepared>w.known).zone_key(<object>value, (<object>spec.converter).encode)
        if key is not None:
            return write_converted(w, <PyObject*>key, spec)
    number = FORGOTTEN
    if spec.kind == KIND_ENCODED or not spec.value_type:
        number = meet(w, value, sole)
        if number == REFERRED:
            return 0
    if spec.kind == KIND_ENCODED:
        return write_encoded(w, value, spec, number)
    stop_trusting(w)
    if number >= 0:
        w.memo.weights[number] -= 1  # marks it as converted and open
    plain = (<object>spec.converter).encode(<object>value)
    keep(w, <PyObject*>plain)
    write_converted(w, <PyObject*>plain, spec)
    if number >= 0:
        w.memo.weights[number] += 1
    complete(w, number)
    return 0


cdef inline int write_converted(Writer* w, PyObject* plain, Spec* spec) except -1:
    put_class(w, spec.entry, 0xCB if spec.value_type else 0xB6, 0x90, 0xB7)
    deeper(w)
    write_value(w, plain, False)
    w.depth -= 1
    return 0


cdef PyObject* member_value(Spec* spec, PyObject* member) except NULL:
    """Return the value of a member of an Enum; the member holds it."""
    cdef size_t at = object_home(member, MEMBERS - 1)
    cdef PyObject* value
    if spec.members[at] == member:
        return spec.values[at]
    value = PyObject_GetAttr(member, <PyObject*>VALUE)
    Py_XDECREF(spec.members[at])
    Py_XDECREF(spec.values[at])
    incref(member)
    spec.members[at], spec.values[at] = member, value
    return value


cdef str VALUE = intern("_value_")


# Values that hold no others

cdef inline int write_text(Writer* w, PyObject* value) except -1:
    """Write a str, or a reference to an equal one that was written before; there is room for 32 bytes."""
    cdef Py_ssize_t length = PyUnicode_GET_LENGTH(value)
    cdef bint ascii = PyUnicode_IS_COMPACT_ASCII(value)
    cdef Py_hash_t hash
    cdef TextSlot* slot
    if length == 0 or length > 255 or (length == 1 and ascii):
        return put_text(w, value)
    hash = compact_hash(value)
    slot = memo_text(&w.memo, value, hash)
    if slot.epoch == w.memo.epoch:
        if slot.number < 32:
            put(w, <unsigned char>(0x40 + slot.number))
        else:
            put(w, 0xAB)
            put_varint(w, slot.number)
        return 0
    if not ascii and utf8_size(value) > 255:
        return put_utf8(w, value)
    memo_take_text(&w.memo, slot, value, hash)
    if not w.trusting:
        keep(w, value)
    return put_text(w, value)


cdef inline int put_text(Writer* w, PyObject* value) except -1:
    """Write a str out."""
    cdef Py_ssize_t length = PyUnicode_GET_LENGTH(value)
    cdef const char* data
    if not PyUnicode_IS_COMPACT_ASCII(value):
        return put_utf8(w, value)
    data = <const char*>PyUnicode_DATA(value)
    if length < 32:
        reserve(w, 64)
        put(w, <unsigned char>(0x20 + length))
        compact_copy(w.out + w.length, <const unsigned char*>data, length)
        w.length += length
        return 0
    return put_sized(w, 0xA9, data, length)


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


cdef inline int write_int(Writer* w, PyObject* value) except -1:
    cdef int overflow = 0
    cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow:
        return write_big_int(w, value)
    if 0 <= number < 32:
        put(w, <unsigned char>number)
    elif number == <int8_t>number:
        put(w, 0xA3)
        put_fixed(w, <uint64_t>number, 1)
    elif number == <int16_t>number:
        put(w, 0xA4)
        put_fixed(w, <uint64_t>number, 2)
    elif number == <int32_t>number:
        put(w, 0xA5)
        put_fixed(w, <uint64_t>number, 4)
    else:
        put(w, 0xA6)
        put_fixed(w, <uint64_t>number, 8)
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


cdef int write_native(Writer* w, PyObject* value, Spec* spec) except -1:
    """Write a value of the standard library in the format's own form; there is room for 32 bytes."""
    if spec.kind == KIND_DATETIME:
        return write_datetime(w, value)
    if spec.kind == KIND_DECIMAL:
        return write_decimal(w, value)
    if spec.kind == KIND_UUID:
        return write_uuid(w, value)
    if spec.kind == KIND_DATE:
        put(w, 0xBE)
        put_fixed(w, date_number(value), 3)
        return 0
    if spec.kind == KIND_TIME:
        return write_time(w, value)
    if spec.kind == KIND_TIMEDELTA:
        put(w, 0xC3)
        put_varint(w, zigzag_of(PyDateTime_DELTA_GET_DAYS(value)))
        put_varint(w, PyDateTime_DELTA_GET_SECONDS(value))
        put_varint(w, PyDateTime_DELTA_GET_MICROSECONDS(value))
        return 0
    return write_timezone(w, value)


cdef inline uint64_t zigzag_of(int64_t number) noexcept:
    return <uint64_t>number * 2 if number >= 0 else <uint64_t>-(number + 1) * 2 + 1


cdef inline uint64_t date_number(PyObject* value) noexcept:
    return (
        (<uint64_t>PyDateTime_GET_YEAR(value) * 12 + PyDateTime_GET_MONTH(value) - 1) * 31 + PyDateTime_GET_DAY(value) - 1
    )


cdef int write_datetime(Writer* w, PyObject* value) except -1:
    cdef PyObject* zone = PyDateTime_DATE_GET_TZINFO(value)
    cdef unsigned char tag = 0xB8 if zone == Py_None else 0xBA if zone == PyDateTimeAPI.TimeZone_UTC else 0xBC
    cdef uint64_t microsecond = PyDateTime_DATE_GET_MICROSECOND(value)
    cdef uint64_t clock = (
        date_number(value) * 86400
        + (PyDateTime_DATE_GET_HOUR(value) * 60 + PyDateTime_DATE_GET_MINUTE(value)) * 60
        + PyDateTime_DATE_GET_SECOND(value)
    )
    put_clock(w, tag, clock, microsecond, PyDateTime_DATE_GET_FOLD(value), 5, 8)
    return write_zone(w, zone) if tag == 0xBC else 0


cdef int write_time(Writer* w, PyObject* value) except -1:
    cdef PyObject* zone = PyDateTime_TIME_GET_TZINFO(value)
    cdef uint64_t clock = (
        (PyDateTime_TIME_GET_HOUR(value) * 60 + PyDateTime_TIME_GET_MINUTE(value)) * 60 + PyDateTime_TIME_GET_SECOND(value)
    )
    put_clock(
        w, 0xBF if zone == Py_None else 0xC1, clock, PyDateTime_TIME_GET_MICROSECOND(value),
        PyDateTime_TIME_GET_FOLD(value), 3, 5,
    )
    return 0 if zone == Py_None else write_zone(w, zone)


cdef inline void put_clock(
    Writer* w, unsigned char tag, uint64_t clock, uint64_t microsecond, int fold, int whole, int precise
) noexcept:
    if microsecond:
        put(w, tag + 1)
        put_fixed(w, (clock * 1000000 + microsecond) * 2 + fold, precise)
    else:
        put(w, tag)
        put_fixed(w, clock * 2 + fold, whole)


cdef inline int write_zone(Writer* w, PyObject* zone) except -1:
    deeper(w)
    if not w.trusting:
        keep(w, zone)
    write_value(w, zone, False)
    w.depth -= 1
    return 0


cdef int write_timezone(Writer* w, PyObject* value) except -1:
    cdef tuple parts
    if value == PyDateTimeAPI.TimeZone_UTC:
        put(w, 0xC4)
        return 0
    parts = (<object>value).__getinitargs__()
    put(w, 0xC5 if len(parts) == 1 else 0xC6)
    put_varint(w, zigzag_of(parts[0] // MICROSECOND))
    if len(parts) > 1:
        keep(w, <PyObject*>parts)
        name = parts[1]
        deeper(w)
        write_value(w, <PyObject*>name, False)
        w.depth -= 1
    return 0


cdef object MICROSECOND = timedelta(microseconds=1)


cdef int write_decimal(Writer* w, PyObject* value) except -1:
    cdef int sign
    cdef Py_ssize_t exponent
    cdef uint64_t coefficient
    cdef bint small
    if fast_decimals:
        small = compact_read_decimal(value, &sign, &exponent, &coefficient)
        text = None
    else:
        text = DECIMAL_TEXT(<object>value)
        small = parse_decimal(text, &sign, &exponent, &coefficient)
    if small and coefficient < <uint64_t>1000000000000000000 and -1000 <= exponent <= 1000:
        put(w, 0xC7)
        put_varint(w, zigzag_of(exponent) * 2 + sign)
        put_varint(w, coefficient)
        return 0
    data = (<str>DECIMAL_TEXT(<object>value)).encode() if text is None else (<str>text).encode()
    return put_sized(w, 0xC8, <const char*><bytes>data, len(data))


cdef object DECIMAL_TEXT = Context(capitals=1).to_sci_string


cdef bint parse_decimal(str text, int* sign, Py_ssize_t* exponent, uint64_t* coefficient) except -1:
    """Read what `str` makes of a finite Decimal of up to 18 digits."""
    cdef const char* at = <const char*>PyUnicode_DATA(<PyObject*>text)
    cdef Py_ssize_t digits = 0, after = 0, power = 0
    cdef bint point = False, negative = False
    sign[0], coefficient[0] = 0, 0
    if at[0] == c"-":
        sign[0] = 1
        at += 1
    while c"0" <= at[0] <= c"9" or at[0] == c".":
        if at[0] == c".":
            point = True
        else:
            if coefficient[0] >= <uint64_t>100000000000000000:
                return False
            coefficient[0] = coefficient[0] * 10 + <uint64_t>(at[0] - c"0")
            digits += 1
            after += point
        at += 1
    if not digits:
        return False
    if at[0] == c"E":
        negative = at[1] == c"-"
        at += 2
        while c"0" <= at[0] <= c"9":
            if power > 100000:
                return False
            power = power * 10 + (at[0] - c"0")
            at += 1
    if at[0]:
        return False
    exponent[0] = (-power if negative else power) - after
    return True


cdef int write_uuid(Writer* w, PyObject* value) except -1:
    cdef PyObject* number
    cdef PyObject* safety
    if UUID_INT >= 0 and UUID_SAFE >= 0:
        number, safety = compact_at(value, UUID_INT)[0], compact_at(value, UUID_SAFE)[0]
    else:
        number, safety = <PyObject*>(<object>value).int, <PyObject*>(<object>value).is_safe
    if not number or not safety or type_of(number) != &PyLong_Type:
        raise SerializationError("this UUID has lost its attributes")
    put(w, 0xC9 if safety == <PyObject*>SAFETY_UNKNOWN else 0xCA)
    compact_int_bytes(number, w.out + w.length, 16, False, False)
    w.length += 16
    if safety != <PyObject*>SAFETY_UNKNOWN:
        put(w, 0 if safety == <PyObject*>SAFETY_SAFE else 1)
    return 0


cdef object SAFETY_UNKNOWN = SafeUUID.unknown
cdef object SAFETY_SAFE = SafeUUID.safe
cdef object SAFETY_UNSAFE = SafeUUID.unsafe
cdef object NO_ATTRIBUTE = object()
cdef Py_ssize_t UUID_INT = slot_of(UUID, "int")
cdef Py_ssize_t UUID_SAFE = slot_of(UUID, "is_safe")


cdef Py_ssize_t slot_of(cls, name) except -2:
    attribute = cls.__dict__.get(name, NO_ATTRIBUTE)
    return compact_slot(<PyObject*>attribute, <PyTypeObject*>cls)
