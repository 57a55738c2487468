# What is known of each class, made from the registry's converters once: how to write its instances (`Spec`), which class
# entry they have (`Entry`, and `Shape` for the attributes that they carry), how to make instances of an entry (`Plan`).
#
# Invariants: everything hangs on one `Prepared` per registry, which the registry expires when it changes and which a call
# that uses it keeps alive; a Prepared grows with the classes and their sets of attributes, up to a bound.

cdef enum:
    # How the instances of a class are written.
    KIND_NONE, KIND_DATETIME, KIND_DATE, KIND_TIME, KIND_TIMEDELTA, KIND_TIMEZONE, KIND_DECIMAL, KIND_UUID
    KIND_SET, KIND_FROZENSET, KIND_BYTES, KIND_BYTEARRAY
    KIND_SLOTS       # fields in slots
    KIND_ATTRIBUTES  # fields in the attributes of the instance
    KIND_ENCODED     # fields, but found by the converter
    KIND_MEMBER      # of an Enum
    KIND_ZONE        # ZoneInfo, by the shipped converter
    KIND_CONVERTED
    # How the instances of a class entry are made.
    MAKE_ATTRIBUTES  # where they lie, as their class had them so far
    MAKE_SLOTS
    MAKE_SET         # by object.__setattr__
    MAKE_FILLED      # by the converter, from a dict
    MAKE_DECODED     # by the converter's `decode`
    MAKE_MEMBER
    MAKE_ZONE

cdef enum:
    MAX_SHAPES = 8
    MAX_FIELDS = 30          # the most that instances of a class lay out alike
    MAX_ENTRIES = 4096
    MAX_ZONES = 256
    MAX_PLANS = 1024
    MAX_KEPT_PLAN = 4096     # bytes of its class entry
    CLASS_BUCKETS = 128      # a power of two
    MEMBERS = 16             # a power of two

cdef struct Entry:           # a class entry, or a class tag, as it is written
    unsigned char* data
    Py_ssize_t size
    size_t index             # in `Memo.classes`

cdef struct Shape:           # a set of attributes, in the order in which they are written
    void* keys               # shared keys that have them at `indices`; NULL if they are looked up by name
    int count
    unsigned char indices[MAX_FIELDS]
    PyObject* names          # tuple
    Entry* entry

cdef struct Spec:
    PyTypeObject* type
    int kind
    bint value_type, shielded
    bint counts_all          # attributes beyond the fields are refused, or are fields too
    PyObject* converter
    PyObject* names          # tuple of the declared fields; NULL: the attributes sorted by name
    Entry* entry
    int slots
    Py_ssize_t* offsets
    int shapes, oldest
    Shape shape[MAX_SHAPES]
    PyObject* members[MEMBERS]  # of an Enum, by address, with their values
    PyObject* values[MEMBERS]

cdef struct Plan:
    unsigned char* data      # the class entry or the class tag that it stands for
    Py_ssize_t size
    Plan* next
    bint of_instance, kept
    bint learns              # instances may be filled where they lie, once their class has the fields
    int kind, count
    bint shielded
    PyTypeObject* type
    PyObject* converter
    PyObject* names          # tuple; NULL for converted values
    PyObject* members        # the Enum's members by value
    void* keys
    unsigned char* indices
    Py_ssize_t* offsets


@cython.no_gc_clear  # `__dealloc__` needs the addresses; what the registry holds breaks the cycle
cdef class Prepared:
    """What was made of the converters of a registry; see the top of the file."""

    cdef object registry
    cdef readonly bint valid
    cdef bint untrusted              # a converter ran code of the application
    cdef Spec** specs                # by the address of the class
    cdef size_t spec_mask, spec_count
    cdef list outgrown               # addresses of smaller tables, in which a writer may still be looking
    cdef dict entries                # (tag, names) to the address of an Entry
    cdef size_t entry_count
    cdef Plan* plans[CLASS_BUCKETS]
    cdef size_t plan_count
    cdef list alive
    cdef dict zone_keys              # zones that are written as a key, to it

    def __cinit__(self, registry):
        self.registry, self.valid, self.entries, self.alive, self.outgrown = registry, True, {}, [], []
        self.zone_keys = {}
        self.spec_mask = 127
        self.specs = <Spec**>calloc(128, sizeof(Spec*))
        if not self.specs:
            raise MemoryError()

    cdef object zone_key(self, zone, encode):
        """Return the key that a zone is written as, which lives as long as this; None if it is written otherwise."""
        key = self.zone_keys.get(zone)
        if key is None:
            key = encode(zone)
            if type(key) is not str or len(self.zone_keys) >= MAX_ZONES:
                return None
            self.zone_keys[zone] = key
        return key

    def __dealloc__(self):
        cdef size_t at
        cdef Plan* plan
        cdef int member
        if self.specs:
            for at in range(self.spec_mask + 1):
                if self.specs[at]:
                    for member in range(MEMBERS):
                        Py_XDECREF(self.specs[at].members[member])
                        Py_XDECREF(self.specs[at].values[member])
                    free(self.specs[at].offsets)
                    free(self.specs[at])
            free(self.specs)
        for address in self.outgrown or ():
            free(<void*><size_t>address)
        for at in range(CLASS_BUCKETS):
            while self.plans[at]:
                plan = self.plans[at]
                self.plans[at] = plan.next
                plan_free(plan)
        for address in (self.entries or {}).values():
            free((<Entry*><size_t>address).data)
            free(<Entry*><size_t>address)

    def expire(self):
        """Let the next call begin anew; the registry has changed."""
        self.valid = False

    cdef PyObject* hold(self, object thing) except NULL:
        """Keep an object as long as this, and return it without a reference of its own."""
        self.alive.append(thing)
        return <PyObject*>thing


cdef Prepared last_prepared = None


cdef Prepared prepared(registry):
    """Return what is known of the classes of a registry."""
    global last_prepared
    if last_prepared is not None and last_prepared.registry is registry and last_prepared.valid:
        return last_prepared
    known = registry.prepared
    if type(known) is not Prepared or not (<Prepared>known).valid:
        known = registry.prepared = Prepared(registry)
    last_prepared = known
    return known


# Writing

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
    if isinstance(converter, FieldsConverter):
        spec.kind = KIND_ENCODED
        describe_fields(known, spec, cls, converter.layout)
        return 0
    spec.value_type = is_value_type(converter)
    spec.entry = entry_of(known, converter.tag, None)
    spec.kind = KIND_CONVERTED
    if by_value_alone(cls, converter):
        spec.kind = KIND_MEMBER
    elif cls is ZoneInfo and getattr(converter.encode, "__module__", None) == SHIPPED_ZONES:
        spec.kind = KIND_ZONE
    return 0


cdef bint by_value_alone(cls, converter) except -1:
    """Whether the members of an Enum are kept by the value that they were given."""
    return (
        isinstance(cls, EnumMeta) and converter.cls is cls and converter.decode is cls
        and type(converter.encode) is attrgetter and converter.encode.__reduce__()[1] == ("value",)
        and getattr_static(cls, "value", None) is getattr_static(Enum, "value")
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


# Reading

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
        if of_instance and isinstance(converter, FieldsConverter):
            plan.kind = MAKE_FILLED
            plan_fields(plan, converter.layout)
        elif not of_instance and by_value_alone(converter.cls, converter):
            plan.kind = MAKE_MEMBER
            members = converter.cls._value2member_map_
            plan.members = <PyObject*>members
            Py_INCREF(members)
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
