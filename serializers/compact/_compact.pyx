# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, binding=False
# cython: embedsignature=False, auto_pickle=False
"""The compact format, the lowering pass of the tree formats and a check of msgpack, compiled.

The format is byte for byte what `writer` and `reader` do in Python, as FORMAT.md says; the pass is that of `lowering`,
the check that of `msgpack_shape`.

Each `.pxi` holds one concern: `layouts` what is done without the public API; `classes` what is known of registered
classes, `specs` and `plans` how it is found out; `memo` what a writer has met; `copies` what converters are given through references; `writer` and `reader` the two passes, and
`write_*` and `read_*` the kinds of values; `key_tables` the tables that dicts are copied from; `holding` and `hashes` what
keeps both passes safe; `calls` what a serializer calls; `lowering` and `msgpack_shape` have nothing to do with these. Rare
cases (sets of sets, say) are left to the Python implementation, which is the specification.

Invariants: a reference that is held over a call that may run other code is a counted one; memory that bytes from outside
ask for is bounded by their length; no scratch memory is shared by two calls that are under way.
"""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.math cimport isfinite
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort, realloc
from libc.string cimport memcmp, memcpy, memset

from collections import OrderedDict
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Context, Decimal
from enum import Enum, EnumMeta
from gc import is_tracked
from inspect import getattr_static
from operator import attrgetter
from sys import getsizeof, intern
from types import GetSetDescriptorType, MethodType
from typing import Generic
from uuid import UUID, SafeUUID
from zoneinfo import ZoneInfo

from ..collisions import MAX_EQUAL_HASHES, CollidingHashesError, collision, hashes_collide
from ..converter import FieldsConverter, NamedTupleConverter
from ..errors import DeserializationError, SerializationError
from .. import lowering as lowering_in_python
from .. import msgpack_shape as msgpack_in_python
from ..paths import no_text
from ..registry import ConverterRegistry
from ..unregistered import unregistered
from . import explanations, refusals
from . import reader as reader_in_python
from . import writer as in_python
from .copies import holds, may_copy
from .packing import text_decimal, varint
from .value_types import hashed_by_identity, is_native, is_value_type

cdef size_t MAX_HASHES = MAX_EQUAL_HASHES
cdef str SHIPPED = f"{__package__.rpartition('.')[0]}.converters."
cdef str SHIPPED_ZONES = f"{SHIPPED}temporal"

cdef extern from "Python.h":
    void Py_XDECREF(PyObject*)
    void incref "Py_INCREF"(PyObject*)
    void decref "Py_DECREF"(PyObject*)
    PyTypeObject* type_of "Py_TYPE"(PyObject*)
    Py_ssize_t Py_REFCNT(PyObject*)
    Py_ssize_t Py_SIZE(PyObject*)
    PyObject* Py_None
    PyObject* Py_True
    PyObject* Py_False
    PyTypeObject PyUnicode_Type, PyLong_Type, PyDict_Type, PyList_Type, PyFloat_Type, PyTuple_Type, PyBool_Type
    PyTypeObject PyBytes_Type, PyFrozenSet_Type
    bint PyUnicode_IS_COMPACT_ASCII(PyObject*)
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject*)
    int PyUnicode_KIND(PyObject*)
    void* PyUnicode_DATA(PyObject*)
    PyObject* PyUnicode_New(Py_ssize_t, uint32_t) except NULL
    PyObject* PyUnicode_DecodeUTF8(const char*, Py_ssize_t, const char*) except NULL
    uint32_t PyUnicode_READ(int, void*, Py_ssize_t)
    long long PyLong_AsLongLongAndOverflow(PyObject*, int*) except? -1
    long long lowering_as_long_long "PyLong_AsLongLongAndOverflow"(PyObject*, int*) noexcept
    unsigned long long lowering_as_unsigned "PyLong_AsUnsignedLongLong"(PyObject*) noexcept
    PyObject* PyErr_Occurred()
    PyObject* PyLong_FromLongLong(long long) except NULL
    double PyFloat_AS_DOUBLE(PyObject*)
    PyObject* PyFloat_FromDouble(double) except NULL
    PyObject* PyTuple_GET_ITEM(PyObject*, Py_ssize_t)
    PyObject* PyTuple_New(Py_ssize_t) except NULL
    void PyTuple_SET_ITEM(PyObject*, Py_ssize_t, PyObject*)
    int PyList_SetItem(PyObject*, Py_ssize_t, PyObject*) except -1
    PyObject* PyList_GET_ITEM(PyObject*, Py_ssize_t)
    PyObject* PyDict_New() except NULL
    int PyDict_SetItem(PyObject*, PyObject*, PyObject*) except -1
    PyObject* PyDict_GetItemWithError(PyObject*, PyObject*) except? NULL
    Py_ssize_t PyDict_Size(PyObject*)
    bint PyDict_CheckExact(PyObject*)
    int PyDict_Next(PyObject*, Py_ssize_t*, PyObject**, PyObject**)
    PyObject* PySet_New(PyObject*) except NULL
    PyObject* PyFrozenSet_New(PyObject*) except NULL
    int PySet_Add(PyObject*, PyObject*) except -1
    Py_ssize_t PySet_Size(PyObject*) except -1
    Py_ssize_t PySet_GET_SIZE(PyObject*)
    char* PyBytes_AS_STRING(PyObject*)
    PyObject* bytes_of "PyBytes_FromStringAndSize"(const char*, Py_ssize_t) except NULL
    char* PyByteArray_AS_STRING(PyObject*)
    PyObject* PyByteArray_FromStringAndSize(const char*, Py_ssize_t) except NULL
    Py_hash_t PyObject_Hash(PyObject*) except? -1
    PyObject* PyObject_GenericGetDict(PyObject*, void*) except NULL
    int PyObject_GenericSetAttr(PyObject*, PyObject*, PyObject*) except -1
    PyObject* PyObject_GetAttr(PyObject*, PyObject*) except NULL
    PyObject* PyObject_CallOneArg(PyObject*, PyObject*) except NULL
    int PyErr_ExceptionMatches(PyObject*)
    void PyErr_Clear()
    int PyGC_Disable()
    int PyGC_Enable()

