# Writes values of the standard library in the format's own forms.


cdef int write_native(Writer* w, PyObject* value, Spec* spec) except -1:
    """Write a value of the standard library in the format's own form; there is room for 32 bytes."""
    if spec.kind == KIND_DATETIME:
        return write_datetime(w, value)
    if spec.kind == KIND_DECIMAL:
        return write_decimal(w, value)
    if spec.kind == KIND_UUID:
        return write_uuid(w, value)
    if spec.kind == KIND_DATE:
        put(w, 0xBE)
        put_fixed(w, date_number(value), 3)
        return 0
    if spec.kind == KIND_TIME:
        return write_time(w, value)
    if spec.kind == KIND_TIMEDELTA:
        put(w, 0xC3)
        put_varint(w, zigzag_of(PyDateTime_DELTA_GET_DAYS(value)))
        put_varint(w, PyDateTime_DELTA_GET_SECONDS(value))
        put_varint(w, PyDateTime_DELTA_GET_MICROSECONDS(value))
        return 0
    return write_timezone(w, value)


cdef inline uint64_t zigzag_of(int64_t number) noexcept:
    return <uint64_t>number * 2 if number >= 0 else <uint64_t>-(number + 1) * 2 + 1


cdef inline uint64_t date_number(PyObject* value) noexcept:
    return (
        (<uint64_t>PyDateTime_GET_YEAR(value) * 12 + PyDateTime_GET_MONTH(value) - 1) * 31 + PyDateTime_GET_DAY(value) - 1
    )


cdef int write_datetime(Writer* w, PyObject* value) except -1:
    cdef PyObject* zone = PyDateTime_DATE_GET_TZINFO(value)
    cdef unsigned char tag = 0xB8 if zone == Py_None else 0xBA if zone == PyDateTimeAPI.TimeZone_UTC else 0xBC
    cdef uint64_t microsecond = PyDateTime_DATE_GET_MICROSECOND(value)
    cdef uint64_t clock = (
        date_number(value) * 86400
        + (PyDateTime_DATE_GET_HOUR(value) * 60 + PyDateTime_DATE_GET_MINUTE(value)) * 60
        + PyDateTime_DATE_GET_SECOND(value)
    )
    put_clock(w, tag, clock, microsecond, PyDateTime_DATE_GET_FOLD(value), 5, 8)
    return write_zone(w, zone) if tag == 0xBC else 0


cdef int write_time(Writer* w, PyObject* value) except -1:
    cdef PyObject* zone = PyDateTime_TIME_GET_TZINFO(value)
    cdef uint64_t clock = (
        (PyDateTime_TIME_GET_HOUR(value) * 60 + PyDateTime_TIME_GET_MINUTE(value)) * 60 + PyDateTime_TIME_GET_SECOND(value)
    )
    put_clock(
        w, 0xBF if zone == Py_None else 0xC1, clock, PyDateTime_TIME_GET_MICROSECOND(value),
        PyDateTime_TIME_GET_FOLD(value), 3, 5,
    )
    return 0 if zone == Py_None else write_zone(w, zone)


cdef inline void put_clock(
    Writer* w, unsigned char tag, uint64_t clock, uint64_t microsecond, int fold, int whole, int precise
) noexcept:
    if microsecond:
        put(w, tag + 1)
        put_fixed(w, (clock * 1000000 + microsecond) * 2 + fold, precise)
    else:
        put(w, tag)
        put_fixed(w, clock * 2 + fold, whole)


cdef inline int write_zone(Writer* w, PyObject* zone) except -1:
    deeper(w)
    if w.holding == HOLD_NOW:
        keep(w, zone)
    write_value(w, zone, False)
    w.depth -= 1
    return 0


