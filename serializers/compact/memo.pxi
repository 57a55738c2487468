# What a writer has met: objects by address, strings by value, classes by the index of their entry.
#
# Invariants: a slot is taken only if it bears the epoch of the running call, so a table is emptied by counting the epoch
# up; a table is never more than half full. What lies in a table is alive: the graph holds it and no other code runs, or,
# once code of the application may run, the writer itself holds it (`keep`).

cdef struct ObjectSlot:
    PyObject* object
    uint32_t epoch
    uint32_t number

cdef struct TextSlot:
    PyObject* text
    Py_hash_t hash
    uint32_t epoch
    uint32_t number

cdef struct ClassSlot:
    uint32_t epoch
    uint32_t number

cdef struct Weighed:
    int64_t weight           # of an object; or -1 - the count when it began, while it is open
    int64_t size             # as in `Copies.sizes`

cdef struct Memo:
    uint32_t epoch
    ObjectSlot* objects
    size_t object_mask, objects_taken
    TextSlot* texts
    size_t text_mask
    ClassSlot* classes
    size_t classes_room
    uint32_t next_object, next_text, next_class
    Weighed* weights         # by number of an object
    size_t weights_room


cdef inline size_t object_home(PyObject* item, size_t mask) noexcept:
    return <size_t>((<uint64_t><size_t>item * <uint64_t>0x9E3779B97F4A7C15) >> 32) & mask


cdef int memo_make(Memo* memo) except -1:
    memset(memo, 0, sizeof(Memo))
    memo.object_mask, memo.text_mask, memo.classes_room, memo.weights_room = 255, 255, 32, 256
    memo.objects = <ObjectSlot*>calloc(256, sizeof(ObjectSlot))
    memo.texts = <TextSlot*>calloc(256, sizeof(TextSlot))
    memo.classes = <ClassSlot*>calloc(32, sizeof(ClassSlot))
    memo.weights = <Weighed*>malloc(256 * sizeof(Weighed))
    if not (memo.objects and memo.texts and memo.classes and memo.weights):
        memo_free(memo)
        raise MemoryError()
    return 0


cdef void memo_free(Memo* memo) noexcept:
    free(memo.objects)
    free(memo.texts)
    free(memo.classes)
    free(memo.weights)
    memset(memo, 0, sizeof(Memo))


cdef inline void memo_clear(Memo* memo) noexcept:
    memo.epoch += 1
    if memo.epoch == 0:
        memset(memo.objects, 0, (memo.object_mask + 1) * sizeof(ObjectSlot))
        memset(memo.texts, 0, (memo.text_mask + 1) * sizeof(TextSlot))
        memset(memo.classes, 0, memo.classes_room * sizeof(ClassSlot))
        memo.epoch = 1
    memo.objects_taken = 0
    memo.next_object = memo.next_text = memo.next_class = 0


cdef inline size_t memo_size(Memo* memo) noexcept:
    return memo.object_mask * sizeof(ObjectSlot) + memo.text_mask * sizeof(TextSlot) + memo.weights_room * sizeof(Weighed)


cdef inline ObjectSlot* memo_object(Memo* memo, PyObject* item) noexcept:
    """Return the slot of an object, or the free one where it belongs."""
    cdef size_t at = object_home(item, memo.object_mask)
    cdef ObjectSlot* slot = &memo.objects[at]
    while slot.epoch == memo.epoch and slot.object != item:
        at = (at + 1) & memo.object_mask
        slot = &memo.objects[at]
    return slot


cdef int memo_take_object(Memo* memo, ObjectSlot* slot, PyObject* item) except -1:
    """Give an object the next number, in the slot that `memo_object` found."""
    slot.object, slot.epoch, slot.number = item, memo.epoch, memo.next_object
    memo.objects_taken += 1
    if memo.next_object >= memo.weights_room:
        memo_grow_weights(memo)
    if memo.objects_taken * 2 > memo.object_mask:
        memo_grow_objects(memo)
    memo.next_object += 1
    return 0


