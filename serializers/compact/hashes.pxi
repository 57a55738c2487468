# Refuses dicts and sets of which too many keys or elements have one hash, in both directions; strings are not asked.
#
# Keys are first counted in as many buckets as there are keys, by their hashes mixed. If no bucket is too full, no hash is too
# frequent, which is the rule; else the hashes themselves are counted.

cdef int check_written_hashes(Writer* w, PyObject* container, Py_ssize_t count) except -1:
    """Check a dict or set of so many entries, above the limit, that is going to be written."""
    cdef PyObject** others = <PyObject**>malloc(count * sizeof(PyObject*))
    cdef PyObject* key
    cdef PyObject* item
    cdef Py_ssize_t at = 0, left = count, found = 0
    if not others:
        raise MemoryError()
    try:
        if type_of(container) == &PyDict_Type:
            while left and compact_dict_next(w.layouts, container, &at, &key, &item):
                left -= 1
                if type_of(key) != &PyUnicode_Type:
                    others[found] = key
                    found += 1
        else:
            for at in range(compact_elements(container, others, count)):
                if type_of(others[at]) != &PyUnicode_Type:
                    others[found] = others[at]
                    found += 1
        if <size_t>found <= MAX_HASHES:
            return 0
        for at in range(found):
            if w.trusting:
                if not hashes_quietly(others[at], MAX_DEPTH):
                    stop_trusting(w)
            else:
                keep(w, others[at])
        if hashes_could_collide(others, found, 1):
            stop_trusting(w)  # what counts the hashes is Python
            if hashes_collide([<object>others[at] for at in range(found)]):
                raise CollidingHashesError(<object>container)
    finally:
        free(others)
    return 0


cdef inline int check_read_hashes(Reader* r, size_t top, size_t count, size_t stride) except -1:
    """Check the keys or elements on the stack."""
    if count <= MAX_HASHES:
        return 0
    return check_many_read_hashes(r, top, count, stride)


cdef int check_many_read_hashes(Reader* r, size_t top, size_t count, size_t stride) except -1:
    cdef size_t at
    if hashes_could_collide(r.stack + top, count, stride):
        if hashes_collide([<object>r.stack[top + stride * at] for at in range(count)]):
            raise refusals.rejected(collision())
    return 0


cdef bint hashes_could_collide(PyObject** keys, size_t count, size_t stride) except -1:
    """Whether a bucket is too full. The keys must be held by others than their container: their hashes may run any code."""
    cdef size_t at, mask = 127, bucket
    cdef unsigned char* buckets
    cdef PyObject* key
    while mask < count:
        mask = mask * 2 + 1
    buckets = <unsigned char*>calloc(mask + 1, 1)
    if not buckets:
        raise MemoryError()
    try:
        for at in range(count):
            key = keys[at * stride]
            if type_of(key) == &PyUnicode_Type:
                continue
            bucket = object_home(<PyObject*><size_t>PyObject_Hash(key), mask)
            buckets[bucket] += 1
            if buckets[bucket] > MAX_HASHES:
                return True
    finally:
        free(buckets)
    return False


cdef bint hashes_quietly(PyObject* key, int depth) noexcept:
    """Whether no Python code runs when a key is hashed. A frozenset remembers its hash."""
    cdef PyTypeObject* type = type_of(key)
    cdef Py_ssize_t at
    if type == &PyTuple_Type and depth:
        for at in range(Py_SIZE(key)):
            if not hashes_quietly(PyTuple_GET_ITEM(key, at), depth - 1):
                return False
        return True
    return (
        type == &PyLong_Type or type == &PyUnicode_Type or type == &PyFloat_Type or type == &PyBool_Type
        or type == &PyBytes_Type or type == &PyFrozenSet_Type or key == Py_None
    )
