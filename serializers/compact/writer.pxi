# Writes a value in one recursion.
#
# A trusting attempt borrows what the graph holds, and does not remember an object whose one reference it came by: nothing can
# lead there again. (Its number is counted all the same.) Before code of the application runs, everything that is borrowed is
# held until the end (`plain_of`). What that code returns may lead to any object, so one that is neither new nor remembered
# ends the attempt; it begins anew, remembers every object and holds everything at once.
#
# Invariant: a trusting attempt calls no function written in Python unless everything is held (`hold_frames`) or the attempt
# ends with it, in `_Again` or an error. Whose function it is does not matter: threads, signals and profilers run beside it.

cdef enum:
    MAX_DEPTH = 500
    MAX_HASHED_WEIGHT = 1 << 20
    SORT_KEYS_PER_SIZE = 8
    ATTEMPTS = 100
    WARY_CALLS = 16          # calls that are not tried trusting after one that could not be
    KEPT_SCRATCH = 1 << 20   # bytes; larger buffers and tables are not kept for the next call

cdef enum:
    HOLD_NOTHING             # no code of the application will run, nor any function written in Python
    HOLD_LATER               # when such code runs
    HOLD_NOW

cdef struct Frame:           # a container or instance that is being written, and what was taken out of it
    Frame* outer
    PyObject* value
    PyObject** inside
    Py_ssize_t count
    bint held

cdef struct Writer:
    unsigned char* out
    size_t length, capacity, limit, sort_room
    Memo memo
    int64_t weight, hashed_weight
    Copies copies
    int depth
    bint layouts, decimals   # what this call may read where it lies
    bint trusting
    bint foreign             # inside what code of the application returned
    bint collecting          # the collector is switched off until the end
    int holding
    bint hashed              # inside a dict key or an element of a set, where hashing looks
    bint in_sort_key
    PyObject* known          # the Prepared, and what it holds
    Spec** specs
    size_t spec_mask
    Frame* frames            # innermost first
    PyObject** kept          # of which the first `held` are held, and the others borrowed
    size_t kept_count, kept_room, held

cdef Writer* spare_writers[2]


class _Again(Exception):
    """The attempt met a class that it had to learn about, or that needs code of the application: begin anew."""


class _Aside(Exception):
    """The value has something that only the Python implementation writes."""


cdef bytes written(value, Prepared known, size_t max_size, bint fast):
    """Return the payload of a value, or raise anything; a `SerializationError` has no path.

    Parameters
    ----------
    fast
        The layouts of this interpreter are used, if they are known here; else the public API alone.
    """
    cdef int left = ATTEMPTS
    try:
        while left and not known.wary:
            left -= 1
            try:
                return attempt(value, known, max_size, fast, True)
            except _Again:
                continue
        if known.wary:
            known.wary -= 1
        return attempt(value, known, max_size, fast, False)
    except _Aside:
        pass
    return in_python.dumps(value, known.registry, max_size)


cdef bytes attempt(value, Prepared known, size_t max_size, bint fast, bint trusting):
    cdef Writer* writer = writer_take()
    # A collection could run finalizers, which are code of the application, too.
    writer.collecting = trusting and PyGC_Disable()
    writer.known, writer.trusting = <PyObject*>known, trusting
    writer.layouts, writer.decimals = layouts_agree and fast, decimals_agree and fast
    writer.holding = HOLD_NOW if not trusting else HOLD_LATER if known.runs_code else HOLD_NOTHING
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
        if writer.collecting:
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
    copies_begin(&w.copies, w.limit)
    w.depth, w.length, w.hashed, w.foreign, w.frames = 1, 0, False, False, NULL


cdef void writer_give(Writer* w) noexcept:
    cdef size_t at
    cdef size_t count = w.held
    w.kept_count = w.held = 0
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


cdef inline int write_value(Writer* w, PyObject* value, bint once) except -1:
    """Write a value.

    Parameters
    ----------
    once
        What holds the value is written out no more than once.
    """
    cdef PyTypeObject* type = type_of(value)
    if type == &PyUnicode_Type:
        return write_text(w, value)
    if type == &PyLong_Type:
        return write_int(w, value)
    return write_other_value(w, value, type, once)


cdef int write_other_value(Writer* w, PyObject* value, PyTypeObject* type, bint once) except -1:
    w.weight += 1
    reserve(w, 32)
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
    cdef bint hashed, may_copy
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
    hashed, may_copy = w.hashed, w.copies.may
    if spec.kind == KIND_ATTRIBUTES or spec.kind == KIND_SLOTS:
        write_instance(w, value, spec, sole)
    else:
        write_other(w, value, spec, sole)
    w.hashed, w.copies.may = hashed, may_copy
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
    if w.foreign:
        stop_trusting(w)  # it may have been met, and not remembered
    number = w.memo.next_object
    memo_take_object(&w.memo, slot, value)
    w.memo.weights[number].weight = -1 - 2 * (w.weight - 1)
    w.memo.weights[number].size = place(w)
    remember(w, value)
    return number


cdef inline int64_t place(Writer* w) noexcept:
    """Return where the next byte goes, in bytes and what is counted beyond."""
    return <int64_t>w.length + w.copies.beyond


cdef inline void count_one(Writer* w, int64_t start) noexcept:
    """Let all that was counted since a place count one byte."""
    w.copies.beyond = start + 1 - <int64_t>w.length


cdef inline void complete(Writer* w, int64_t number) noexcept:
    cdef int64_t weight
    cdef Weighed* object
    if number >= 0:
        object = &w.memo.weights[number]
        weight = w.weight - ((-1 - object.weight) >> 1)
        object.weight = weight if weight <= MAX_HASHED_WEIGHT else MAX_HASHED_WEIGHT + 1
        object.size = size_since(&w.copies, object.size, w.length)


cdef int refer(Writer* w, PyObject* value, uint32_t number) except -1:
    cdef int64_t weight = w.memo.weights[number].weight
    cdef int64_t size = referred_size(&w.copies, value, weight >= 0, w.memo.weights[number].size, w.length)
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
    if count_copied(&w.copies, size):
        raise refusals.CopiedError(w.copies.limit, <object>value)
    put(w, 0xB3)
    put_varint(w, number)
    return 0