cdef int memo_grow_weights(Memo* memo) except -1:
    cdef size_t room = <size_t>memo.next_object * 2 + 256
    cdef void* grown = realloc(memo.weights, room * sizeof(Weighed))
    if not grown:
        raise MemoryError()
    memo.weights, memo.weights_room = <Weighed*>grown, room
    return 0


cdef int memo_grow_objects(Memo* memo) except -1:
    cdef size_t mask = memo.object_mask * 2 + 1, at
    cdef ObjectSlot* old = memo.objects
    cdef size_t count = memo.object_mask + 1
    cdef ObjectSlot* grown = <ObjectSlot*>calloc(mask + 1, sizeof(ObjectSlot))
    if not grown:
        raise MemoryError()
    memo.objects, memo.object_mask = grown, mask
    for at in range(count):
        if old[at].epoch == memo.epoch:
            memo_object(memo, old[at].object)[0] = old[at]
    free(old)
    return 0


cdef inline bint same_text(PyObject* one, PyObject* other) noexcept:
    """Compare two str of equal hash."""
    cdef Py_ssize_t length = PyUnicode_GET_LENGTH(one)
    return (
        length == PyUnicode_GET_LENGTH(other)
        and PyUnicode_KIND(one) == PyUnicode_KIND(other)
        and memcmp(PyUnicode_DATA(one), PyUnicode_DATA(other), length * PyUnicode_KIND(one)) == 0
    )


cdef inline TextSlot* memo_text(Memo* memo, PyObject* text, Py_hash_t hash) noexcept:
    """Return the slot of a string, or the free one where it belongs."""
    cdef TextSlot* slot = &memo.texts[<size_t>hash & memo.text_mask]
    if slot.epoch != memo.epoch or slot.text == text:
        return slot
    return memo_text_from(memo, slot, text, hash)


cdef TextSlot* memo_text_from(Memo* memo, TextSlot* slot, PyObject* text, Py_hash_t hash) noexcept:
    """Go on where another string lies, which may be an equal one."""
    cdef size_t at = slot - memo.texts
    while slot.epoch == memo.epoch:
        if slot.text == text or (slot.hash == hash and same_text(slot.text, text)):
            break
        at = (at + 1) & memo.text_mask
        slot = &memo.texts[at]
    return slot


cdef inline int memo_take_text(Memo* memo, TextSlot* slot, PyObject* text, Py_hash_t hash) except -1:
    """Give a string the next number, in the slot that `memo_text` found."""
    slot.text, slot.hash, slot.epoch, slot.number = text, hash, memo.epoch, memo.next_text
    memo.next_text += 1
    if <size_t>memo.next_text * 2 > memo.text_mask:
        memo_grow_texts(memo)
    return 0


cdef int memo_grow_texts(Memo* memo) except -1:
    cdef size_t mask = memo.text_mask * 2 + 1, at, to
    cdef TextSlot* old = memo.texts
    cdef size_t count = memo.text_mask + 1
    cdef TextSlot* grown = <TextSlot*>calloc(mask + 1, sizeof(TextSlot))
    if not grown:
        raise MemoryError()
    for at in range(count):
        if old[at].epoch == memo.epoch:
            to = <size_t>old[at].hash & mask
            while grown[to].epoch == memo.epoch:
                to = (to + 1) & mask
            grown[to] = old[at]
    memo.texts, memo.text_mask = grown, mask
    free(old)
    return 0


cdef int memo_grow_classes(Memo* memo, size_t index) except -1:
    cdef size_t room = index * 2 + 32
    cdef void* grown = realloc(memo.classes, room * sizeof(ClassSlot))
    if not grown:
        raise MemoryError()
    memo.classes = <ClassSlot*>grown
    memset(&memo.classes[memo.classes_room], 0, (room - memo.classes_room) * sizeof(ClassSlot))
    memo.classes_room = room
    return 0
