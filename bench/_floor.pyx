# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, binding=False
# cython: embedsignature=False, auto_pickle=False
"""Carries out the steps that `floor` recorded: makes objects, and does nothing else.

The calls are those of compact's reader in its fastest mode, but that dicts are made key by key: the public API, and where
compact knows the layouts of the interpreter, instances are filled where their attributes lie and Decimals where their
digits do. What knows them is shared (`layouts.pxi`), so both use the same.

Invariants: a step is only data, checked when a `Program` is made; whatever was begun lies on the stack of the program,
which lets go of it at the end, so an error in a call needs no clean-up on its way out.
"""

from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from decimal import Decimal
from inspect import getattr_static
from sys import intern

cdef extern from "Python.h":
    void Py_XDECREF(PyObject*)
    void incref "Py_INCREF"(PyObject*)
    void decref "Py_DECREF"(PyObject*)
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject*)
    int PyUnicode_KIND(PyObject*)
    void* PyUnicode_DATA(PyObject*)
    uint32_t PyUnicode_MAX_CHAR_VALUE(PyObject*)
    PyObject* PyUnicode_New(Py_ssize_t, uint32_t) except NULL
    PyObject* PyLong_FromLongLong(long long) except NULL
    PyObject* PyNumber_Negative(PyObject*) except NULL
    PyObject* PyFloat_FromDouble(double) except NULL
    PyObject* PyTuple_New(Py_ssize_t) except NULL
    PyObject* PyTuple_GET_ITEM(PyObject*, Py_ssize_t)
    void PyTuple_SET_ITEM(PyObject*, Py_ssize_t, PyObject*)
    PyObject* PyDict_New() except NULL
    int PyDict_SetItem(PyObject*, PyObject*, PyObject*) except -1
    bint PyDict_CheckExact(PyObject*)
    int PyDict_Next(PyObject*, Py_ssize_t*, PyObject**, PyObject**)
    PyObject* PySet_New(PyObject*) except NULL
    PyObject* PyFrozenSet_New(PyObject*) except NULL
    int PySet_Add(PyObject*, PyObject*) except -1
    PyObject* bytes_of "PyBytes_FromStringAndSize"(const char*, Py_ssize_t) except NULL
    PyObject* PyByteArray_FromStringAndSize(const char*, Py_ssize_t) except NULL
    int PyObject_GenericSetAttr(PyObject*, PyObject*, PyObject*) except -1
    PyObject* PyObject_CallOneArg(PyObject*, PyObject*) except NULL

cdef extern from "datetime.h":
    ctypedef struct PyDateTime_CAPI:
        PyTypeObject *DateType
        PyTypeObject *DateTimeType
        PyTypeObject *TimeType
        PyTypeObject *DeltaType
        PyObject* DateTime_FromDateAndTimeAndFold(int, int, int, int, int, int, int, PyObject*, int, PyTypeObject*) except NULL
        PyObject* Time_FromTimeAndFold(int, int, int, int, PyObject*, int, PyTypeObject*) except NULL
        PyObject* Date_FromDate(int, int, int, PyTypeObject*) except NULL
        PyObject* Delta_FromDelta(int, int, int, int, PyTypeObject*) except NULL
    PyDateTime_CAPI* PyDateTimeAPI
    int PyDateTime_IMPORT  # a statement


cdef inline object owned(PyObject* thing):
    """Hand a new reference over to Cython, which counts it from here on."""
    value = <object>thing
    decref(thing)
    return value


include "../serializers/compact/layouts.pxi"

PyDateTime_IMPORT
_check_layouts()

cdef enum Kind:
    EXISTING, AGAIN, TEXT, INTEGER, NEGATIVE, REAL, BYTES, BYTEARRAY, DATETIME, DATE, TIME, TIMEDELTA, DECIMAL, CALLED
    LIST, TUPLE, DICT, PAIRS, SET, FROZENSET, CONVERTED
    FILLED   # an instance, where its attributes lie
    SLOTTED  # an instance, in its slots
    SET_UP   # an instance, by object.__setattr__

