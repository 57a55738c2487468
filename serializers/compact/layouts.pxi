# What is read and written without the public API: attributes in the inline values of CPython 3.11, the entries of its
# dicts, the digits of a Decimal. Every such path has a public twin that gives the same bytes and objects.
#
# Invariants: the C below is compiled only for the minor versions that it was checked on, and used only after
# `_check_layouts` has found at import that it agrees with the public API. Each call says whether it wants it (`fast`).

cdef extern from *:
    """
    #include <stdint.h>
    #include <stdlib.h>
    #include <string.h>
    #include "datetime.h"
    #include "structmember.h"

    /* The bytes of a payload are read and written at any alignment. */
    static inline uint64_t compact_load64(const unsigned char *at) { uint64_t n; memcpy(&n, at, 8); return n; }
    static inline uint32_t compact_load32(const unsigned char *at) { uint32_t n; memcpy(&n, at, 4); return n; }
    static inline uint16_t compact_load16(const unsigned char *at) { uint16_t n; memcpy(&n, at, 2); return n; }
    static inline void compact_store(unsigned char *at, uint64_t n) { memcpy(at, &n, 8); }

    /* Up to 31 bytes, which overlap, without a call. */
    static inline void compact_copy(unsigned char *to, const unsigned char *from, Py_ssize_t size) {
        if (size >= 16) {
            unsigned char first[16], last[16];
            memcpy(first, from, 16), memcpy(last, from + size - 16, 16);
            memcpy(to, first, 16), memcpy(to + size - 16, last, 16);
        } else if (size >= 8) {
            uint64_t first = compact_load64(from), last = compact_load64(from + size - 8);
            memcpy(to, &first, 8), memcpy(to + size - 8, &last, 8);
        } else if (size >= 4) {
            uint32_t first = compact_load32(from), last = compact_load32(from + size - 4);
            memcpy(to, &first, 4), memcpy(to + size - 4, &last, 4);
        } else {
            for (; size > 0; size--) *to++ = *from++;
        }
    }
    static inline int compact_equal(const unsigned char *one, const unsigned char *other, Py_ssize_t size) {
        if (size >= 16)
            return !((compact_load64(one) ^ compact_load64(other)) | (compact_load64(one + 8) ^ compact_load64(other + 8))
                | (compact_load64(one + size - 16) ^ compact_load64(other + size - 16))
                | (compact_load64(one + size - 8) ^ compact_load64(other + size - 8)));
        if (size >= 8)
            return !((compact_load64(one) ^ compact_load64(other))
                | (compact_load64(one + size - 8) ^ compact_load64(other + size - 8)));
        for (; size > 0; size--) if (*one++ != *other++) return 0;
        return 1;
    }

    static inline int compact_is_ascii(const unsigned char *at, Py_ssize_t size) {
        uint64_t seen = 0;
        for (; size >= 8; at += 8, size -= 8) seen |= compact_load64(at);
        for (; size > 0; at++, size--) seen |= *at;
        return !(seen & 0x8080808080808080ULL);
    }

    /* The stored hash of a str, in the public struct; -1 if there is none yet. */
    static inline Py_hash_t compact_hash(PyObject *text) {
        Py_hash_t hash = ((PyASCIIObject *)text)->hash;
        return hash != -1 ? hash : PyObject_Hash(text);
    }

    /* The characters of an ASCII str, in the public struct. */
    static inline const char *compact_ascii(PyObject *text) { return (const char *)((PyASCIIObject *)text + 1); }

    /* What list.append does when there is room; the room was made by PyList_New. */
    static inline int compact_append(PyObject *list, PyObject *item) {
        PyListObject *self = (PyListObject *)list;
        Py_ssize_t size = Py_SIZE(self);
        if (size < self->allocated) {
            self->ob_item[size] = item;
            Py_SET_SIZE(self, size + 1);
            return 0;
        }
        int failed = PyList_Append(list, item);
        Py_DECREF(item);
        return failed;
    }

    /* A list with room for so many items and none in it, so that user code never meets an unset one. */
    static inline PyObject *compact_list(Py_ssize_t room) {
        PyObject *list = PyList_New(room);
        if (list) Py_SET_SIZE((PyListObject *)list, 0);
        return list;
    }

    typedef struct { PyObject **values; void *keys; Py_ssize_t count; } compact_attributes;

    #if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030C0000 && SIZEOF_VOID_P == 8 && !defined(Py_GIL_DISABLED)
    #define COMPACT_LAYOUTS 1
    /* Include/internal/pycore_dict.h and pycore_object.h of CPython 3.11 */
    typedef struct {
        Py_ssize_t refcnt;
        uint8_t log2_size, log2_index_bytes, kind; /* 0 general, 1 only str keys, 2 shared by instances */
        uint32_t version;
        Py_ssize_t usable, entries;
        char indices[];
    } compact_keys;
    typedef struct { Py_hash_t hash; PyObject *key, *value; } compact_entry;
    typedef struct { PyObject *key, *value; } compact_text_entry;

    static inline void *compact_entries(compact_keys *keys) {
        return keys->indices + ((size_t)1 << keys->log2_index_bytes);
    }

    /* Find the attributes of an instance without making its __dict__; 0 if they are laid out in another way. */
    static inline int compact_find_attributes(PyObject *self, compact_attributes *found) {
        if (!(Py_TYPE(self)->tp_flags & (1UL << 4))) return 0; /* Py_TPFLAGS_MANAGED_DICT */
        PyObject **values = ((PyObject ***)self)[-4];
        if (values) {
            found->values = values;
            found->keys = ((PyHeapTypeObject *)Py_TYPE(self))->ht_cached_keys;
            found->count = ((uint8_t *)values)[-2];
            return found->keys != NULL;
        }
        PyDictObject *dict = ((PyDictObject **)self)[-3];
        if (!dict || !PyDict_CheckExact(dict) || !dict->ma_values) return 0;
        found->values = (PyObject **)dict->ma_values;
        found->keys = dict->ma_keys;
        found->count = dict->ma_used;
        return 1;
    }

    /* Step through the attributes that are set. */
    static inline int compact_attribute(compact_attributes *found, int *at, PyObject **name, PyObject **value) {
        compact_keys *keys = (compact_keys *)found->keys;
        compact_text_entry *entries = (compact_text_entry *)compact_entries(keys);
        for (; *at < keys->entries && *at < 30; (*at)++) {
            if ((*value = found->values[*at])) {
                *name = entries[(*at)++].key;
                return 1;
            }
        }
        return 0;
    }

    /* Return where shared keys have a name, or -1. */
    static inline int compact_index(void *shared, PyObject *name) {
        compact_keys *keys = (compact_keys *)shared;
        if (keys->kind == 0) return -1;
        compact_text_entry *entries = (compact_text_entry *)compact_entries(keys);
        for (Py_ssize_t at = 0; at < keys->entries && at < 30; at++)
            if (entries[at].key == name) return (int)at;
        return -1;
    }

    static inline void *compact_shared_keys(PyTypeObject *type) {
        return (type->tp_flags & (1UL << 4)) ? (void *)((PyHeapTypeObject *)type)->ht_cached_keys : NULL;
    }

    /* Fill the attributes of a new instance, taking the references; 0 if it is not laid out as its class was. */
    static inline int compact_fill(
        PyObject *self, void *keys, int count, const unsigned char *indices, PyObject **attributes
    ) {
        PyObject **values = ((PyObject ***)self)[-4];
        if (!values || ((PyHeapTypeObject *)Py_TYPE(self))->ht_cached_keys != keys) return 0;
        uint8_t *size = ((uint8_t *)values) - 2;
        if (*size != 0 || count + 2 > size[1]) return 0;
        for (int at = 0; at < count; at++) {
            values[indices[at]] = attributes[at];
            size[-1 - at] = indices[at];
        }
        *size = (uint8_t)count;
        return 1;
    }

    static inline int compact_dict_next(int fast, PyObject *dict, Py_ssize_t *at, PyObject **key, PyObject **value) {
        PyDictObject *self = (PyDictObject *)dict;
        if (!fast || self->ma_values) return PyDict_Next(dict, at, key, value);
        compact_keys *keys = (compact_keys *)self->ma_keys;
        Py_ssize_t now = *at;
        if (keys->kind) {
            compact_text_entry *entries = (compact_text_entry *)compact_entries(keys);
            while (now < keys->entries && !entries[now].value) now++;
            if (now >= keys->entries) return 0;
            *key = entries[now].key, *value = entries[now].value;
        } else {
            compact_entry *entries = (compact_entry *)compact_entries(keys);
            while (now < keys->entries && !entries[now].value) now++;
            if (now >= keys->entries) return 0;
            *key = entries[now].key, *value = entries[now].value;
        }
        *at = now + 1;
        return 1;
    }

    /* The entries of a dict whose keys are all str, as long as nobody changes it; NULL if it is laid out in another way. */
    static inline compact_text_entry *compact_text_entries(int fast, PyObject *dict, Py_ssize_t *count) {
        PyDictObject *self = (PyDictObject *)dict;
        compact_keys *keys = (compact_keys *)self->ma_keys;
        if (!fast || self->ma_values || !keys->kind) return NULL;
        *count = keys->entries;
        return (compact_text_entry *)compact_entries(keys);
    }
    #else
    #define COMPACT_LAYOUTS 0
    typedef struct { PyObject *key, *value; } compact_text_entry;
    static inline compact_text_entry *compact_text_entries(int fast, PyObject *dict, Py_ssize_t *count) { return NULL; }
    static inline int compact_find_attributes(PyObject *self, compact_attributes *found) { return 0; }
    static inline int compact_attribute(compact_attributes *found, int *at, PyObject **name, PyObject **value) { return 0; }
    static inline int compact_index(void *shared, PyObject *name) { return -1; }
    static inline void *compact_shared_keys(PyTypeObject *type) { return NULL; }
    static inline int compact_fill(
        PyObject *self, void *keys, int count, const unsigned char *indices, PyObject **attributes
    ) { return 0; }
    static inline int compact_dict_next(int fast, PyObject *dict, Py_ssize_t *at, PyObject **key, PyObject **value) {
        return PyDict_Next(dict, at, key, value);
    }
    #endif

    /* Modules/_decimal/_decimal.c and libmpdec/mpdecimal.h, the same from CPython 3.10 to 3.13. */
    #if PY_VERSION_HEX < 0x030E0000 && SIZEOF_VOID_P == 8 && !defined(Py_GIL_DISABLED)
    #define COMPACT_DECIMALS 1
    #else
    #define COMPACT_DECIMALS 0
    #endif
    typedef struct {
        PyObject_HEAD
        Py_hash_t hash;
        uint8_t flags; /* 1 negative, 2 infinite, 4 NaN, 8 signalling NaN, 16 static, 32 static data */
        Py_ssize_t exponent, digits, length, allocated;
        uint64_t *words; /* of 19 decimal digits */
        uint64_t room[4];
    } compact_decimal;

    /* Read a finite Decimal below 10^19; 0 if it is another. */
    static inline int compact_read_decimal(PyObject *self, int *sign, Py_ssize_t *exponent, uint64_t *coefficient) {
        compact_decimal *number = (compact_decimal *)self;
        if (number->flags & 14 || number->length != 1) return 0;
        *sign = number->flags & 1, *exponent = number->exponent, *coefficient = number->words[0];
        return 1;
    }

    static inline PyObject *compact_make_decimal(PyTypeObject *type, int sign, Py_ssize_t exponent, uint64_t coefficient) {
        compact_decimal *number = (compact_decimal *)type->tp_alloc(type, 0);
        if (!number) return NULL;
        int digits = 1;
        for (uint64_t rest = coefficient; rest >= 10; rest /= 10) digits++;
        number->hash = -1;
        number->flags = (uint8_t)(16 | 32 | sign);
        number->exponent = exponent, number->digits = digits, number->length = 1, number->allocated = 4;
        number->words = number->room;
        number->room[0] = coefficient;
        return (PyObject *)number;
    }

    static inline int compact_could_be_decimal(PyTypeObject *type) {
        return COMPACT_DECIMALS && type->tp_basicsize == (Py_ssize_t)sizeof(compact_decimal) && type->tp_itemsize == 0
            && type->tp_dictoffset == 0;
    }

    /* Where a class keeps an attribute in a slot, or -1. */
    static inline Py_ssize_t compact_slot(PyObject *descriptor, PyTypeObject *type) {
        if (!descriptor || Py_TYPE(descriptor) != &PyMemberDescr_Type) return -1;
        PyMemberDescrObject *slot = (PyMemberDescrObject *)descriptor;
        if (slot->d_member->type != T_OBJECT_EX || slot->d_member->flags) return -1;
        if (!PyType_IsSubtype(type, PyDescr_TYPE(slot))) return -1;
        return slot->d_member->offset;
    }
    static inline PyObject **compact_at(PyObject *self, Py_ssize_t offset) { return (PyObject **)((char *)self + offset); }

    /* `object.__new__` without its check that a class of C does not make its instances itself: `classes` has refused
       to register those by their fields. */
    static inline PyObject *compact_new(PyTypeObject *type, PyObject *no_arguments) {
        return PyBaseObject_Type.tp_new(type, no_arguments, NULL);
    }
    static inline PyObject *compact_allocate(PyTypeObject *type, Py_ssize_t count) { return type->tp_alloc(type, count); }
    static inline int compact_reads_plainly(PyTypeObject *type) { return type->tp_getattro == PyObject_GenericGetAttr; }
    static inline int compact_has_dict(PyTypeObject *type) { return type->tp_dictoffset != 0; }
    static inline int compact_hashes_identity(PyTypeObject *type) { return type->tp_hash == PyBaseObject_Type.tp_hash; }
    static inline int compact_is_data_descriptor(PyObject *attribute) {
        return Py_TYPE(attribute)->tp_descr_set != NULL;
    }
    """
    ctypedef struct compact_attributes:
        PyObject** values
        void* keys
        Py_ssize_t count
    ctypedef struct compact_text_entry:
        PyObject* key
        PyObject* value  # NULL: the key was deleted
    int COMPACT_LAYOUTS
    uint64_t compact_load64(const unsigned char*) nogil
    uint32_t compact_load32(const unsigned char*) nogil
    uint16_t compact_load16(const unsigned char*) nogil
    void compact_store(unsigned char*, uint64_t) nogil
    int compact_is_ascii(const unsigned char*, Py_ssize_t) nogil
    void compact_copy(unsigned char*, const unsigned char*, Py_ssize_t) nogil
    int compact_equal(const unsigned char*, const unsigned char*, Py_ssize_t) nogil
    Py_hash_t compact_hash(PyObject*) except -1
    const char* compact_ascii(PyObject*)
    int compact_append(PyObject*, PyObject*) except -1
    PyObject* compact_list(Py_ssize_t) except NULL
    int compact_find_attributes(PyObject*, compact_attributes*)
    int compact_attribute(compact_attributes*, int*, PyObject**, PyObject**)
    int compact_index(void*, PyObject*)
    void* compact_shared_keys(PyTypeObject*)
    int compact_fill(PyObject*, void*, int, const unsigned char*, PyObject**)
    int compact_dict_next(int, PyObject*, Py_ssize_t*, PyObject**, PyObject**)
    compact_text_entry* compact_text_entries(int, PyObject*, Py_ssize_t*)
    int compact_read_decimal(PyObject*, int*, Py_ssize_t*, uint64_t*)
    PyObject* compact_make_decimal(PyTypeObject*, int, Py_ssize_t, uint64_t) except NULL
    int compact_could_be_decimal(PyTypeObject*)
    Py_ssize_t compact_slot(PyObject*, PyTypeObject*)
    PyObject** compact_at(PyObject*, Py_ssize_t)
    PyObject* compact_new(PyTypeObject*, PyObject*) except NULL
    PyObject* compact_allocate(PyTypeObject*, Py_ssize_t) except NULL
    int compact_reads_plainly(PyTypeObject*)
    int compact_has_dict(PyTypeObject*)
    int compact_hashes_identity(PyTypeObject*)
    int compact_is_data_descriptor(PyObject*)


