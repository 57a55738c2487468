# How the instances of each class are written: makes the `Spec` of a class, its `Entry` and the `Shape`s that it has.


cdef inline Spec* find_spec(Prepared known, PyTypeObject* type) noexcept:
    cdef size_t at = object_home(<PyObject*>type, known.spec_mask)
    while known.specs[at]:
        if known.specs[at].type == type:
            return known.specs[at]
        at = (at + 1) & known.spec_mask
    return NULL


cdef Spec* make_spec(Prepared known, PyTypeObject* type) except NULL:
    cdef Spec* spec = <Spec*>calloc(1, sizeof(Spec))
    if not spec:
        raise MemoryError()
    try:
        spec.type = type
        describe(known, spec, <object>type)
        known.hold(<object>type)
        add_spec(known, spec)
    except:
        free(spec.offsets)
        free(spec)
        raise
    return spec


cdef int add_spec(Prepared known, Spec* spec) except -1:
    cdef size_t at, mask
    cdef Spec** grown
    cdef Spec** old = known.specs
    if (known.spec_count + 1) * 2 > known.spec_mask:
        mask = known.spec_mask * 2 + 1
        grown = <Spec**>calloc(mask + 1, sizeof(Spec*))
        if not grown:
            raise MemoryError()
        for at in range(known.spec_mask + 1):
            if old[at]:
                place_spec(grown, mask, old[at])
        known.specs, known.spec_mask = grown, mask
        known.outgrown.append(<size_t>old)
    place_spec(known.specs, known.spec_mask, spec)
    known.spec_count += 1
    return 0


cdef void place_spec(Spec** table, size_t mask, Spec* spec) noexcept:
    cdef size_t at = object_home(<PyObject*>spec.type, mask)
    while table[at]:
        at = (at + 1) & mask
    table[at] = spec


cdef dict BUILT_IN = {set: KIND_SET, frozenset: KIND_FROZENSET, bytes: KIND_BYTES, bytearray: KIND_BYTEARRAY}
cdef dict NATIVE = {
    datetime: KIND_DATETIME, date: KIND_DATE, time: KIND_TIME, timedelta: KIND_TIMEDELTA, timezone: KIND_TIMEZONE,
    Decimal: KIND_DECIMAL, UUID: KIND_UUID,
}


cdef int describe(Prepared known, Spec* spec, cls) except -1:
    """Decide how the instances of a class are written."""
    if cls in BUILT_IN:
        spec.kind = BUILT_IN[cls]
        return 0
    converter = known.registry.converter_for(cls)
    if is_native(cls, converter):
        spec.kind = NATIVE[cls]
        return 0
    if converter is None:
        raise SerializationError(unregistered(cls, known.registry.broken))
    spec.converter = known.hold(converter)
    spec.shielded = hashed_by_identity(cls)
    fields = isinstance(converter, FieldsConverter)
    spec.holds, spec.may_copy = holds(converter, fields=fields), may_copy(converter, fields=fields)
    if fields:
        spec.kind = KIND_ENCODED
        describe_fields(known, spec, cls, converter.layout)
        return 0
    spec.value_type = is_value_type(converter)
    spec.entry = entry_of(known, converter.tag, None)
    spec.kind = KIND_CONVERTED
    spec.shipped = (getattr(converter.encode, "__module__", None) or "").startswith(SHIPPED)
    if by_value_alone(cls, converter):
        spec.kind = KIND_MEMBER
    elif isinstance(converter, NamedTupleConverter):
        if cls.__iter__ is tuple.__iter__ and compact_reads_plainly(spec.type) and plain_dict(cls):
            spec.kind = KIND_NAMED_TUPLE
            spec.names = known.hold(tuple([intern(name) for name in converter.names]))
            spec.slots = len(converter.names)
    elif cls is ZoneInfo and getattr(converter.encode, "__module__", None) == SHIPPED_ZONES:
        spec.kind = KIND_ZONE
    return 0


cdef bint plain_dict(cls) except -1:
    """Whether `__dict__` of an instance, if it has one, is what object gives it."""
    found = getattr_static(cls, "__dict__", None)
    return type(found) is GetSetDescriptorType or found is None


