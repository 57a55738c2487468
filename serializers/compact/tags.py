"""The bytes that say what follows, as in the table of FORMAT.md, and the limits that writers and readers keep."""

VERSION = 1
"""The first byte of a payload."""

# A value, length or number is in the tag itself.
SMALL_INT, SMALL_INTS = 0x00, 32
SHORT_ASCII, SHORT_ASCIIS = 0x20, 32
LOW_STRING_REFERENCE, LOW_STRING_REFERENCES = 0x40, 32
SHORT_LIST, SHORT_DICT, SHORT_TUPLE, SHORT_LENGTHS = 0x60, 0x68, 0x70, 8
LOW_INSTANCE, LOW_CONVERTED, LOW_CLASSES = 0x80, 0x90, 16

NONE, FALSE, TRUE = 0xA0, 0xA1, 0xA2
INT8, INT16, INT32, INT64, BIG_INT = 0xA3, 0xA4, 0xA5, 0xA6, 0xA7
FLOAT = 0xA8
ASCII, TEXT, STRING_REFERENCE = 0xA9, 0xAA, 0xAB
BYTES, BYTEARRAY = 0xAC, 0xAD
LIST, DICT, TUPLE, SET, FROZENSET = 0xAE, 0xAF, 0xB0, 0xB1, 0xB2
REFERENCE = 0xB3
NEW_INSTANCE, INSTANCE = 0xB4, 0xB5
NEW_CONVERTED, CONVERTED, NEW_VALUE_TYPE = 0xB6, 0xB7, 0xCB

# Each of these is for whole seconds; the next one is for microseconds.
DATETIME, DATETIME_UTC, DATETIME_ZONE = 0xB8, 0xBA, 0xBC
DATE = 0xBE
TIME, TIME_ZONE = 0xBF, 0xC1
TIMEDELTA = 0xC3
UTC, TIMEZONE, NAMED_TIMEZONE = 0xC4, 0xC5, 0xC6
DECIMAL, OTHER_DECIMAL = 0xC7, 0xC8
UUID, UUID_SAFETY = 0xC9, 0xCA

NUMBERED_STRINGS = range(2, 256)
"""Lengths in bytes of the strings that get a number."""
MAX_DEPTH = 500
"""Levels of values within each other."""
MAX_HASHED_WEIGHT = 1 << 20
"""What the references inside dict keys and elements of sets weigh in all."""
MAX_COPIED = 1 << 30
"""Bytes that references in the plain data of converters may stand for in all; `max_size` if that is less."""
MAX_NESTED_SETS = 32
"""Frozensets of two or more elements within each other's sort keys."""
SORT_KEYS_PER_SIZE = 8
"""Bytes of sort keys for each byte of `max_size`."""
MAX_VARINT = 9
"""Bytes of a varint."""
DECIMAL_DIGITS, DECIMAL_EXPONENT = 18, 1000
"""The longest coefficient and the largest exponent of a decimal that is written as two numbers."""
