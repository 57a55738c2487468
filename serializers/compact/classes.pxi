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
    KIND_NAMED_TUPLE
    KIND_ZONE        # ZoneInfo, by the shipped converter
    KIND_CONVERTED
    # How the instances of a class entry are made.
    MAKE_ATTRIBUTES  # where they lie, as their class had them so far
    MAKE_SLOTS
    MAKE_SET         # by object.__setattr__
    MAKE_FILLED      # by the converter, from a dict
    MAKE_DECODED     # by the converter's `decode`
    MAKE_MEMBER
    MAKE_NAMED_TUPLE
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
    bint holds, may_copy     # as `copies` says
    bint shipped             # its converter returns a new container of what the value holds, or holds no objects
    bint counts_all          # attributes beyond the fields are refused, or are fields too
    PyObject* converter
    PyObject* names          # tuple of the declared fields; NULL: the attributes sorted by name
    Entry* entry
    Py_ssize_t slots         # or fields of a named tuple
    Py_ssize_t* offsets
    int shapes, oldest
    Shape shape[MAX_SHAPES]
    PyObject* members[MEMBERS]  # of an Enum, or time zones, by address, with their values or keys
    PyObject* values[MEMBERS]

cdef struct Plan:
    unsigned char* data      # the class entry or the class tag that it stands for
    Py_ssize_t size
    Plan* next
    bint of_instance, kept
    bint learns              # instances may be filled where they lie, once their class has the fields
    int kind, count
    bint shielded
    bint holds, may_copy     # as in `Spec`
    PyTypeObject* type
    PyObject* converter
    PyObject* names          # tuple; NULL for converted values, but named tuples
    PyObject* members        # the Enum's members by value
    void* keys
    unsigned char* indices
    Py_ssize_t* offsets


@cython.no_gc_clear  # `__dealloc__` needs the addresses; what the registry holds breaks the cycle
cdef class Prepared:
    """What was made of the converters of a registry; see the top of the file."""

    cdef object registry
    cdef readonly bint valid
    cdef bint runs_code              # a converter runs code of the application
    cdef int wary                    # calls before a trusting one is tried again
    cdef Spec** specs                # by the address of the class
    cdef size_t spec_mask, spec_count
    cdef list outgrown               # addresses of smaller tables, in which a writer may still be looking
    cdef dict entries                # (tag, names) to the address of an Entry
    cdef size_t entry_count
    cdef Plan* plans[CLASS_BUCKETS]
    cdef size_t plan_count
    cdef list alive
    cdef dict zone_keys              # zones to the keys that they are written as; None: as something else

    def __cinit__(self, registry):
        self.registry, self.valid, self.entries, self.alive, self.outgrown = registry, True, {}, [], []
        self.zone_keys = {}
        self.spec_mask = 127
        self.specs = <Spec**>calloc(128, sizeof(Spec*))
        if not self.specs:
            raise MemoryError()

    cdef bint learn_zone(self, zone, encode) except -1:
        """Ask what a zone is written as, which runs Python code; False if so many are known that no more are kept."""
        if len(self.zone_keys) >= MAX_ZONES:
            return False
        key = encode(zone)
        self.zone_keys[zone] = key if type(key) is str else None
        return True

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


cdef Prepared prepared(registry):
    """Return what is known of the classes of a registry."""
    known = registry.prepared
    if type(known) is not Prepared or not (<Prepared>known).valid:
        known = registry.prepared = Prepared(registry)
    return known