cdef int write_timezone(Writer* w, PyObject* value) except -1:
    cdef tuple parts
    if value == PyDateTimeAPI.TimeZone_UTC:
        put(w, 0xC4)
        return 0
    parts = (<object>value).__getinitargs__()
    put(w, 0xC5 if len(parts) == 1 else 0xC6)
    put_varint(w, zigzag_of(parts[0] // MICROSECOND))
    if len(parts) > 1:
        keep(w, <PyObject*>parts)
        name = parts[1]
        deeper(w)
        write_value(w, <PyObject*>name, False)
        w.depth -= 1
    return 0


cdef object MICROSECOND = timedelta(microseconds=1)


cdef int write_decimal(Writer* w, PyObject* value) except -1:
    cdef int sign
    cdef Py_ssize_t exponent
    cdef uint64_t coefficient
    cdef bint small
    if w.decimals:
        small = compact_read_decimal(value, &sign, &exponent, &coefficient)
        text = None
    else:
        text = decimal_text(w, value)
        small = parse_decimal(text, &sign, &exponent, &coefficient)
    if small and coefficient < <uint64_t>1000000000000000000 and -1000 <= exponent <= 1000:
        put(w, 0xC7)
        put_varint(w, zigzag_of(exponent) * 2 + sign)
        put_varint(w, coefficient)
        return 0
    data = (decimal_text(w, value) if text is None else <str>text).encode()
    return put_sized(w, 0xC8, <const char*><bytes>data, len(data))


cdef str decimal_text(Writer* w, PyObject* value):
    if DECIMALS_IN_PYTHON:
        stop_trusting(w)
    return DECIMAL_TEXT(<object>value)


cdef object DECIMAL_TEXT = Context(capitals=1).to_sci_string
cdef bint DECIMALS_IN_PYTHON = isinstance(DECIMAL_TEXT, MethodType)  # where this interpreter lacks the module in C


cdef bint parse_decimal(str text, int* sign, Py_ssize_t* exponent, uint64_t* coefficient) except -1:
    """Read what `str` makes of a finite Decimal of up to 18 digits."""
    cdef const char* at = <const char*>PyUnicode_DATA(<PyObject*>text)
    cdef Py_ssize_t digits = 0, after = 0, power = 0
    cdef bint point = False, negative = False
    sign[0], coefficient[0] = 0, 0
    if at[0] == c"-":
        sign[0] = 1
        at += 1
    while c"0" <= at[0] <= c"9" or at[0] == c".":
        if at[0] == c".":
            point = True
        else:
            if coefficient[0] >= <uint64_t>100000000000000000:
                return False
            coefficient[0] = coefficient[0] * 10 + <uint64_t>(at[0] - c"0")
            digits += 1
            after += point
        at += 1
    if not digits:
        return False
    if at[0] == c"E":
        negative = at[1] == c"-"
        at += 2
        while c"0" <= at[0] <= c"9":
            if power > 100000:
                return False
            power = power * 10 + (at[0] - c"0")
            at += 1
    if at[0]:
        return False
    exponent[0] = (-power if negative else power) - after
    return True


cdef int write_uuid(Writer* w, PyObject* value) except -1:
    cdef PyObject* number
    cdef PyObject* safety
    if UUID_INT >= 0 and UUID_SAFE >= 0:
        number, safety = compact_at(value, UUID_INT)[0], compact_at(value, UUID_SAFE)[0]
    else:
        number, safety = <PyObject*>(<object>value).int, <PyObject*>(<object>value).is_safe
    if not number or not safety or type_of(number) != &PyLong_Type:
        raise SerializationError("this UUID has lost its attributes")
    put(w, 0xC9 if safety == <PyObject*>SAFETY_UNKNOWN else 0xCA)
    compact_int_bytes(number, w.out + w.length, 16, False, False)
    w.length += 16
    if safety != <PyObject*>SAFETY_UNKNOWN:
        put(w, 0 if safety == <PyObject*>SAFETY_SAFE else 1)
    return 0


cdef object SAFETY_UNKNOWN = SafeUUID.unknown
cdef object SAFETY_SAFE = SafeUUID.safe
cdef object SAFETY_UNSAFE = SafeUUID.unsafe
cdef object NO_ATTRIBUTE = object()
cdef Py_ssize_t UUID_INT = slot_of(UUID, "int")
cdef Py_ssize_t UUID_SAFE = slot_of(UUID, "is_safe")


cdef Py_ssize_t slot_of(cls, name) except -2:
    attribute = cls.__dict__.get(name, NO_ATTRIBUTE)
    return compact_slot(<PyObject*>attribute, <PyTypeObject*>cls)
