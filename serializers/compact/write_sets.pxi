# Writes sets in the order of their sort keys, as FORMAT.md says; frozensets and sets that are inside a sort key, and elements
# with equal sort keys, are left to the Python implementation.

cdef enum:
    FEW = 16                 # elements that need no memory of their own

cdef struct SortKey:
    const unsigned char* data
    size_t at, size
    PyObject* element


cdef int write_set(Writer* w, PyObject* value, bint sole, bint frozen) except -1:
    cdef int64_t number = FORGOTTEN
    cdef Py_ssize_t count, at
    cdef PyObject* few[FEW]
    cdef PyObject** elements = few
    cdef Frame frame
    if not frozen:
        number = meet(w, value, sole)
        if number == REFERRED:
            return 0
    if w.in_sort_key:
        raise _Aside
    count = PySet_GET_SIZE(value)
    if count > <Py_ssize_t>MAX_HASHES:
        check_written_hashes(w, value, count)
    put(w, 0xB2 if frozen else 0xB1)
    put_varint(w, count)
    if count:
        if count > FEW:
            elements = <PyObject**>malloc(count * sizeof(PyObject*))
            if not elements:
                raise MemoryError()
        try:
            if compact_elements(value, elements, count) != count:
                raise refusals.changed()
            if w.holding == HOLD_NOW:
                for at in range(count):
                    keep(w, elements[at])
            enter(w, &frame, value, elements, count)
            if count > 1:
                sort_elements(w, elements, count)
            w.hashed = True
            for at in range(count):
                write_value(w, elements[at], sole or not frozen)
            leave(w, &frame)
        finally:
            if elements != few:
                free(elements)
    complete(w, number)
    return 0


cdef int sort_elements(Writer* w, PyObject** elements, Py_ssize_t count) except -1:
    """Order the elements of a set by what is written for each of them alone."""
    cdef Writer* alone = writer_take()
    cdef SortKey few[FEW]
    cdef SortKey* keys = few
    cdef Py_ssize_t at
    cdef PyObject* element
    cdef PyTypeObject* type
    try:
        if count > FEW:
            keys = <SortKey*>malloc(count * sizeof(SortKey))
            if not keys:
                raise MemoryError()
        alone.layouts, alone.decimals = w.layouts, w.decimals
        alone.known, alone.trusting, alone.in_sort_key, alone.limit = w.known, w.trusting, True, w.sort_room
        alone.holding, alone.collecting = HOLD_NOTHING if w.trusting else HOLD_NOW, False
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
        if keys != few:
            free(keys)
        writer_give(alone)
    return 0


cdef void sort_keys(SortKey* keys, Py_ssize_t count) noexcept:
    cdef Py_ssize_t at, to
    cdef SortKey moved
    if count > FEW:
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
