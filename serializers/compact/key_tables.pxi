# Makes a dict whose keys were met before, in this order, by copying the table of such a dict: one allocation, where setting
# the keys one by one takes two or three and looks for each of them.
#
# Invariants: a table holds short keys, which were kept over calls (`known_keys`) when it was taken, and no value; it is
# taken once a dict of these keys was read before; a dict that anybody else holds is not made so. As for the other layouts,
# the C below is compiled for CPython 3.11 alone and used after a check at import.

cdef extern from *:
    """
    #if COMPACT_LAYOUTS
    /* Bytes of a table before its entries, and in all; Objects/dictobject.c */
    static inline size_t compact_table_head(const compact_keys *keys) {
        return sizeof(compact_keys) + ((size_t)1 << keys->log2_index_bytes);
    }
    static inline size_t compact_table_size(const compact_keys *keys) {
        return compact_table_head(keys) + ((((size_t)1 << keys->log2_size) << 1) / 3) * sizeof(compact_text_entry);
    }

    /* Copy the head of the table of a dict that has just these keys, which alternate with values; NULL if it cannot be. */
    static inline void *compact_take_table(PyObject *dict, PyObject **pairs, Py_ssize_t count) {
        PyDictObject *self = (PyDictObject *)dict;
        compact_keys *keys = (compact_keys *)self->ma_keys;
        if (self->ma_values || keys->kind != 1 || keys->entries != count || self->ma_used != count) return NULL;
        compact_text_entry *entries = (compact_text_entry *)compact_entries(keys);
        for (Py_ssize_t at = 0; at < count; at++) if (entries[at].key != pairs[2 * at]) return NULL;
        size_t size = compact_table_head(keys);
        compact_keys *head = (compact_keys *)malloc(size);
        if (!head) return NULL;
        memcpy(head, keys, size);
        head->refcnt = 1, head->version = 0;
        return head;
    }

    /* A tuple is collected only while it is tracked: () never is. */
    static inline int compact_may_be_tracked(PyObject *value) {
        return PyObject_IS_GC(value) && (!PyTuple_CheckExact(value) || PyObject_GC_IsTracked(value));
    }

    /* Make an empty dict, of which there is one reference, one of these pairs, taking their references; 0 if it is not. */
    static inline int compact_fill_dict(PyObject *dict, const void *table, PyObject **pairs, Py_ssize_t count) {
        PyDictObject *self = (PyDictObject *)dict;
        compact_keys *before = (compact_keys *)self->ma_keys;
        if (Py_REFCNT(dict) != 1 || self->ma_used || self->ma_values || before->log2_size || before->refcnt < 2) return 0;
        size_t head = compact_table_head((const compact_keys *)table), size = compact_table_size((const compact_keys *)table);
        compact_keys *keys = (compact_keys *)PyObject_Malloc(size);
        if (!keys) return 0;
        memcpy(keys, table, head);
        compact_text_entry *entries = (compact_text_entry *)compact_entries(keys);
        int collected = 0;
        for (Py_ssize_t at = 0; at < count; at++) {
            entries[at].key = pairs[2 * at], entries[at].value = pairs[2 * at + 1];
            collected |= compact_may_be_tracked(entries[at].value);
        }
        memset(entries + count, 0, size - head - count * sizeof(compact_text_entry));
        before->refcnt--; /* all empty dicts share it */
        self->ma_keys = (PyDictKeysObject *)keys, self->ma_used = count;
        if (collected && !PyObject_GC_IsTracked(dict)) PyObject_GC_Track(dict);
        return 1;
    }
    #else
    static inline void *compact_take_table(PyObject *dict, PyObject **pairs, Py_ssize_t count) { return NULL; }
    static inline int compact_fill_dict(PyObject *dict, const void *table, PyObject **pairs, Py_ssize_t count) { return 0; }
    #endif
    """
    void* compact_take_table(PyObject*, PyObject**, Py_ssize_t)
    int compact_fill_dict(PyObject*, const void*, PyObject**, Py_ssize_t)

