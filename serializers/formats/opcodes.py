"""Reads over the opcodes of a pickle, without running it: `formats.pickle` refuses those that it does not write.

A pickle is a program for a stack machine. What can be done with the objects on its stack is up to its opcodes; a table
of allowed names alone does not bound it.
"""

import pickletools

from ..errors import DeserializationError

_NEVER_WRITTEN = frozenset({
    "BUILD",  # calls __setstate__, or sets any attribute of what is on the stack
    "EXT1", "EXT2", "EXT4",  # stand for globals of the application, from a cache that asks nobody
    "INST", "OBJ", "NEWOBJ_EX", "PERSID", "BINPERSID", "NEXT_BUFFER", "READONLY_BUFFER",
})  # fmt: skip

_LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: -1,
    pickletools.TAKEN_FROM_ARGUMENT4: -4,
    pickletools.TAKEN_FROM_ARGUMENT4U: -4,
    pickletools.TAKEN_FROM_ARGUMENT8U: -8,
}


def _steps() -> list[int]:
    """Return by opcode how far the next one is; negative: of how many bytes the length is that says so; 0: refused.

    Opcodes of protocol 0, whose arguments end with a line, are refused with the others.
    """
    steps = [0] * 256
    for opcode in pickletools.opcodes:
        if opcode.name not in _NEVER_WRITTEN:
            size = opcode.arg.n if opcode.arg else 0
            steps[ord(opcode.code)] = size + 1 if size >= 0 else _LENGTHS.get(size, 0)
    return steps


_STEPS = _steps()


def refuse_other_opcodes(data: bytes) -> None:
    """Refuse a pickle with an opcode that protocol 5 does not need for what `formats.pickle` writes.

    Raises
    ------
    DeserializationError
        There is one.

    >>> import pickle
    >>> refuse_other_opcodes(pickle.dumps({"seats": (1, 2)}, 5))
    >>> refuse_other_opcodes(b"\\x80\\x05}}b.")
    Traceback (most recent call last):
        ...
    memcached_sessions.serializers.errors.DeserializationError: opcode b'b' at byte 4 is not allowed
    """
    position, end = 0, len(data)
    while position < end:
        step = _STEPS[data[position]]
        if step > 0:
            position += step
        elif step:
            content = position + 1 - step
            position = content + int.from_bytes(data[position + 1 : content], "little")
        else:
            raise DeserializationError(f"opcode {data[position : position + 1]!r} at byte {position} is not allowed")
