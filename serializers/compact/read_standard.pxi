# Reads values of the standard library from the format's own forms.


cdef PyObject* read_datetime(Reader* r, unsigned char tag) except NULL:
    cdef bint precise = tag & 1
    cdef uint64_t number = take_fixed(r, 8 if precise else 5)
    cdef int fold = number & 1
    cdef int microsecond = 0
    cdef uint64_t days
    cdef int seconds
    cdef PyObject* zone
    cdef PyObject* made
    number >>= 1
    if precise:
        microsecond = number % 1000000
        number //= 1000000
    seconds = number % 86400
    days = number // 86400
    if tag >= 0xBC and (days % 31 >= 28 or not 372 <= days < 3720000):
        decref(PyDateTimeAPI.Date_FromDate(  # what is no date is refused before its zone is read
            <int>(days // 372), <int>(days // 31 % 12) + 1, <int>(days % 31) + 1, PyDateTimeAPI.DateType
        ))
    if tag < 0xBA:
        zone = Py_None
    elif tag < 0xBC:
        zone = PyDateTimeAPI.TimeZone_UTC
    else:
        zone = read_zone(r)
    try:
        return PyDateTimeAPI.DateTime_FromDateAndTimeAndFold(
            <int>(days // 372), <int>(days // 31 % 12) + 1, <int>(days % 31) + 1,
            seconds // 3600, seconds // 60 % 60, seconds % 60, microsecond, zone, fold, PyDateTimeAPI.DateTimeType,
        )
    finally:
        if tag >= 0xBC:
            decref(zone)


cdef PyObject* read_zone(Reader* r) except NULL:
    cdef PyObject* zone
    lack(r, 1)
    zone = next_value(r)
    r.depth -= 1
    if not isinstance(<object>zone, tzinfo):
        problem = f"a {type(<object>zone).__qualname__} stands for a time zone"
        decref(zone)
        rejected(problem)
    return zone


cdef PyObject* read_date(Reader* r) except NULL:
    cdef uint64_t days = take_fixed(r, 3)
    return PyDateTimeAPI.Date_FromDate(
        <int>(days // 372), <int>(days // 31 % 12) + 1, <int>(days % 31) + 1, PyDateTimeAPI.DateType
    )


cdef PyObject* read_time(Reader* r, unsigned char tag) except NULL:
    cdef bint precise = tag == 0xC0 or tag == 0xC2
    cdef uint64_t number = take_fixed(r, 5 if precise else 3)
    cdef int fold = number & 1
    cdef int microsecond = 0
    cdef int seconds
    cdef PyObject* zone = Py_None
    number >>= 1
    if precise:
        microsecond = number % 1000000
        number //= 1000000
    if number >= 86400:
        rejected("a time is longer than a day")
    seconds = number
    if tag >= 0xC1:
        zone = read_zone(r)
    try:
        return PyDateTimeAPI.Time_FromTimeAndFold(
            seconds // 3600, seconds // 60 % 60, seconds % 60, microsecond, zone, fold, PyDateTimeAPI.TimeType
        )
    finally:
        if tag >= 0xC1:
            decref(zone)


cdef PyObject* read_timedelta(Reader* r) except NULL:
    cdef int64_t days = unzigzag(take_varint(r))
    cdef uint64_t seconds = take_varint(r)
    cdef uint64_t microseconds = take_varint(r)
    if seconds >= 86400 or microseconds >= 1000000:
        rejected("a timedelta has more than a day of seconds or more than a second of microseconds")
    if not -1000000000 < days < 1000000000:
        timedelta(days, seconds, microseconds)  # raises
    return PyDateTimeAPI.Delta_FromDelta(<int>days, <int>seconds, <int>microseconds, 1, PyDateTimeAPI.DeltaType)


cdef PyObject* read_timezone(Reader* r, bint named) except NULL:
    offset = timedelta(microseconds=unzigzag(take_varint(r)))
    if named:
        lack(r, 1)
        name = owned(next_value(r))
        r.depth -= 1
        zone = timezone(offset, name)
    else:
        zone = timezone(offset)
    incref(<PyObject*>zone)
    return <PyObject*>zone


cdef PyObject* read_decimal(Reader* r) except NULL:
    cdef uint64_t scale = take_varint(r)
    cdef uint64_t coefficient = take_varint(r)
    cdef int64_t exponent = unzigzag(scale >> 1)
    cdef int sign = scale & 1
    if not -1000 <= exponent <= 1000 or coefficient >= <uint64_t>1000000000000000000:
        rejected("a decimal is out of bounds")
    if r.decimals:
        return compact_make_decimal(<PyTypeObject*>Decimal, sign, exponent, coefficient)
    if -18 <= exponent <= 0:
        text = plain_decimal(sign, -exponent, coefficient)
    else:
        text = f"{'-' if sign else ''}{coefficient}E{exponent}"
    return PyObject_CallOneArg(<PyObject*>Decimal, <PyObject*>text)


cdef str plain_decimal(int sign, int places, uint64_t coefficient):
    """Return a decimal of up to 18 places as people write it."""
    cdef char text[40]
    cdef char* at = text + 40
    cdef PyObject* made
    while True:  # from the last digit to the first
        at -= 1
        at[0] = c"0" + <char>(coefficient % 10)
        coefficient //= 10
        places -= 1
        if places == 0:
            at -= 1
            at[0] = c"."
        elif places < 0 and not coefficient:
            break
    if sign:
        at -= 1
        at[0] = c"-"
    made = PyUnicode_New(text + 40 - at, 127)
    memcpy(PyUnicode_DATA(made), at, text + 40 - at)
    return owned(made)


cdef PyObject* read_other_decimal(Reader* r) except NULL:
    cdef uint64_t size = take_varint(r)
    data = PyBytes_FromStringAndSize(<const char*>take(r, size), size)
    value = text_decimal(data.decode("ascii"))
    incref(<PyObject*>value)
    return <PyObject*>value


cdef PyObject* read_uuid(Reader* r, bint says_how) except NULL:
    cdef const unsigned char* data = take(r, 16)
    cdef PyObject* made
    cdef PyObject* safety = <PyObject*>SAFETY_UNKNOWN
    if says_how:
        if r.at < r.end and r.at[0] > 1:
            rejected("a UUID was made in no known way")
        safety = <PyObject*>SAFETY_SAFE if take(r, 1)[0] == 0 else <PyObject*>SAFETY_UNSAFE
    if UUID_INT < 0 or UUID_SAFE < 0:
        value = UUID(bytes=data[:16], is_safe=<object>safety)
        incref(<PyObject*>value)
        return <PyObject*>value
    made = compact_new(<PyTypeObject*>UUID, <PyObject*>NO_ARGUMENTS)
    try:
        compact_at(made, UUID_INT)[0] = compact_int(data, 16, False, False)
    except:
        decref(made)
        raise
    incref(safety)
    compact_at(made, UUID_SAFE)[0] = safety
    return made


cdef tuple NO_ARGUMENTS = ()