cdef enum:
    TABLES = 128             # a power of two
    MOST_KEYS = 32
    FIRST_USES = 2           # or two kinds of dicts that take turns would take the place from each other each time
    MOST_USES = 16

cdef struct KeyTable:
    size_t noted             # of the keys that a dict had last
    size_t count
    int uses                 # lately, less the dicts of other keys that wanted its place meanwhile
    void* head
    PyObject* keys[MOST_KEYS]

cdef KeyTable key_tables[TABLES]
cdef bint tables_agree = False


cdef inline size_t mixed_keys(PyObject** pairs, size_t count) noexcept:
    """Return a number that keys of other dicts seldom have."""
    cdef size_t mixed = (<size_t>pairs[0] >> 4) * 31 + (<size_t>pairs[2 * count - 2] >> 4) * 17 + count
    mixed += (<size_t>pairs[count >> 1 << 1] >> 4) * 13  # dicts of one kind often begin and end alike
    return mixed ^ mixed >> 9


cdef inline bint fill_dict(bint fast, PyObject* mapping, PyObject** pairs, size_t count) noexcept:
    """Make an empty dict one of these keys and values, which alternate, and take their references, if the keys are known."""
    cdef KeyTable* table
    cdef size_t at
    if not fast or not 0 < count <= MOST_KEYS:
        return False
    table = &key_tables[mixed_keys(pairs, count) & (TABLES - 1)]
    if table.count != count:
        return False
    for at in range(count):
        if table.keys[at] != pairs[2 * at]:
            return False
    if table.uses < MOST_USES:
        table.uses += 1
    return compact_fill_dict(mapping, table.head, pairs, count)


cdef void learn_keys(PyObject* mapping, PyObject** pairs, size_t count) noexcept:
    """Note the keys of a dict that was just made; the second time, take its table, unless the one here is in use."""
    cdef size_t mixed = mixed_keys(pairs, count), at
    cdef KeyTable* table = &key_tables[mixed & (TABLES - 1)]
    cdef void* head
    if table.noted != mixed:
        table.noted = mixed
        return
    if table.uses:
        table.uses -= 1
        return
    for at in range(count):
        if not is_known_key(pairs[2 * at]):
            return
    head = compact_take_table(mapping, pairs, count)
    if not head:
        return
    for at in range(table.count):
        decref(table.keys[at])
    free(table.head)
    for at in range(count):
        incref(pairs[2 * at])
        table.keys[at] = pairs[2 * at]
    table.head, table.count, table.uses = head, count, FIRST_USES


cdef bint tables_are_copied_well() except -1:
    """Whether a dict that was made of a table is like one that was made key by key."""
    cdef PyObject* pairs[2 * MOST_KEYS]
    cdef PyObject* mapping
    cdef void* head
    cdef Py_ssize_t at
    for count in (1, 5, 6, 10, 11, MOST_KEYS):
        for value in (None, [], "text", ()):
            expected = {f"key {number}": value for number in range(count)}
            for at, key in enumerate(expected):
                pairs[2 * at], pairs[2 * at + 1] = <PyObject*>key, <PyObject*>value
            head = compact_take_table(<PyObject*>expected, pairs, count)
            if not head:
                return False
            mapping = PyDict_New()
            for at in range(2 * count):
                incref(pairs[at])
            made = compact_fill_dict(mapping, head, pairs, count)
            free(head)
            if not made:
                return False
            found = owned(mapping)
            if list(found.items()) != list(expected.items()) or is_tracked(found) != is_tracked(expected):
                return False
            if getsizeof(found) != getsizeof(expected) or [key for key in expected if key not in found]:
                return False
            for changed in (found, expected):
                changed.update({f"more {number}": number for number in range(count)})
                del changed["key 0"]
            if list(found.items()) != list(expected.items()):
                return False
    return True


def _check_key_tables():
    """Find out whether tables can be copied by this interpreter."""
    global tables_agree
    tables_agree = layouts_agree and tables_are_copied_well()
