# The lowering pass of the tree formats: what `lowering` does in Python, in the same order and with the same words.
#
# What the library keeps is looked over without a call and without a new object per value. Only the public API is used.
#
# Invariants: what is being lowered is held by a counted reference, and so is the container around it, since a converter,
# or a finalizer in a collection that a new object sets off, may take it out of there; a container that changes meanwhile
# is gone through as Python's own iterators do.

cdef int LOWERING_DEPTH = lowering_in_python.MAX_DEPTH
cdef uint64_t MAX_ROOM = <uint64_t>1 << 62  # no sum of two sizes overflows, and nobody has so many bytes

cdef struct Pass:
    PyObject* lowering  # the Lowering, which the caller holds
    uint64_t room
    Py_ssize_t converted


cdef class Lowering:
    """The pass for one serializer; the parameters are those of `PythonLowering`."""

    cdef object registry, limit, tagged, order
    cdef object by_class  # of a registry whose `lower` is the one that is known here
    cdef str name, mark
    cdef bint keeps_bytes, keeps_all_floats, keeps_unsigned_ints, keeps_big_ints, refuses_surrogates
    cdef uint64_t room

    def __init__(self, rules, registry, limit):
        self.registry, self.limit, self.room = registry, limit, min(limit, MAX_ROOM)
        self.by_class = registry.by_class if type(registry) is ConverterRegistry else {}
        self.name, self.mark, self.tagged, self.order = rules.name, rules.mark, rules.tagged, rules.order
        self.keeps_bytes, self.keeps_all_floats = rules.keeps_bytes, rules.keeps_all_floats
        self.keeps_unsigned_ints, self.keeps_big_ints = rules.keeps_unsigned_ints, rules.keeps_big_ints
        self.refuses_surrogates = rules.refuses_surrogates

    def lower(self, value, /):
        """Return data that the library keeps, and how many values in it went through a converter."""
        cdef Pass run
        run.lowering, run.room, run.converted = <PyObject*>self, self.room, 0
        plain = lower_value(&run, value, LOWERING_DEPTH)
        return plain, run.converted


cdef object lower_value(Pass* run, object value, int depth):
    cdef PyTypeObject* type = type_of(<PyObject*>value)
    cdef uint64_t size = 0
    if type == &PyDict_Type:
        return lower_dict(run, value, depth)
    if type == &PyList_Type:
        return lower_list(run, value, depth)
    if is_kept(run, <PyObject*>value, &size):
        take_room(run, size)
        return value
    if type == &PyUnicode_Type:
        raise SerializationError(no_text((<Lowering>run.lowering).name))
    if type == &PyBytes_Type:
        take_room(run, Py_SIZE(<PyObject*>value))
        if (<Lowering>run.lowering).keeps_bytes:
            return value
    return lower_by_converter(run, value, depth)


cdef inline bint is_kept(Pass* run, PyObject* value, uint64_t* size) noexcept:
    """Whether the library keeps a value, as far as that can be said at once; the length of a str is added to `size`."""
    cdef PyTypeObject* type = type_of(value)
    if type == &PyUnicode_Type:
        count_room(run, size, PyUnicode_GET_LENGTH(value))
        return keeps_text(run, value)
    if type == &PyLong_Type:
        return keeps_int(run, value)
    if type == &PyFloat_Type:
        return (<Lowering>run.lowering).keeps_all_floats or isfinite(PyFloat_AS_DOUBLE(value))
    return value == Py_None or type == &PyBool_Type


cdef inline bint keeps_text(Pass* run, PyObject* text) noexcept:
    """Whether the library keeps a str, or refuses it by itself."""
    return (<Lowering>run.lowering).refuses_surrogates or not holds_surrogate(text)


cdef bint holds_surrogate(PyObject* text) noexcept:
    cdef Py_ssize_t at, length = PyUnicode_GET_LENGTH(text)
    cdef int kind = PyUnicode_KIND(text)
    cdef void* data = PyUnicode_DATA(text)
    if kind == 1:
        return False
    for at in range(length):
        if PyUnicode_READ(kind, data, at) >> 11 == 0x1B:  # U+D800 to U+DFFF
            return True
    return False


cdef inline bint keeps_int(Pass* run, PyObject* value) noexcept:
    cdef int overflow = 0
    if (<Lowering>run.lowering).keeps_big_ints:
        return True
    lowering_as_long_long(value, &overflow)
    if overflow <= 0:
        return overflow == 0
    if not (<Lowering>run.lowering).keeps_unsigned_ints:
        return False
    lowering_as_unsigned(value)
    if PyErr_Occurred():
        PyErr_Clear()
        return False
    return True