cdef bint by_value_alone(cls, converter) except -1:
    """Whether the members of an Enum are kept by the value that they were given."""
    return (
        isinstance(cls, EnumMeta) and converter.cls is cls and converter.decode is cls
        and type(converter.encode) is attrgetter and converter.encode.__reduce__()[1] == ("value",)
        and getattr_static(cls, "value", None) is getattr_static(Enum, "value")
        and getattr_static(cls, "_value_", None) is getattr_static(Enum, "_value_", None)
        and type(cls).__call__ is EnumMeta.__call__ and cls.__new__ is Enum.__new__
        and compact_reads_plainly(<PyTypeObject*>cls)
    )


cdef int describe_fields(Prepared known, Spec* spec, cls, layout) except -1:
    """Find out whether the fields of a class can be read where they lie; the converter finds them otherwise."""
    cdef Py_ssize_t at, count
    if layout is None or layout.cls is not cls or not compact_reads_plainly(spec.type):
        return 0
    if len(layout.derived) > 1 or (layout.open or layout.closed) and issubclass(cls, Generic):
        return 0  # instances may have attributes that are no state
    attributes = [getattr_static(cls, name, None) for name in layout.names]
    count = len(attributes)
    spec.names = known.hold(tuple([intern(name) for name in layout.names]))
    if count and all(compact_slot(<PyObject*>each, spec.type) >= 0 for each in attributes):
        if compact_has_dict(spec.type) and (layout.open or layout.closed):
            return 0  # beside the slots there may be attributes
        spec.offsets = <Py_ssize_t*>malloc(count * sizeof(Py_ssize_t))
        if not spec.offsets:
            raise MemoryError()
        for at in range(count):
            spec.offsets[at] = compact_slot(<PyObject*>attributes[at], spec.type)
        spec.slots = count
        spec.entry = entry_of(known, layout.tag, layout.names)
        spec.kind = KIND_SLOTS
        return 0
    if not compact_has_dict(spec.type) or count > MAX_FIELDS or (layout.open and count):
        return 0
    if any(each is not None and compact_is_data_descriptor(<PyObject*>each) for each in attributes):
        return 0  # a property goes before the attribute
    spec.counts_all = layout.open or layout.closed
    if layout.open:
        spec.names = NULL
    spec.kind = KIND_ATTRIBUTES
    return 0


cdef Entry* entry_of(Prepared known, tag, names) except NULL:
    """Return the class entry of a tag and names, or the class tag of a converter, whose names are None."""
    cdef Entry* entry
    key = (tag, names)
    address = known.entries.get(key)
    if address is not None:
        return <Entry*><size_t>address
    texts = [text.encode() for text in (tag, *(names or ()))]
    parts = [varint(len(text)) + text for text in texts]
    if names is not None:
        parts.insert(1, varint(len(names)))
    data = b"".join(parts)
    entry = <Entry*>calloc(1, sizeof(Entry))
    if entry:
        entry.data = <unsigned char*>malloc(len(data))
    if not entry or not entry.data:
        free(entry)
        raise MemoryError()
    memcpy(entry.data, <const char*>data, len(data))
    entry.size, entry.index = len(data), known.entry_count
    known.entries[key] = <size_t>entry
    known.entry_count += 1
    if known.entry_count > MAX_ENTRIES:
        known.valid = False
    return entry


cdef Shape* make_shape(Prepared known, Spec* spec, tuple names, dict attributes, void* keys) except NULL:
    """Add the shape of an instance with these attributes, in this order, in place of the oldest if there are too many."""
    cdef Shape shape
    cdef int at, index
    cdef Shape* made
    memset(&shape, 0, sizeof(Shape))
    shape.entry = entry_of(known, (<object>spec.converter).tag, names)
    shape.count = len(names)
    shape.keys = keys
    known_as = {name: name for name in attributes}
    for at in range(shape.count):
        name = known_as[names[at]]
        index = compact_index(keys, <PyObject*>name) if keys else -1
        if index < 0:
            shape.keys = NULL
        else:
            shape.indices[at] = index
    if spec.shapes == MAX_SHAPES:
        known.valid = False  # few classes have so many; the next call begins anew and nothing grows without bound
        made = &spec.shape[spec.oldest]
        spec.oldest = (spec.oldest + 1) % MAX_SHAPES
    else:
        made = &spec.shape[spec.shapes]
        spec.shapes += 1
    shape.names = known.hold(names)
    made[0] = shape
    return made