cdef extern from *:  # of Cython's own C: which way is the rule
    bint likely(bint)
    bint unlikely(bint)

cdef extern from *:
    """
    #if PY_VERSION_HEX < 0x030D0000
    static inline int compact_int_bytes(PyObject *number, unsigned char *to, size_t size, int little, int is_signed) {
        return _PyLong_AsByteArray((PyLongObject *)number, to, size, little, is_signed);
    }
    static inline PyObject *compact_int(const unsigned char *from, size_t size, int little, int is_signed) {
        return _PyLong_FromByteArray(from, size, little, is_signed);
    }
    #else
    static inline int compact_int_bytes(PyObject *number, unsigned char *to, size_t size, int little, int is_signed) {
        int flags = (little ? Py_ASNATIVEBYTES_LITTLE_ENDIAN : Py_ASNATIVEBYTES_BIG_ENDIAN)
            | (is_signed ? 0 : Py_ASNATIVEBYTES_UNSIGNED_BUFFER | Py_ASNATIVEBYTES_REJECT_NEGATIVE);
        Py_ssize_t needed = PyLong_AsNativeBytes(number, to, (Py_ssize_t)size, flags);
        if (needed < 0) return -1;
        if ((size_t)needed > size) {
            PyErr_SetString(PyExc_OverflowError, "int too big to convert");
            return -1;
        }
        return 0;
    }
    static inline PyObject *compact_int(const unsigned char *from, size_t size, int little, int is_signed) {
        int flags = little ? Py_ASNATIVEBYTES_LITTLE_ENDIAN : Py_ASNATIVEBYTES_BIG_ENDIAN;
        return is_signed ? PyLong_FromNativeBytes(from, size, flags) : PyLong_FromUnsignedNativeBytes(from, size, flags);
    }
    #endif

    /* The elements of a set in the order of its table; sets are public structs. */
    static inline Py_ssize_t compact_elements(PyObject *set, PyObject **found, Py_ssize_t room) {
        PySetObject *self = (PySetObject *)set;
        Py_ssize_t count = 0;
        for (Py_ssize_t at = 0; at <= self->mask && count < room; at++)
            if (self->table[at].key && self->table[at].hash != -1) found[count++] = self->table[at].key;
        return count;
    }
    """
    int compact_int_bytes(PyObject*, unsigned char*, size_t, int, int) except -1
    PyObject* compact_int(const unsigned char*, size_t, int, int) except NULL
    Py_ssize_t compact_elements(PyObject*, PyObject**, Py_ssize_t)

cdef extern from "datetime.h":
    ctypedef struct PyDateTime_CAPI:
        PyObject* TimeZone_UTC
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
    int PyDateTime_GET_YEAR(PyObject*)
    int PyDateTime_GET_MONTH(PyObject*)
    int PyDateTime_GET_DAY(PyObject*)
    int PyDateTime_DATE_GET_HOUR(PyObject*)
    int PyDateTime_DATE_GET_MINUTE(PyObject*)
    int PyDateTime_DATE_GET_SECOND(PyObject*)
    int PyDateTime_DATE_GET_MICROSECOND(PyObject*)
    int PyDateTime_DATE_GET_FOLD(PyObject*)
    PyObject* PyDateTime_DATE_GET_TZINFO(PyObject*)
    int PyDateTime_TIME_GET_HOUR(PyObject*)
    int PyDateTime_TIME_GET_MINUTE(PyObject*)
    int PyDateTime_TIME_GET_SECOND(PyObject*)
    int PyDateTime_TIME_GET_MICROSECOND(PyObject*)
    int PyDateTime_TIME_GET_FOLD(PyObject*)
    PyObject* PyDateTime_TIME_GET_TZINFO(PyObject*)
    int PyDateTime_DELTA_GET_DAYS(PyObject*)
    int PyDateTime_DELTA_GET_SECONDS(PyObject*)
    int PyDateTime_DELTA_GET_MICROSECONDS(PyObject*)


cdef inline object owned(PyObject* thing):
    """Hand a new reference over to Cython, which counts it from here on."""
    value = <object>thing
    decref(thing)
    return value


include "layouts.pxi"
include "copies.pxi"
include "memo.pxi"
include "classes.pxi"
include "specs.pxi"
include "plans.pxi"
include "writer.pxi"
include "holding.pxi"
include "write_bytes.pxi"
include "write_containers.pxi"
include "write_sets.pxi"
include "write_instances.pxi"
include "write_scalars.pxi"
include "write_standard.pxi"
include "reader.pxi"
include "read_bytes.pxi"
include "read_strings.pxi"
include "key_tables.pxi"
include "read_containers.pxi"
include "read_instances.pxi"
include "read_standard.pxi"
include "hashes.pxi"
include "calls.pxi"
include "lowering.pxi"
include "msgpack_shape.pxi"


PyDateTime_IMPORT
_check_layouts()
_check_key_tables()
