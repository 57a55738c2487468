# Reads classes, instances, and values that a converter makes of plain ones.


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
    cdef int64_t start = place_begun(r)
    cdef size_t number = number_object(r, NULL)
    cdef size_t top = r.top
    cdef Plan* plan
    cdef PyObject* instance = NULL
    cdef int at, count
    cdef bint hashed = r.hashed, may_copy = r.copies.may
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
    r.copies.may = plan.may_copy
    lack(r, count)
    for at in range(count):
        push(r, next_value(r))
    r.hashed, r.copies.may = hashed, may_copy
    if plan.holds:
        count_one_read(r, start)
    if plan.kind == MAKE_ATTRIBUTES and r.layouts and compact_fill(
        instance, plan.keys, count, plan.indices, r.stack + top
    ):
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
        if plan.learns and r.layouts:
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


cdef inline void count_one_read(Reader* r, int64_t start) noexcept:
    """Let all that was counted since a place count one byte."""
    r.copies.beyond = start + 1 - (r.at - r.first)


cdef PyObject* read_converted(Reader* r, ReadClass* known_class) except NULL:
    cdef int64_t start = place_begun(r)
    cdef size_t number = 0
    cdef Plan* plan = known_class.plan
    cdef bint value_type = known_class.value_type, may_copy = r.copies.may
    cdef PyObject* plain
    cdef PyObject* made
    if not value_type:
        number = number_object(r, NULL)
    lack(r, 1)
    r.copies.may = plan.may_copy
    plain = next_value(r)
    r.copies.may = may_copy
    if plan.holds:
        count_one_read(r, start)
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
    elif plan.kind == MAKE_NAMED_TUPLE and type_of(plain) == &PyDict_Type:
        made = make_named_tuple(plan, plain)
        if made:
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


cdef PyObject* make_named_tuple(Plan* plan, PyObject* fields) except? NULL:
    """Return a named tuple of a dict that has all its fields, else NULL: its converter knows the defaults."""
    cdef Py_ssize_t count = Py_SIZE(plan.names), at
    cdef PyObject* field
    cdef PyObject* made = compact_allocate(plan.type, count)
    for at in range(count):
        field = PyDict_GetItemWithError(fields, PyTuple_GET_ITEM(plan.names, at))
        if not field:
            decref(made)
            return NULL
        incref(field)
        PyTuple_SET_ITEM(made, at, field)
    return made
