# What a writer borrows, and holds from the moment that code of the application runs.
#
# Invariant: when such code runs, what lies in the tables of the writer is held, and so is each value that is being written with
# what was taken out of it (its frames). What is borrowed afterwards is noted, to be held before the next time.

cdef inline int keep(Writer* w, PyObject* thing) except -1:
    """Hold a reference until the end of the call."""
    note(w, thing)
    hold_noted(w)
    return 0


cdef int note(Writer* w, PyObject* thing) except -1:
    """Remember that this is borrowed."""
    cdef void* grown
    if w.kept_count == w.kept_room:
        grown = realloc(w.kept, (w.kept_room * 2 + 64) * sizeof(PyObject*))
        if not grown:
            raise MemoryError()
        w.kept, w.kept_room = <PyObject**>grown, w.kept_room * 2 + 64
    w.kept[w.kept_count] = thing
    w.kept_count += 1
    return 0


cdef inline void hold_noted(Writer* w) noexcept:
    while w.held < w.kept_count:
        incref(w.kept[w.held])
        w.held += 1


cdef inline int remember(Writer* w, PyObject* thing) except -1:
    """See to it that something in a table of this writer lives as long as the table."""
    if w.holding:
        note(w, thing)
        if w.holding == HOLD_NOW:
            hold_noted(w)
    return 0


cdef int hold_frames(Writer* w) except -1:
    """Hold what is being written."""
    cdef Frame* frame = w.frames
    cdef Py_ssize_t at
    while frame and not frame.held:
        note(w, frame.value)
        for at in range(frame.count):
            note(w, frame.inside[at])
        frame.held = True
        frame = frame.outer
    hold_noted(w)
    return 0


cdef inline int enter(Writer* w, Frame* frame, PyObject* value, PyObject** inside, Py_ssize_t count) except -1:
    """Go into a container or instance."""
    deeper(w)
    frame.value, frame.inside, frame.count, frame.held = value, inside, count, w.holding == HOLD_NOW
    frame.outer = w.frames
    w.frames = frame
    return 0


cdef inline void leave(Writer* w, Frame* frame) noexcept:
    w.frames = frame.outer
    w.depth -= 1
