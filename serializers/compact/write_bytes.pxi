# The bytes that a writer has written, which grow up to its limit. A putter takes it that there is room, unless it says that
# it makes room.


cdef int grow(Writer* w, size_t need) except -1:
    cdef size_t capacity
    cdef void* grown
    if w.length > w.limit or need > w.limit + 64:
        if w.in_sort_key:
            raise _Aside
        raise refusals.too_large(w.limit)
    capacity = w.capacity * 2
    if capacity < w.length + need:
        capacity = w.length + need
    grown = realloc(w.out, capacity)
    if not grown:
        raise MemoryError()
    w.out, w.capacity = <unsigned char*>grown, capacity
    return 0


cdef inline int reserve(Writer* w, size_t need) except -1:
    if unlikely(w.capacity - w.length < need):
        return grow(w, need)
    return 0


cdef inline void put(Writer* w, unsigned char byte) noexcept:
    w.out[w.length] = byte
    w.length += 1


cdef inline void put_fixed(Writer* w, uint64_t number, int size) noexcept:
    compact_store(w.out + w.length, number)
    w.length += size


cdef inline void put_varint(Writer* w, uint64_t number) noexcept:
    while number > 0x7F:
        put(w, <unsigned char>(number & 0x7F | 0x80))
        number >>= 7
    put(w, <unsigned char>number)


cdef inline void put_count(Writer* w, unsigned char tag, unsigned char short_tag, size_t count) noexcept:
    if count < 8:
        put(w, <unsigned char>(short_tag + count))
    else:
        put(w, tag)
        put_varint(w, count)


cdef inline int put_sized(Writer* w, unsigned char tag, const void* data, size_t size) except -1:
    cdef unsigned char* out
    cdef size_t rest = size
    reserve(w, size + 16)
    out = w.out + w.length
    out[0] = tag
    out += 1
    while rest > 0x7F:
        out[0] = <unsigned char>(rest & 0x7F | 0x80)
        out += 1
        rest >>= 7
    out[0] = <unsigned char>rest
    memcpy(out + 1, data, size)
    w.length = out + 1 + size - w.out
    return 0


cdef inline int put_class(
    Writer* w, Entry* entry, unsigned char new, unsigned char low, unsigned char known
) except -1:
    """Write which class an instance or a converted value is of: its entry, or its number."""
    cdef ClassSlot* slot
    if entry.index >= w.memo.classes_room:
        memo_grow_classes(&w.memo, entry.index)
    slot = &w.memo.classes[entry.index]
    if slot.epoch != w.memo.epoch:
        slot.epoch, slot.number = w.memo.epoch, w.memo.next_class
        w.memo.next_class += 1
        reserve(w, entry.size + 32)
        put(w, new)
        memcpy(w.out + w.length, entry.data, entry.size)
        w.length += entry.size
    elif slot.number < 16:
        put(w, <unsigned char>(low + slot.number))
    else:
        put(w, known)
        put_varint(w, slot.number)
    return 0
