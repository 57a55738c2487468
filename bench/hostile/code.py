"""Bytes that run code, if somebody does what they name: each makes a folder, whose name is in the payload.

Every serializer gets all of them, whatever its format is: what reads pickles, or evaluates text, is found by what it
does and not by what it says.
"""

import base64
import os
import pickle
import subprocess
import zlib
from builtins import eval as evaluate
from builtins import exec as execute
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_CALLS = ("os.mkdir", "posix.mkdir", "os:mkdir")
"""Names under which a format that can name a function would find the one that makes a folder."""
_EXTENSIONS = range(128)
_CBOR_TAGS = (*range(64), *range(256, 272), 4000)
_OUR_CALLS = b"cmemcached_sessions.serializers.formats.pickle\n"


@dataclass(frozen=True)
class _Gadget:
    """Is pickled as a call."""

    call: Callable[..., Any]
    arguments: tuple[object, ...]

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.call, self.arguments


def code(folder: str) -> Iterator[bytes]:
    """Yield payloads that make a folder within `folder`, each with another name.

    >>> b"/nowhere/0" in next(code("/nowhere"))
    True
    """
    numbers = iter(range(1 << 20))

    def mark() -> str:
        return f"{folder}/{next(numbers)}"

    yield from _pickles(mark)
    yield from _opcodes(mark)
    yield from _texts(mark)
    for name in _CALLS:
        yield from _tagged(name, mark)
    for wrap in (zlib.compress, base64.b64encode, base64.urlsafe_b64encode):
        yield wrap(_pickled(mark(), pickle.HIGHEST_PROTOCOL))
    for number in _EXTENSIONS:
        inner = _pickled(mark(), pickle.HIGHEST_PROTOCOL)
        # A msgpack extension, whose length has one byte or two:
        head = b"\xc7" + bytes([len(inner)]) if len(inner) < 256 else b"\xc8" + len(inner).to_bytes(2)
        yield head + bytes([number]) + inner
    for number in _CBOR_TAGS:
        inner = _pickled(mark(), pickle.HIGHEST_PROTOCOL)
        head = b"\x58" + bytes([len(inner)]) if len(inner) < 256 else b"\x59" + len(inner).to_bytes(2)
        yield b"\xd9" + number.to_bytes(2) + head + inner


def _pickled(mark: str, protocol: int) -> bytes:
    return pickle.dumps({"cart": _Gadget(os.mkdir, (mark,))}, protocol)


def _pickles(mark: Callable[[], str]) -> Iterator[bytes]:
    """Yield pickles of every protocol that call what is known for it."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield _pickled(mark(), protocol)
        for gadget in (
            _Gadget(subprocess.getoutput, (f"mkdir '{mark()}'",)),
            _Gadget(subprocess.call, (["mkdir", mark()],)),
            _Gadget(execute, (_statement(mark()),)),
            _Gadget(evaluate, (_expression(mark()),)),
            _Gadget(map, (os.mkdir, [mark()])),
        ):
            yield pickle.dumps({"cart": [gadget]}, protocol)


def _opcodes(mark: Callable[[], str]) -> Iterator[bytes]:
    """Yield pickles that no pickler writes: other ways to a call, and misuse of the calls that our own pickles name."""
    yield f"cos\nmkdir\n(V{mark()}\ntR.".encode()
    yield f"(ios\nmkdir\nV{mark()}\n.".encode()
    yield f"(V{mark()}\nios\nmkdir\n.".encode()
    yield f"(cos\nmkdir\nV{mark()}\no.".encode()
    yield f"cbuiltins\ngetattr\n(cos\n__dict__\nVmkdir\ntR(V{mark()}\ntR.".encode()
    yield f"\x80\x04\x8c\x02os\x8c\x05mkdir\x93(V{mark()}\nt\x81.".encode("latin-1")
    for call in ("os.mkdir", "builtins.eval", "path"):
        yield _OUR_CALLS + f"lift\n(V{call}\nV{mark()}\ntR.".encode()
        yield _OUR_CALLS + f"create\n(V{call}\ntR.".encode()
    yield _OUR_CALLS + f"lift\n}}(V_call\ncos\nmkdir\nub(V{mark()}\ntR.".encode()
    yield _OUR_CALLS + f"_Call.__init__\n(cos\nmkdir\nV{mark()}\ntR.".encode()


def _texts(mark: Callable[[], str]) -> Iterator[bytes]:
    """Yield what runs when text is evaluated, or when a library makes the objects that JSON or YAML name."""
    for wrapped in ("{}", "{{'cart': {}}}", "[{}]"):
        yield wrapped.format(_expression(mark())).encode()
    yield _statement(mark()).encode()
    yield f'{{"py/reduce": [{{"py/function": "os.mkdir"}}, {{"py/tuple": ["{mark()}"]}}]}}'.encode()
    yield f'{{"py/object/apply": "os.mkdir", "args": ["{mark()}"]}}'.encode()
    yield f"!!python/object/apply:os.mkdir ['{mark()}']".encode()
    yield f"cart: !!python/object/new:os.mkdir ['{mark()}']".encode()


def _tagged(name: str, mark: Callable[[], str]) -> Iterator[bytes]:
    """Yield payloads of our formats with a function in the place of a class."""
    tag = name.encode()
    path = mark().encode()
    yield b'{"$' + tag + b'": "' + path + b'"}'
    yield b'{"$' + tag + b'": ["' + path + b'"]}'
    yield b'{"$": {"$' + tag + b'": ["' + path + b'"]}}'
    text = b"\xda" + len(path).to_bytes(2) + path
    for plain in (text, b"\x91" + text):
        yield b"\x92\xc7\x00\x02\x81\xc7" + bytes([len(tag), 1]) + tag + plain
        yield b"\x81\xa1$\x81" + bytes([0xA1 + len(tag)]) + b"$" + tag + plain
    text = b"\x79" + len(path).to_bytes(2) + path
    for plain in (text, b"\x81" + text):
        yield b"\xd8\x1b\x82" + bytes([0x60 + len(tag)]) + tag + plain
    text = b"\xa9" + bytes([len(path) & 0x7F | 0x80, len(path) >> 7]) + path
    yield b"\x01\xb6" + bytes([len(tag)]) + tag + text
    yield b"\x01\xcb" + bytes([len(tag)]) + tag + text
    yield b"\x01\xb4" + bytes([len(tag)]) + tag + b"\x01\x04path" + text


def _expression(mark: str) -> str:
    return f"__import__('os').mkdir({mark!r})"


def _statement(mark: str) -> str:
    return f"import os; os.mkdir({mark!r})"