cdef enum:
    MOST_FILLED = 30     # the most attributes that instances of a class lay out alike

cdef dict KINDS = {
    "existing": EXISTING, "again": AGAIN, "text": TEXT, "integer": INTEGER, "negative": NEGATIVE, "real": REAL,
    "bytes": BYTES, "bytearray": BYTEARRAY, "datetime": DATETIME, "date": DATE, "time": TIME, "timedelta": TIMEDELTA,
    "decimal": DECIMAL, "list": LIST, "tuple": TUPLE, "dict": DICT, "pairs": PAIRS, "set": SET, "frozenset": FROZENSET,
    "converted": CONVERTED, "instance": SET_UP,
}
cdef tuple NO_ARGUMENTS = ()

cdef struct Step:
    int kind
    Py_ssize_t count         # of the values that belong to it
    Py_ssize_t kept          # where it is kept for those that refer to it; -1: nothing does
    PyObject* thing          # of the program: what exists, is called or copied, or has the names or keys
    PyTypeObject* type
    void* keys
    Py_ssize_t* places       # offsets of slots
    unsigned char* indices   # of attributes among the keys
    const char* data
    Py_ssize_t size
    uint32_t widest          # character
    long long integer
    double real
    uint64_t coefficient
    int parts[8]             # of a date or time; sign and exponent of a Decimal


cdef class Program:
    """The steps that make one value."""

    cdef Step* steps
    cdef Py_ssize_t count, references
    cdef Step* at
    cdef PyObject** kept
    cdef PyObject** stack
    cdef size_t top
    cdef list alive
    cdef bint running

    def __cinit__(self, list steps not None):
        cdef Py_ssize_t number, target
        self.alive, self.count = [], len(steps)
        self.steps = <Step*>calloc(self.count + 1, sizeof(Step))
        self.kept = <PyObject**>calloc(self.count + 1, sizeof(PyObject*))
        self.stack = <PyObject**>calloc(2 * self.count + 1, sizeof(PyObject*))
        if not (self.steps and self.kept and self.stack):
            raise MemoryError()
        for number, (what, argument, count) in enumerate(steps):
            self.steps[number].kind, self.steps[number].count, self.steps[number].kept = KINDS[what], count, -1
            if what in ("dict", "instance") and len(argument if what == "dict" else argument[1]) != count:
                raise ValueError(f"step {number} has not a name for each of its values")
            if what != "again":
                prepare(self, &self.steps[number], argument)
                continue
            target = argument
            if not 0 <= target < number:
                raise ValueError(f"step {number} refers to step {target}")
            if self.steps[target].kept < 0:
                self.steps[target].kept = self.references
                self.references += 1
            self.steps[number].size = self.steps[target].kept
        if contents(steps, 0) != self.count:
            raise ValueError("the steps are not those of one value")

    def __dealloc__(self):
        cdef Py_ssize_t number
        if self.steps:
            for number in range(self.count):
                free(self.steps[number].places)
                free(self.steps[number].indices)
        free(self.steps)
        free(self.kept)
        free(self.stack)

    def build(self):
        """Return the value, made anew."""
        cdef Py_ssize_t number
        if self.running:
            raise RuntimeError("this program is building already")
        self.running, self.at, self.top = True, self.steps, 0
        try:
            return owned(make(self))
        finally:
            while self.top:
                self.top -= 1
                decref(self.stack[self.top])
            for number in range(self.references):
                Py_XDECREF(self.kept[number])
                self.kept[number] = NULL
            self.running = False


cdef Py_ssize_t contents(list steps, Py_ssize_t number) except -1:
    """Return the number of the step after a value."""
    cdef Py_ssize_t lacking = 1
    while lacking:
        if number == len(steps):
            raise ValueError("the steps end before their value does")
        lacking += steps[number][2] - 1
        number += 1
    return number


# What a step needs is found out here, once.

