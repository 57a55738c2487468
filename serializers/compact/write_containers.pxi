# Writes dicts, lists and tuples.
#
# Invariant: a container that code of the application changes meanwhile is refused; its items are held one by one then.


cdef int write_dict(Writer* w, PyObject* value, bint sole) except -1:
    cdef int64_t number = meet(w, value, sole)
    cdef Py_ssize_t count
    cdef Frame frame
    if number == REFERRED:
        return 0
    count = PyDict_Size(value)
    if count > <Py_ssize_t>MAX_HASHES:
        check_written_hashes(w, value, count)
    put_count(w, 0xAF, 0x68, count)
    if count:
        enter(w, &frame, value, NULL, 0)
        write_pairs(w, value, count)
        leave(w, &frame)
    complete(w, number)
    return 0


cdef inline int write_pairs(Writer* w, PyObject* value, Py_ssize_t count) except -1:
    cdef Py_ssize_t at = 0, left = count, entries
    cdef PyObject* key
    cdef PyObject* item
    cdef bint hashed = w.hashed
    cdef compact_text_entry* entry = NULL
    if w.holding == HOLD_NOTHING:  # and so nobody changes it
        entry = compact_text_entries(w.layouts, value, &entries)
    if entry:
        for at in range(entries):
            if likely(entry.value != NULL):
                write_text(w, entry.key)
                write_value(w, entry.value, True)
            entry += 1
        return 0
    while left and compact_dict_next(w.layouts, value, &at, &key, &item):
        left -= 1
        if w.holding == HOLD_NOW:
            keep(w, key)
            keep(w, item)
        if type_of(key) == &PyUnicode_Type:
            write_text(w, key)
        else:
            w.hashed = True
            write_value(w, key, True)
            w.hashed = hashed
        write_value(w, item, True)
    if left or PyDict_Size(value) != count:
        raise refusals.changed()
    return 0


cdef int write_list(Writer* w, PyObject* value, bint sole) except -1:
    cdef int64_t number = meet(w, value, sole)
    cdef Py_ssize_t count, at
    cdef PyObject* item
    cdef Frame frame
    if number == REFERRED:
        return 0
    count = Py_SIZE(value)
    put_count(w, 0xAE, 0x60, count)
    if count:
        enter(w, &frame, value, NULL, 0)
        for at in range(count):
            if Py_SIZE(value) != count:
                raise refusals.changed()
            item = PyList_GET_ITEM(value, at)
            if w.holding == HOLD_NOW:
                keep(w, item)
            write_value(w, item, True)
        leave(w, &frame)
    if Py_SIZE(value) != count:
        raise refusals.changed()
    complete(w, number)
    return 0


cdef int write_tuple(Writer* w, PyObject* value, bint sole) except -1:
    cdef Py_ssize_t count = Py_SIZE(value), at
    cdef Frame frame
    put_count(w, 0xB0, 0x70, count)
    if count:
        enter(w, &frame, value, NULL, 0)
        for at in range(count):
            write_value(w, PyTuple_GET_ITEM(value, at), sole)
        leave(w, &frame)
    return 0
