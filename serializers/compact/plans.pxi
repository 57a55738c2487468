# How the instances of each class entry are made: the `Plan` of an entry or of a converter's tag.


cdef inline size_t bucket_of(const unsigned char* data, Py_ssize_t size, bint of_instance) noexcept:
    """Where the plan of a class is; by a few bytes of its tag, of which there are so many."""
    return (<size_t>data[0] * 5 + data[1] * 7 + data[size] * 31 + data[(size + 1) >> 1] * 3 + of_instance) & (CLASS_BUCKETS - 1)


cdef void plan_free(Plan* plan) noexcept:
    Py_XDECREF(plan.converter)
    Py_XDECREF(plan.names)
    Py_XDECREF(plan.members)
    free(plan.data)
    free(plan.indices)
    free(plan.offsets)
    free(plan)


cdef Plan* make_plan(Prepared known, bytes data, bint of_instance, tag, names) except NULL:
    """Return how to make the instances of a class entry, or the values of a converter."""
    cdef Plan* plan
    cdef size_t bucket
    cdef bint kept = known.plan_count < MAX_PLANS and len(data) < MAX_KEPT_PLAN
    converter = known.registry.converter_of(tag)
    if names is not None and kept:
        names = tuple([intern(name) for name in names])
    plan = <Plan*>calloc(1, sizeof(Plan))
    if not plan:
        raise MemoryError()
    try:
        plan.of_instance = of_instance
        plan.data = <unsigned char*>malloc(len(data))
        if not plan.data:
            raise MemoryError()
        memcpy(plan.data, <const char*>data, len(data))
        plan.size = len(data)
        plan.converter = <PyObject*>converter
        Py_INCREF(converter)
        if names is not None:
            plan.names = <PyObject*>names
            Py_INCREF(names)
            plan.count = len(names)
        plan.kind = MAKE_DECODED
        plan.shielded = hashed_by_identity(converter.cls)
        plan.holds, plan.may_copy = holds(converter, fields=of_instance), may_copy(converter, fields=of_instance)
        if of_instance and isinstance(converter, FieldsConverter):
            plan.kind = MAKE_FILLED
            plan_fields(plan, converter.layout)
        elif not of_instance and by_value_alone(converter.cls, converter):
            plan.kind = MAKE_MEMBER
            members = converter.cls._value2member_map_
            plan.members = <PyObject*>members
            Py_INCREF(members)
        elif not of_instance and isinstance(converter, NamedTupleConverter):
            plan.kind = MAKE_NAMED_TUPLE
            plan.type = <PyTypeObject*>converter.cls
            plan.names = <PyObject*>converter.names
            Py_INCREF(converter.names)
        elif not of_instance and converter.cls is ZoneInfo and getattr(converter.decode, "__module__", None) == SHIPPED_ZONES:
            plan.kind = MAKE_ZONE
    except:
        plan_free(plan)
        raise
    if kept:
        bucket = bucket_of(plan.data, plan.data[0], of_instance)
        plan.next, known.plans[bucket], plan.kept = known.plans[bucket], plan, True
        known.plan_count += 1
    return plan


cdef int plan_fields(Plan* plan, layout) except -1:
    """Find out whether the fields of an entry can be set directly; the converter fills instances otherwise."""
    cdef int at
    names = <object>plan.names
    if layout is None or layout.left_out:
        return 0
    plan.type = <PyTypeObject*>layout.cls
    attributes = [getattr_static(layout.cls, name, None) for name in names]
    if not layout.open or layout.names:
        if names != layout.names or (layout.open and not slots_only(plan.type, attributes)):
            return 0
    elif not all(is_plain_name(name) and name not in layout.guarded and name not in layout.derived for name in names):
        return 0
    plan.kind = MAKE_SET
    if names and slots_only(plan.type, attributes):
        plan.offsets = <Py_ssize_t*>malloc(plan.count * sizeof(Py_ssize_t))
        if not plan.offsets:
            raise MemoryError()
        for at in range(plan.count):
            each = attributes[at]
            plan.offsets[at] = compact_slot(<PyObject*>each, plan.type)
        plan.kind = MAKE_SLOTS
    elif any(each is not None and compact_is_data_descriptor(<PyObject*>each) for each in attributes):
        return 0  # a property that the user named a field runs code of the application
    else:
        plan.learns = compact_has_dict(plan.type)
    return 0


cdef bint slots_only(PyTypeObject* type, attributes) except -1:
    for each in attributes:
        if compact_slot(<PyObject*>each, type) < 0:
            return False
    return True


cdef bint is_plain_name(name) except -1:
    return name.isidentifier() and not (name.startswith("__") and name.endswith("__"))


cdef bint learn_layout(Plan* plan) except -1:
    """Note where instances of the class have the fields; their class knows it once one of them has them."""
    cdef void* keys = compact_shared_keys(plan.type)
    cdef int at, index
    cdef unsigned char* indices
    if not keys or plan.count > MAX_FIELDS or not plan.count:
        return False
    indices = <unsigned char*>malloc(plan.count)
    if not indices:
        raise MemoryError()
    for at in range(plan.count):
        index = compact_index(keys, PyTuple_GET_ITEM(plan.names, at))
        if index < 0:
            free(indices)
            return False
        indices[at] = index
    free(plan.indices)
    plan.indices, plan.keys, plan.kind = indices, keys, MAKE_ATTRIBUTES
    return True