cdef bint layouts_agree = False   # dicts and instances may be read and filled where they lie
cdef bint decimals_agree = False  # and Decimals


class _Probe:
    """An instance to try the layouts on."""


def _check_layouts():
    """Find out whether the layouts above are those of this interpreter."""
    global layouts_agree, decimals_agree
    layouts_agree = bool(COMPACT_LAYOUTS) and _attributes_agree() and _dicts_agree()
    decimals_agree = _decimals_agree()


cdef bint _attributes_agree() except -1:
    cdef compact_attributes found
    cdef unsigned char indices[2]
    cdef PyObject* values[2]
    first, second = object(), object()
    for order in (("one", "two"), ("two", "one")):
        instance = _Probe()
        for name in order:
            setattr(instance, name, first if name == "one" else second)
        if not compact_find_attributes(<PyObject*>instance, &found) or found.count != 2:
            return False
        for at, (name, value) in enumerate((("one", first), ("two", second))):
            index = compact_index(found.keys, <PyObject*>name)
            if index < 0 or index > 1 or found.values[index] != <PyObject*>value:
                return False
            indices[at] = index
    made = _Probe()
    values[0], values[1] = <PyObject*>first, <PyObject*>second
    Py_INCREF(first)
    Py_INCREF(second)
    if not compact_fill(<PyObject*>made, found.keys, 2, indices, values):
        Py_DECREF(first)
        Py_DECREF(second)
        return False
    return list(made.__dict__.items()) == [("one", first), ("two", second)]


