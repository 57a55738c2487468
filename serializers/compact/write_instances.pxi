# Writes instances of registered classes, and values that a converter makes plain.
#
# Fields are read where they lie; if they cannot be, the converter finds them, which is code of the application.


cdef int write_instance(Writer* w, PyObject* value, Spec* spec, bint sole) except -1:
    """Write an instance whose fields lie in its slots or attributes."""
    cdef int64_t start = place(w)
    cdef int64_t number = meet(w, value, sole)
    cdef PyObject* fields[MAX_FIELDS]
    cdef Shape* shape
    cdef Entry* entry
    cdef int at, count
    cdef Frame frame
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
    if w.holding == HOLD_NOW:
        for at in range(count):
            keep(w, fields[at])
    put_class(w, entry, 0xB4, 0x80, 0xB5)
    if count:
        if spec.shielded:
            w.hashed = False
        w.copies.may = spec.may_copy and not w.in_sort_key
        enter(w, &frame, value, fields, count)
        for at in range(count):
            write_value(w, fields[at], True)
        leave(w, &frame)
    count_one(w, start)
    complete(w, number)
    return 0


cdef Shape* find_shape(Writer* w, Spec* spec, PyObject* value, PyObject** fields) except? NULL:
    """Return the shape of an instance with its fields; NULL if the converter must read it."""
    cdef compact_attributes found
    cdef Shape* shape
    cdef int at, each
    if w.layouts and compact_find_attributes(value, &found):
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
        if is_in_order(shape, attributes, fields):
            return shape
        if not has_text_keys(attributes):
            return NULL  # they may be compared by code of the application
        for at in range(shape.count):
            fields[at] = PyDict_GetItemWithError(attributes, PyTuple_GET_ITEM(shape.names, at))
            if not fields[at]:
                break
        else:
            return shape
    return new_shape(w, spec, <object>attributes, fields, NULL)


cdef inline bint is_in_order(Shape* shape, PyObject* attributes, PyObject** fields) noexcept:
    """Whether the attributes begin with those of a shape, as they do where `__init__` sets them in their order."""
    cdef Py_ssize_t next_one = 0
    cdef PyObject* name
    cdef int at
    for at in range(shape.count):
        if not PyDict_Next(attributes, &next_one, &name, &fields[at]) or name != PyTuple_GET_ITEM(shape.names, at):
            return False
    return True


cdef bint has_text_keys(PyObject* mapping) noexcept:
    cdef Py_ssize_t next_one = 0
    cdef PyObject* key
    cdef PyObject* value
    while PyDict_Next(mapping, &next_one, &key, &value):
        if type_of(key) != &PyUnicode_Type:
            return False
    return True


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
    cdef int64_t start = place(w)
    cdef dict fields = plain_of(w, value, spec)
    cdef bint foreign = w.foreign
    w.foreign = True
    w.copies.may = spec.may_copy and not w.in_sort_key
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
    w.foreign = foreign
    count_one(w, start)
    complete(w, number)
    return 0


cdef object plain_of(Writer* w, PyObject* value, Spec* spec):
    """Return what the converter makes of a value, which may run any code: what is borrowed is held first."""
    cdef Prepared known = <Prepared>w.known
    if w.trusting:
        if w.in_sort_key:
            stop_trusting(w)  # the writer around this one borrows, too
        if w.holding == HOLD_NOTHING:
            known.runs_code = True
            raise _Again
        hold_frames(w)
    keep(w, value)
    if w.collecting:
        PyGC_Enable()
    try:
        return (<object>spec.converter).encode(<object>value)
    finally:
        if w.collecting:
            w.collecting = PyGC_Disable()


cdef inline int stop_trusting(Writer* w) except -1:
    """Begin anew unless this attempt remembers all objects."""
    if w.trusting:
        (<Prepared>w.known).wary = WARY_CALLS
        raise _Again
    return 0


# Converted values

cdef int write_other(Writer* w, PyObject* value, Spec* spec, bint sole) except -1:
    cdef int64_t start = place(w)
    cdef int64_t number
    cdef PyObject* key
    cdef bint foreign
    if spec.kind == KIND_SET or spec.kind == KIND_FROZENSET:
        return write_set(w, value, sole, spec.kind == KIND_FROZENSET)
    if spec.kind == KIND_BYTES:
        return put_sized(w, 0xAC, PyBytes_AS_STRING(value), Py_SIZE(value))
    if spec.kind == KIND_BYTEARRAY:
        number = meet(w, value, sole)
        if number == REFERRED:
            return 0
        put_sized(w, 0xAD, PyByteArray_AS_STRING(value), Py_SIZE(value))
        complete(w, number)
        return 0
    if spec.kind == KIND_MEMBER:
        return write_converted(w, member_value(spec, value), spec, False)
    if spec.kind == KIND_ZONE:
        key = zone_key(w, spec, value)
        if key:
            return write_converted(w, key, spec, False)
    if spec.kind == KIND_NAMED_TUPLE and is_plain_tuple(value, spec):
        return write_named_tuple(w, value, spec, sole)
    number = FORGOTTEN
    if spec.kind == KIND_ENCODED or not spec.value_type:
        number = meet(w, value, sole)
        if number == REFERRED:
            return 0
    if spec.kind == KIND_ENCODED:
        return write_encoded(w, value, spec, number)
    begin_converted(w, number)
    plain = plain_of(w, value, spec)
    foreign = w.foreign
    w.foreign = foreign or not spec.shipped
    write_converted(w, <PyObject*>plain, spec, True)
    w.foreign = foreign
    keep(w, <PyObject*>plain)
    if spec.holds:
        count_one(w, start)
    complete_converted(w, number)
    return 0


