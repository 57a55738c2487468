"""What ``memcached-sessions inspect`` prints: the copies one below the other, or JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from ..escaping import escaped, shortened, shown
from .header_reading import HeaderReading, Limit
from .inspection import Attribute, Copy, Finding, Signature
from .layout import pairs, table
from .quantities import bytes_text, seconds_text

SCHEMA = 1
"""Changes when a field of the JSON is removed or means something else."""

_LONGEST_NAME = 80
_SIGNATURES: dict[Signature, str] = {
    "verified": "verified",
    "invalid": "INVALID: no key that is given here fits",
    "unchecked": "not checked: no key is given here",
    "unsigned": "none",
}


def inspect_text(key: str, findings: Sequence[Finding]) -> list[str]:
    """Return the lines for all nodes.

    >>> print("\\n".join(inspect_text("shop:f071", [Finding("n1", "primary", "a:1", None, None)])))
    key shop:f071
    <BLANKLINE>
    n1 (primary, a:1): nothing
    <BLANKLINE>
    not found
    """
    lines = [f"key {shown(key)}"]
    for finding in findings:
        title = f"{shown(finding.node)} ({finding.role}, {shown(finding.address)})"
        if finding.problem is not None:
            lines += ["", f"{title}: could not be asked: {shown(finding.problem)}"]
        elif finding.copy is None:
            lines += ["", f"{title}: nothing"]
        else:
            lines += [
                "",
                f"{title}: {_title(finding.copy)}",
                *(f"  {line}".rstrip() for line in _copy_lines(finding.copy)),
            ]
    if all(finding.copy is None for finding in findings):
        unanswered = [finding.node for finding in findings if finding.problem is not None]
        lines += [
            "",
            f"not found, and no answer from {shown(', '.join(unanswered))}: it may be there"
            if unanswered
            else "not found",
        ]
    return lines


def inspect_json(key: str, findings: Sequence[Finding]) -> str:
    """Return one JSON object; what cannot be printed is escaped in it."""
    found = any(finding.copy is not None for finding in findings)
    document = {"schema": SCHEMA, "command": "inspect", "key": key, "found": found}
    return json.dumps({**document, "nodes": [asdict(finding) for finding in findings]}, indent=2)


def _title(copy: Copy) -> str:
    if copy.kind == "no envelope":
        return "an item that is no envelope: something else has written it, or it is damaged from its first byte on"
    if copy.kind == "tombstone":
        return "a tombstone: the session was destroyed or rotated"
    return "a session"


def _copy_lines(copy: Copy) -> list[str]:
    header = copy.header
    rows = [] if header is None else _header_rows(header)
    if header is not None:
        rows.append(("signature", _SIGNATURES[copy.signature]))
    rows += [
        ("item", f"{bytes_text(copy.item_bytes)}, of which value {bytes_text(copy.value_bytes)}"),
        ("time to live", "for ever" if copy.ttl is None else seconds_text(copy.ttl)),
        ("client flags", f"{copy.client_flags:#010x}"),
        ("cas", str(copy.cas)),
    ]
    if copy.problem is not None:
        rows.append(("not decoded" if copy.kind == "session" else "problem", copy.problem))
    lines = pairs(rows)
    if copy.attributes is not None:
        lines += ["", *_attribute_lines(copy.attributes)]
    return lines


def _header_rows(header: HeaderReading) -> list[tuple[str, str]]:
    rows = [
        ("created", header.created or "?"),
        ("accessed", header.accessed or "?"),
        ("idle limit", _limit(header.idle_limit)),
        ("absolute limit", _limit(header.absolute_limit)),
        ("touch interval", "?" if header.touch_interval is None else f"{header.touch_interval} s"),
        ("counter", "?" if header.counter is None else str(header.counter)),
        ("version vector", _vector(header)),
        ("serializer", "?" if header.serializer is None else escaped(header.serializer)),
        ("format", f"version {'?' if header.format_version is None else header.format_version}{_flags(header)}"),
        ("payload", _payload(header)),
    ]
    if header.key_matches is False:
        rows.append(("key", "the header is of another one"))
    return rows


def _vector(header: HeaderReading) -> str:
    if header.version_vector is None:
        return "?"
    return ", ".join(f"{entry.writer} {entry.saves}" for entry in header.version_vector) or "empty"


def _flags(header: HeaderReading) -> str:
    words = [f"compressed by {header.compression}"] if header.compression is not None else []
    words += [word for word, is_set in (("signed", header.signed), ("dead", header.dead)) if is_set]
    return "".join(f", {word}" for word in words)


def _payload(header: HeaderReading) -> str:
    whole, stored = header.payload_bytes, header.stored_payload_bytes
    if whole is None or stored is None:
        return "?"
    return bytes_text(whole) if whole == stored else f"{bytes_text(whole)}, stored as {bytes_text(stored)}"


def _limit(limit: Limit | None) -> str:
    return "?" if limit is None else limit if isinstance(limit, str) else f"{limit} s"


def _attribute_lines(attributes: Sequence[Attribute]) -> list[str]:
    if not attributes:
        return ["no attributes"]
    with_values = any(attribute.value is not None for attribute in attributes)
    rows = [
        [
            shortened(escaped(attribute.name), _LONGEST_NAME),
            attribute.type,
            "?" if attribute.bytes is None else str(attribute.bytes),
            *([attribute.value or ""] if with_values else []),
        ]
        for attribute in attributes
    ]
    return table(("attribute", "type", "bytes", *(["value"] if with_values else [])), rows, right=["bytes"])