cdef int prepare(Program program, Step* step, argument) except -1:
    cdef int sign
    cdef Py_ssize_t number
    program.alive.append(argument)
    step.thing = <PyObject*>argument
    if step.kind == TEXT:
        step.data, step.widest = <const char*>PyUnicode_DATA(step.thing), PyUnicode_MAX_CHAR_VALUE(step.thing)
        step.size = PyUnicode_GET_LENGTH(step.thing) * PyUnicode_KIND(step.thing)
        step.integer = PyUnicode_GET_LENGTH(step.thing)
    elif step.kind == INTEGER:
        step.integer = argument
    elif step.kind == REAL:
        step.real = argument
    elif step.kind == BYTES or step.kind == BYTEARRAY:
        step.data, step.size = <const char*><char*>argument, len(<bytes>argument)
    elif step.kind in (DATETIME, DATE, TIME, TIMEDELTA):
        for number, part in enumerate(argument[0]):
            step.parts[number] = part
        step.thing = <PyObject*>argument[1]
    elif step.kind == DECIMAL:
        if not decimals_agree or not compact_read_decimal(step.thing, &sign, &step.size, &step.coefficient):
            text = str(argument)
            program.alive.append(text)
            step.kind, step.type, step.thing = CALLED, <PyTypeObject*>Decimal, <PyObject*>text
        else:
            step.parts[0] = sign
    elif step.kind == SET_UP:
        cls, names = argument
        names = tuple([intern(name) for name in names])
        program.alive.append(names)
        step.type, step.thing = <PyTypeObject*>cls, <PyObject*>names
        prepare_instance(step, cls, names)
    return 0


cdef int prepare_instance(Step* step, cls, names) except -1:
    """Find the quickest way to set the fields."""
    cdef Py_ssize_t number
    cdef int index
    attributes = [getattr_static(cls, name, None) for name in names]
    step.places = <Py_ssize_t*>calloc(len(names) + 1, sizeof(Py_ssize_t))
    step.indices = <unsigned char*>calloc(len(names) + 1, 1)
    if not step.places or not step.indices:
        raise MemoryError()
    step.kind = SLOTTED
    for number, attribute in enumerate(attributes):
        step.places[number] = compact_slot(<PyObject*>attribute, step.type)
        if step.places[number] < 0:
            step.kind = SET_UP
    step.keys = compact_shared_keys(step.type)
    if step.kind == SLOTTED or not layouts_agree or not step.keys or step.count > MOST_FILLED:
        return 0
    for number, name in enumerate(names):
        index = compact_index(step.keys, <PyObject*>name)
        if index < 0:
            return 0
        step.indices[number] = index
    step.kind = FILLED
    return 0


# What is timed.

cdef PyObject* make(Program program) except NULL:
    """Make the value of the next step and return a new reference."""
    cdef Step* step = program.at
    cdef PyObject* made
    program.at += 1
    if step.kind == TEXT:
        made = PyUnicode_New(step.integer, step.widest)
        if step.size < 32:
            compact_copy(<unsigned char*>PyUnicode_DATA(made), <const unsigned char*>step.data, step.size)
        else:
            memcpy(PyUnicode_DATA(made), step.data, step.size)
    elif step.kind == EXISTING:
        made = step.thing
        incref(made)
        return made
    elif step.kind == AGAIN:
        made = program.kept[step.size]
        incref(made)
        return made
    elif step.kind == INTEGER:
        return PyLong_FromLongLong(step.integer)
    elif step.kind == REAL:
        return PyFloat_FromDouble(step.real)
    elif step.kind >= LIST:
        return make_container(program, step)
    else:
        made = make_atom(step)
    if step.kept >= 0:
        incref(made)
        program.kept[step.kept] = made
    return made