cdef inline void begin_converted(Writer* w, int64_t number) noexcept:
    if number >= 0:
        w.memo.weights[number].weight -= 1  # marks it as converted and open


cdef inline void complete_converted(Writer* w, int64_t number) noexcept:
    if number >= 0:
        w.memo.weights[number].weight += 1
    complete(w, number)


cdef bint is_plain_tuple(PyObject* value, Spec* spec) except -1:
    """Whether a named tuple has its fields, and no attributes beside them."""
    cdef PyObject* attributes
    if Py_SIZE(value) != spec.slots:
        return False
    if not compact_has_dict(spec.type):
        return True
    attributes = PyObject_GenericGetDict(value, NULL)
    decref(attributes)  # the tuple holds it
    return PyDict_Size(attributes) == 0


cdef int write_named_tuple(Writer* w, PyObject* value, Spec* spec, bint sole) except -1:
    """Write what its converter would return, a new dict, without making it."""
    cdef int64_t start = place(w)
    cdef int64_t number = FORGOTTEN
    cdef Py_ssize_t at, count = spec.slots
    cdef Frame frame
    if not spec.value_type:
        number = meet(w, value, sole)
        if number == REFERRED:
            return 0
    begin_converted(w, number)
    w.copies.may = False
    put_class(w, spec.entry, 0xCB if spec.value_type else 0xB6, 0x90, 0xB7)
    enter(w, &frame, value, NULL, 0)
    w.weight += 1
    w.memo.next_object += 1  # that of the dict
    reserve(w, 32)
    put_count(w, 0xAF, 0x68, count)
    if count:
        deeper(w)
        for at in range(count):
            write_text(w, PyTuple_GET_ITEM(spec.names, at))
            write_value(w, PyTuple_GET_ITEM(value, at), sole or not spec.value_type)
        w.depth -= 1
    leave(w, &frame)
    count_one(w, start)
    complete_converted(w, number)
    return 0


cdef inline int write_converted(Writer* w, PyObject* plain, Spec* spec, bint once) except -1:
    w.copies.may = spec.may_copy and not w.in_sort_key
    put_class(w, spec.entry, 0xCB if spec.value_type else 0xB6, 0x90, 0xB7)
    deeper(w)
    write_value(w, plain, once)
    w.depth -= 1
    return 0


cdef PyObject* member_value(Spec* spec, PyObject* member) except NULL:
    """Return the value of a member of an Enum; the member holds it."""
    cdef size_t at = object_home(member, MEMBERS - 1)
    cdef PyObject* value
    if spec.members[at] == member:
        return spec.values[at]
    value = PyObject_GetAttr(member, <PyObject*>VALUE)
    note_value(spec, member, value)
    return value


cdef PyObject* zone_key(Writer* w, Spec* spec, PyObject* zone) except? NULL:
    """Return the key that a zone is written as, which lives as long as what is known; NULL if the converter must say."""
    cdef Prepared known = <Prepared>w.known
    cdef size_t at = object_home(zone, MEMBERS - 1)
    cdef PyObject* key
    if spec.members[at] == zone:
        return spec.values[at]
    key = PyDict_GetItemWithError(<PyObject*>known.zone_keys, zone)  # zones are compared by identity
    if not key:
        if w.trusting and known.learn_zone(<object>zone, (<object>spec.converter).encode):
            raise _Again
        return NULL
    if key == Py_None:
        return NULL
    incref(key)
    note_value(spec, zone, key)
    return key


cdef void note_value(Spec* spec, PyObject* member, PyObject* value) noexcept:
    """Find the value of a member or zone quickly the next time; the reference to the value is handed over."""
    cdef size_t at = object_home(member, MEMBERS - 1)
    cdef PyObject* last_member = spec.members[at]
    cdef PyObject* last_value = spec.values[at]
    if last_value and (Py_REFCNT(last_value) == 1 or Py_REFCNT(last_member) == 1):
        decref(value)  # what holds it is there; letting go of the others might run code of the application
        return
    incref(member)
    spec.members[at], spec.values[at] = member, value
    Py_XDECREF(last_member)
    Py_XDECREF(last_value)


cdef str VALUE = intern("_value_")
