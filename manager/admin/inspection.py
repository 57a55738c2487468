"""What the nodes hold of one session: each copy, decoded by the rules of the manager, or why it cannot be.

The fields are those of the JSON that ``memcached-sessions inspect --json`` prints. Invariant: bytes are decoded only as
the manager with these settings would: by a serializer that is accepted, and with keys only if they verify.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from ...serializers import SerializationError, get_serializer
from ..envelope import Envelope
from ..errors import ConfigurationError, StoreError, UndecodableError
from ..session_codec import SessionCodec
from ..session_id import SessionId, storage_key
from ..settings import Settings
from ..signing import MAC_SIZE, Signer
from ..stores.greeting import greet
from ..stores.meta_commands import get_command
from ..stores.store import Item
from ..stores.store_arguments import item_size
from .asking import ReadOnlyClient, WouldWriteError, ask_all
from .header_reading import HeaderReading, read_header
from .node_report import Role, place
from .value_text import type_text, value_text

Kind = Literal["session", "tombstone", "no envelope"]
Signature = Literal["verified", "invalid", "unchecked", "unsigned"]

_HASH = re.compile(r"[0-9a-f]{40}")
_KEY = re.compile(r"[!-~]{0,200}[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a session."""

    name: str
    type: str
    """Of the decoded value."""
    bytes: int | None
    """Encoded by itself with the session's serializer; what attributes share counts in each. None: it cannot be."""
    value: str | None
    """As `value_text` writes it; None if it was not asked for."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What a node holds under the key."""

    kind: Kind
    problem: str | None
    """Why the attributes cannot be decoded; None if they can, and of a tombstone that is valid."""
    header: HeaderReading | None
    """None if it is no envelope."""
    signature: Signature
    """``unchecked``: it is signed, and no key is given here."""
    ttl: int | None
    """Seconds it has to live; None: for ever."""
    item_bytes: int
    """With key and header, as the server counts them against its item limit."""
    value_bytes: int
    client_flags: int
    cas: int
    attributes: tuple[Attribute, ...] | None
    """None if there are none to decode."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one node answered."""

    node: str
    role: Role
    address: str
    problem: str | None
    """Why there is no answer; None if there is one."""
    copy: Copy | None
    """None: nothing is under the key, or there is no answer."""


def key_of(text: str, prefix: str) -> str | None:
    """Return the storage key that a session id, or a storage key, stands for; None if the text is neither.

    Parameters
    ----------
    text
        The value of a cookie, a key with its prefix, or the 40 digits of a key.
    prefix
        The setting ``storage_key_prefix``.

    >>> key_of("0123456789abcdef0123456789abcdef-n1.app1", "shop:")
    'shop:f071dc0d53798b194945ce5bc42a457a8df48339'
    >>> key_of("f071dc0d53798b194945ce5bc42a457a8df48339", "shop:")
    'shop:f071dc0d53798b194945ce5bc42a457a8df48339'
    >>> key_of("0123", "") is None
    True
    """
    session_id = SessionId.parse(text)
    if session_id is not None:
        return storage_key(session_id.sid, prefix)
    if _HASH.fullmatch(text):
        return prefix + text
    # Not any text: a mistyped id would be told to the nodes.
    return text if _KEY.fullmatch(text) else None


def inspect(settings: Settings, key: str, *, value_limit: int | None) -> list[Finding]:
    """Look for a key on all nodes.

    Parameters
    ----------
    key
        A storage key.
    value_limit
        The most characters of an attribute's value; None: values are not shown.

    Raises
    ------
    ConfigurationError
        A function in custom_converters, or a file for TLS, cannot be used.
    """
    codec = _codec(settings)
    findings: list[Finding] = []
    for node, answer in ask_all(settings, lambda _, client, deadline: _fetch(key, client, deadline), key=key):
        problem, copy = None, None
        if isinstance(answer, StoreError):
            problem = answer.problem
        elif answer is not None:
            copy = copy_of(key, answer, codec, settings, value_limit=value_limit)
        findings.append(Finding(*place(settings.node_list, node), problem, copy))
    return findings


def copy_of(key: str, item: Item, codec: SessionCodec, settings: Settings, *, value_limit: int | None) -> Copy:
    """Return what can be said of an item that was found under a key."""
    data = item.value or b""
    header = read_header(key, data)
    problem, attributes = None, None
    try:
        envelope = codec.open(key, item)
        if not envelope.header.dead:
            attributes = _attributes(envelope, codec, value_limit)
    except UndecodableError as error:
        problem = str(error)
    return Copy(
        kind="no envelope" if header is None else "tombstone" if header.dead else "session",
        problem=problem,
        header=header,
        signature=_signature(key, data, header, settings),
        ttl=item.ttl,
        item_bytes=item_size(key, data, item.flags),
        value_bytes=len(data),
        client_flags=item.flags,
        cas=item.cas.unique,
        attributes=attributes,
    )


def _codec(settings: Settings) -> SessionCodec:
    try:
        return SessionCodec(replace(settings, compression=None))  # nothing is written, and reading needs no choice
    except ValueError as error:
        raise ConfigurationError(
            f"{error} (PYTHONPATH names the folders in which modules of the application are found)"
        ) from error


def _fetch(key: str, client: ReadOnlyClient, deadline: float) -> Item | None:
    with suppress(WouldWriteError):  # the server has no generation: it may have lost it, and have sessions
        greet(client, deadline)
    return client.ask(get_command(key, value=True, touch=None, renew=False), deadline)


def _signature(key: str, data: bytes, header: HeaderReading | None, settings: Settings) -> Signature:
    if header is None or not header.signed:
        return "unsigned"
    if not settings.mac_keys:
        return "unchecked"
    verifies = Signer(settings.mac_keys).verifies(key, memoryview(data)[:-MAC_SIZE], data[-MAC_SIZE:])
    return "verified" if verifies else "invalid"


def _attributes(envelope: Envelope, codec: SessionCodec, value_limit: int | None) -> tuple[Attribute, ...]:
    values = codec.decode(envelope)
    name = envelope.header.serializer
    serializer = codec.serializer if codec.serializer.name == name else get_serializer(name)

    def size(value: Any) -> int | None:
        try:
            return len(serializer.dumps(value))
        except SerializationError:
            return None  # shown as unknown: what was read need not be what can be written

    return tuple(
        Attribute(
            name,
            type_text(value),
            size(value),
            None if value_limit is None else value_text(value, value_limit),
        )
        for name, value in values.items()
    )