cdef PyObject* make_atom(Step* step) except NULL:
    cdef int* parts = step.parts
    if step.kind == DATETIME:
        return PyDateTimeAPI.DateTime_FromDateAndTimeAndFold(
            parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], step.thing, parts[7],
            PyDateTimeAPI.DateTimeType,
        )
    elif step.kind == DECIMAL:
        return compact_make_decimal(<PyTypeObject*>Decimal, parts[0], step.size, step.coefficient)
    elif step.kind == NEGATIVE:
        return PyNumber_Negative(step.thing)
    elif step.kind == BYTES:
        return bytes_of(step.data, step.size)
    elif step.kind == BYTEARRAY:
        return PyByteArray_FromStringAndSize(step.data, step.size)
    elif step.kind == DATE:
        return PyDateTimeAPI.Date_FromDate(parts[0], parts[1], parts[2], PyDateTimeAPI.DateType)
    elif step.kind == TIME:
        return PyDateTimeAPI.Time_FromTimeAndFold(
            parts[0], parts[1], parts[2], parts[3], step.thing, parts[4], PyDateTimeAPI.TimeType
        )
    elif step.kind == TIMEDELTA:
        return PyDateTimeAPI.Delta_FromDelta(parts[0], parts[1], parts[2], 0, PyDateTimeAPI.DeltaType)
    return PyObject_CallOneArg(<PyObject*>step.type, step.thing)


cdef inline PyObject* begin(Program program, Step* step, PyObject* made) noexcept:
    """Put what is being made on the stack, and where others find it."""
    program.stack[program.top] = made
    program.top += 1
    if step.kept >= 0:
        incref(made)
        program.kept[step.kept] = made
    return made


cdef PyObject* make_container(Program program, Step* step) except NULL:
    cdef PyObject* made
    cdef PyObject* item
    cdef Py_ssize_t number
    if step.kind >= FILLED:
        made = begin(program, step, compact_new(step.type, <PyObject*>NO_ARGUMENTS))
        make_fields(program, step, made)
    elif step.kind == DICT:
        made = begin(program, step, PyDict_New())
        for number in range(step.count):
            item = make(program)
            program.stack[program.top] = item
            program.top += 1
            PyDict_SetItem(made, PyTuple_GET_ITEM(step.thing, number), item)
            program.top -= 1
            decref(item)
    elif step.kind == LIST:
        made = begin(program, step, compact_list(step.count))
        for number in range(step.count):
            compact_append(made, make(program))
    elif step.kind == TUPLE:
        made = begin(program, step, PyTuple_New(step.count))
        for number in range(step.count):
            PyTuple_SET_ITEM(made, number, make(program))
    elif step.kind == SET or step.kind == FROZENSET:
        made = begin(program, step, PySet_New(NULL) if step.kind == SET else PyFrozenSet_New(NULL))
        for number in range(step.count):
            item = make(program)
            program.stack[program.top] = item
            program.top += 1
            PySet_Add(made, item)
            program.top -= 1
            decref(item)
    elif step.kind == PAIRS:
        made = begin(program, step, PyDict_New())
        make_pairs(program, step, made)
    else:
        item = make(program)
        program.stack[program.top] = item
        program.top += 1
        made = PyObject_CallOneArg(step.thing, item)
        program.top -= 1
        decref(item)
        begin(program, step, made)
    program.top -= 1
    return made


cdef int make_pairs(Program program, Step* step, PyObject* mapping) except -1:
    cdef Py_ssize_t number
    for number in range(step.count // 2):
        program.stack[program.top] = make(program)
        program.top += 1
        program.stack[program.top] = make(program)
        program.top += 1
        PyDict_SetItem(mapping, program.stack[program.top - 2], program.stack[program.top - 1])
        program.top -= 2
        decref(program.stack[program.top])
        decref(program.stack[program.top + 1])
    return 0


cdef int make_fields(Program program, Step* step, PyObject* instance) except -1:
    cdef size_t first = program.top
    cdef PyObject** fields
    cdef Py_ssize_t number
    if step.kind == SLOTTED:
        for number in range(step.count):
            compact_at(instance, step.places[number])[0] = make(program)
        return 0
    for number in range(step.count):
        fields = program.stack + program.top
        fields[0] = make(program)
        program.top += 1
    fields = program.stack + first
    if step.kind == FILLED and compact_fill(instance, step.keys, step.count, step.indices, fields):
        program.top = first
        return 0
    for number in range(step.count):
        PyObject_GenericSetAttr(instance, PyTuple_GET_ITEM(step.thing, number), fields[number])
    while program.top > first:
        program.top -= 1
        decref(program.stack[program.top])
    return 0
