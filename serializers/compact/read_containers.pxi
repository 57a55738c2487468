# Reads references, and the containers that they can lead to: lists, tuples, dicts and sets.
#
# Invariant: keys and elements are complete, and not too many of them share a hash, before the first of them is hashed into
# a table.


cdef inline int64_t place_begun(Reader* r) noexcept:
    """Return where the value that is being read begins, in bytes and what is counted beyond."""
    return r.begun - r.first + r.copies.beyond


cdef inline size_t number_object(Reader* r, PyObject* value) except? 0xFFFFFFFFFFFFFFFF:
    """Give an object its number, and a reference to the table."""
    if r.object_count == r.object_room:
        make_room_for_objects(r, value)
    r.objects[r.object_count].value = value
    r.objects[r.object_count].weight = -1 - (r.weight - 1)
    r.objects[r.object_count].size = place_begun(r)
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
    object.size = size_since(&r.copies, object.size, r.at - r.first)
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
    if count_copied(&r.copies, referred_size(&r.copies, object.value, object.weight >= 0, object.size, r.begun - r.first)):
        rejected(refusals.copied(r.copies.limit))
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


cdef PyObject* read_dict(Reader* r, uint64_t count) except NULL:
    cdef size_t number
    cdef size_t top = r.top
    cdef PyObject* mapping
    cdef uint64_t at
    if count > <uint64_t>1 << 60:
        truncated()
    lack(r, count * 2)
    mapping = PyDict_New()
    number = number_object(r, mapping)
    for at in range(count):
        push(r, read_key(r))
        push(r, next_value(r))
    check_read_hashes(r, top, count, 2)
    if fill_dict(r.tables, mapping, r.stack + top, count):
        r.top = top
        return completed(r, number)
    for at in range(count):
        PyDict_SetItem(mapping, r.stack[top + 2 * at], r.stack[top + 2 * at + 1])
    if <uint64_t>PyDict_Size(mapping) != count:
        rejected("two keys of a dict are equal")
    if r.tables and 0 < count <= MOST_KEYS:
        learn_keys(mapping, r.stack + top, count)
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
    check_read_hashes(r, top, count, 1)
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
        check_read_hashes(r, top, count, 1)
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