cdef bint _dicts_agree() except -1:
    cdef Py_ssize_t at, count
    cdef PyObject *key
    cdef PyObject *value
    cdef compact_text_entry* entries
    holes = {name: name for name in "abcdefghijk"}
    del holes["a"], holes["f"]
    probe = _Probe()
    probe.one = probe.two = 1
    for tried in ({}, {"a": 1}, {1: "b", "c": None, (): 2}, holes, dict.fromkeys(range(300)), vars(probe)):
        at, found = 0, []
        while compact_dict_next(True, <PyObject*>tried, &at, &key, &value):
            found.append((<object>key, <object>value))
        if found != list(tried.items()):
            return False
        entries = compact_text_entries(True, <PyObject*>tried, &count)
        if (entries != NULL) != (tried is not probe.__dict__ and all([type(name) is str for name in tried])):
            return False
        if entries:
            kept = [(<object>entries[at].key, <object>entries[at].value) for at in range(count) if entries[at].value]
            if kept != found:
                return False
    return True


cdef bint _decimals_agree() except -1:
    cdef int sign
    cdef Py_ssize_t exponent
    cdef uint64_t coefficient
    if not compact_could_be_decimal(<PyTypeObject*>Decimal):
        return False
    for text, expected in (
        ("0", (0, 0, 0)), ("-0.00", (1, -2, 0)), ("19.90", (0, -2, 1990)), ("-7E+1000", (1, 1000, 7)),
        ("0.123456789012345678", (0, -18, 123456789012345678)), ("999999999999999999", (0, 0, 10**18 - 1)),
    ):
        known = Decimal(text)
        if not compact_read_decimal(<PyObject*>known, &sign, &exponent, &coefficient):
            return False
        if (sign, exponent, coefficient) != expected:
            return False
        made = owned(compact_make_decimal(<PyTypeObject*>Decimal, sign, exponent, coefficient))
        if made.as_tuple() != known.as_tuple() or hash(made) != hash(known) or str(made + 0) != str(known + 0):
            return False
    for text in ("NaN", "-sNaN12", "Infinity", "1" * 20):
        known = Decimal(text)
        if compact_read_decimal(<PyObject*>known, &sign, &exponent, &coefficient):
            return False
    return True