cdef list lower_list(Pass* run, list items, int depth):
    cdef Py_ssize_t at = 0
    cdef uint64_t size = 0
    cdef PyObject* item
    cdef list lowered = items
    enter_level(run, Py_SIZE(<PyObject*>items), depth)
    while at < Py_SIZE(<PyObject*>items):
        item = PyList_GET_ITEM(<PyObject*>items, at)
        if not is_kept(run, item, &size):
            held = <object>item
            plain = lower_value(run, held, depth - 1)
            if plain is not held:
                if lowered is items:
                    lowered = items.copy()
                set_item(lowered, at, plain)
        at += 1
    take_room(run, size)
    return lowered


cdef inline int set_item(list items, Py_ssize_t at, object item) except -1:
    Py_INCREF(item)  # which the list takes over
    return PyList_SetItem(<PyObject*>items, at, <PyObject*>item)


cdef object lower_dict(Pass* run, dict mapping, int depth):
    cdef PyObject* here = <PyObject*>mapping
    cdef PyObject* key
    cdef PyObject* item
    cdef Py_ssize_t at = 0, count = PyDict_Size(here), left = count
    cdef uint64_t size = 0
    cdef bint all_kept = True
    cdef dict lowered = mapping
    # No other code runs in this loop, so the values that are kept need no second look.
    while PyDict_Next(here, &at, &key, &item):
        if type_of(key) != &PyUnicode_Type:
            return lower_by_converter(run, mapping, depth)
        if all_kept:
            count_room(run, &size, PyUnicode_GET_LENGTH(key))
            all_kept = keeps_text(run, key) and is_kept(run, item, &size)
    if count == 1 and reads_as_tag(run, mapping):
        return lower_by_converter(run, mapping, depth)
    enter_level(run, count, depth)
    if all_kept:
        take_room(run, size)
        return mapping
    at, size = 0, 0
    while True:
        if PyDict_Size(here) != count:
            raise RuntimeError("dictionary changed size during iteration")
        if not PyDict_Next(here, &at, &key, &item):
            break
        if left == 0:
            raise RuntimeError("dictionary keys changed during iteration")
        left -= 1
        if type_of(key) == &PyUnicode_Type:
            count_room(run, &size, PyUnicode_GET_LENGTH(key))
            if not keeps_text(run, key):
                raise SerializationError(no_text((<Lowering>run.lowering).name))
        else:  # a converter has put it there; it has no length, or is found out when the library writes it
            count_room(run, &size, len(<object>key))
        if is_kept(run, item, &size):
            continue
        name, held = <object>key, <object>item
        plain = lower_value(run, held, depth - 1)
        if plain is not held:
            if lowered is mapping:
                lowered = mapping.copy()
            lowered[name] = plain
    take_room(run, size)
    return lowered


cdef bint reads_as_tag(Pass* run, dict mapping) except -1:
    cdef str mark = (<Lowering>run.lowering).mark
    return bool(mark) and (<str>next(iter(mapping))).startswith(mark)


cdef object lower_by_converter(Pass* run, object value, int depth):
    cdef Lowering lowering = <Lowering>run.lowering
    cdef type kind = type(value)
    enter_level(run, 1, depth)
    if is_hashed(kind) and len(value) > <Py_ssize_t>MAX_HASHES and hashes_collide(value):
        raise CollidingHashesError(value)
    run.converted += 1
    converter = lowering.by_class.get(kind)
    if converter is None:
        tag, plain = lowering.registry.lower(value)
    else:
        tag, plain = converter.tag, converter.encode(value)
    plain = lower_value(run, plain, depth - 1)
    if (kind is set or kind is frozenset) and type(plain) is list:
        plain = in_order(lowering, plain)
    return lowering.tagged(tag, plain)


cdef inline bint is_hashed(type kind) noexcept:
    return kind is dict or kind is set or kind is frozenset or kind is OrderedDict


cdef list in_order(Lowering lowering, list elements):
    """Return the elements of a set, sorted."""
    cdef list ordered = elements.copy()
    for element in elements:
        if type(element) is not str:
            ordered.sort(key=lowering.order)
            return ordered
    ordered.sort()
    return ordered


cdef inline int enter_level(Pass* run, Py_ssize_t size, int depth) except -1:
    if depth <= 0:
        raise SerializationError(lowering_in_python.too_deep((<Lowering>run.lowering).name))
    return take_room(run, <uint64_t>size + 1)


cdef inline void count_room(Pass* run, uint64_t* size, Py_ssize_t more) noexcept:
    if size[0] <= run.room:  # beyond that it is too large already, however much more
        size[0] += <uint64_t>more


cdef inline int take_room(Pass* run, uint64_t size) except -1:
    if size > run.room:
        too_large_for(<Lowering>run.lowering)
    run.room -= size
    return 0


cdef int too_large_for(Lowering lowering) except -1:
    raise lowering_in_python.TooLargeError(lowering_in_python.too_large(lowering.name, lowering.limit))
