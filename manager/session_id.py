"""The id that a session's cookie carries, and the key that its nodes keep it under.

An id is ``<sid>[-<node>][.<route>[~<worker>]]``. The sid is the secret; node, route and worker are hints that say where
to look first, and a lie in them costs a reload, never access. Invariants: what is not exactly an id is none; an id
without a route has no worker; neither a ``repr`` nor a key gives a sid away.
"""

import re
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Self

NODE_NAME = re.compile(r"[a-z0-9]{1,16}")
"""What a node can be called; to be matched in full."""

ROUTE = re.compile(r"[A-Za-z0-9_-]{1,63}")
"""What the load balancer can call a server; to be matched in full."""

SID_BYTES = 16
SID_DIGITS = 2 * SID_BYTES
WORKER_LENGTH = 8

_ID = re.compile(rf"([0-9a-f]{{32}})(?:-({NODE_NAME.pattern}))?(?:\.({ROUTE.pattern})(?:~([0-9a-z]{{1,8}}))?)?")
_WORKER_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_KEY_PURPOSE = b"memcachedsession"
"""Sets the hashes of this project apart from all others of the same text; blake2b takes 16 bytes."""


@dataclass(frozen=True, slots=True)
class SessionId:
    """A session id in its parts; an absent part is empty.

    Raises
    ------
    ValueError
        There is a worker, but no route.

    >>> id = SessionId.parse("0123456789abcdef0123456789abcdef-n1.app1~x7")
    >>> id.node, id.route, id.worker
    ('n1', 'app1', 'x7')
    >>> print(SessionId(id.sid, "n2"))
    0123456789abcdef0123456789abcdef-n2
    """

    sid: str = field(repr=False)
    """32 hexadecimal digits: the secret. It stays the same while node, route and worker change."""
    node: str = ""
    """The node that holds the backup."""
    route: str = ""
    """The server, as the load balancer calls it."""
    worker: str = ""
    """The process, among those of one route."""

    def __post_init__(self) -> None:
        if self.worker and not self.route:
            raise ValueError(f"worker {self.worker!r} without a route: it tells apart the processes of one route")

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """Return the id that a text is; None if it is none.

        Parameters
        ----------
        text
            What a client sent; anything at all.

        >>> SessionId.parse("0123456789abcdef0123456789abcdef.app-1")
        SessionId(node='', route='app-1', worker='')
        >>> SessionId.parse("admin"), SessionId.parse(None)
        (None, None)
        """
        # No cache: it would keep secrets of sessions that are long gone.
        match = _ID.fullmatch(text) if isinstance(text, str) else None
        return cls(*match.groups("")) if match else None

    @staticmethod
    def sid_of(text: str | None) -> str | None:
        """Return the sid of the id that a text is, without the other parts; None if it is none.

        >>> SessionId.sid_of("0123456789abcdef0123456789abcdef-n1.app1"), SessionId.sid_of("admin")
        ('0123456789abcdef0123456789abcdef', None)
        """
        match = _ID.fullmatch(text) if isinstance(text, str) else None
        return match[1] if match else None

    def __str__(self) -> str:
        """Return the text that `parse` reads: the secret, for the cookie."""
        return self.sid + id_suffix(self.node, self.route, self.worker)


def id_suffix(node: str, route: str, worker: str) -> str:
    """Return what an id has after its sid.

    >>> id_suffix("n1", "app1", "x7"), id_suffix("", "", "")
    ('-n1.app1~x7', '')
    """
    node = f"-{node}" if node else ""
    worker = f"~{worker}" if worker else ""
    return f"{node}.{route}{worker}" if route else node


def sid_from(random: bytes) -> str:
    """Return the secret of a session: 128 bits that nobody can guess, as 32 hexadecimal digits.

    >>> sid_from(bytes(16))
    '00000000000000000000000000000000'
    """
    if len(random) != SID_BYTES:
        raise ValueError(f"a session id is made of {SID_BYTES} random bytes, not {len(random)}")
    return random.hex()


def worker_from(random: bytes) -> str:
    """Return a name for a process, a character for each byte; to be made after a fork, or both would have the same.

    >>> worker_from(bytes(range(8)))
    '01234567'
    """
    # 256 is no multiple of 36: a slight bias, in a name that need not be secret.
    return "".join(_WORKER_ALPHABET[byte % len(_WORKER_ALPHABET)] for byte in random)


def storage_key(sid: str, prefix: str = "") -> str:
    """Return the key under which nodes keep a session: a hash, so that a list of keys opens no session.

    Parameters
    ----------
    sid
        The secret part of the id: the key stays the same wherever the session moves.
    prefix
        The setting ``storage_key_prefix``, at most 200 characters.

    Returns
    -------
    The prefix and 40 hexadecimal digits.

    >>> storage_key("0123456789abcdef0123456789abcdef", "shop:")
    'shop:f071dc0d53798b194945ce5bc42a457a8df48339'
    """
    return prefix + blake2b(sid.encode("ascii"), digest_size=20, person=_KEY_PURPOSE).hexdigest()
