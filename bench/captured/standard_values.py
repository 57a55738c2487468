"""Values of the standard library's types anonymized, each in its own way.

Dates and hours are moved by one distance for all of them, and what is smaller than an hour is drawn; time zones stay.
Invariant: what comes out is of the same type, and is written in as many characters, as far as the type allows that (a
network keeps its prefix, a UUID its version).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath
from random import Random
from typing import Any, cast
from uuid import UUID

from .numbers import Numbers
from .texts import Texts

_LONGEST_MOVE = 3650
"""Days."""

_PATHS = (PosixPath, PurePosixPath, PureWindowsPath, WindowsPath)
_ADDRESSES = (IPv4Address, IPv6Address)
_WITH_PREFIX = (IPv4Interface, IPv4Network, IPv6Interface, IPv6Network)

_FIXED = 0xF << 76 | 0xC << 60
"""The bits of a UUID that say of which version and variant it is."""

_TIMESTAMP_VERSIONS = (6, 7)
_MOMENT = 104
"""Bits of a UUID of these versions behind those that change every few hours."""


class StandardValues:
    """Anonymizes values of the standard library's types.

    Parameters
    ----------
    numbers, texts
        What anonymizes the numbers and the strings in them.
    random
        What is drawn from.
    """

    def __init__(self, numbers: Numbers, texts: Texts, random: Random) -> None:
        self._numbers = numbers
        self._texts = texts
        self._random = random
        self._days = random.randint(1, _LONGEST_MOVE)
        self._hours = random.randint(1, 23)
        self._known: dict[Any, Any] = {}
        self._beginnings: dict[int, int] = {}
        self._by_class: Mapping[type, Callable[[Any], Any]] = {
            Decimal: numbers.decimal,
            Fraction: numbers.fraction,
            complex: lambda number: complex(numbers.floating(number.real), numbers.floating(number.imag)),
            range: lambda span: range(*map(numbers.integer, (span.start, span.stop, span.step))),
            datetime: self._moment,
            date: self._date,
            time: self._time,
            timedelta: self._span,
            timezone: self._zone,
            UUID: self._uuid,
            **dict.fromkeys(_PATHS, self._path),
            **dict.fromkeys(_ADDRESSES, self._address),
            **dict.fromkeys(_WITH_PREFIX, self._with_prefix),
        }

    def __contains__(self, cls: type) -> bool:
        """Whether values of a class are known here."""
        return cls in self._by_class

    def replaced(self, value: Any) -> Any:
        """Return what stands for a value of one of these classes, a date or time without its zone."""
        key = cast("type[object]", type(value)), repr(value)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._by_class[type(value)](value)
        return known

    def _date(self, day: date) -> date:
        return date.fromordinal((day.toordinal() - 1 + self._days) % date.max.toordinal() + 1)

    def _moment(self, moment: datetime) -> datetime:
        return datetime.combine(self._date(moment.date()), self._time(moment.time()))

    def _time(self, clock: time) -> time:
        if not (clock.hour or clock.minute or clock.second or clock.microsecond):
            return clock  # midnight stands for a day
        below = self._numbers.below
        return clock.replace(
            hour=(clock.hour + self._hours) % 24,
            minute=below(clock.minute, 60),
            second=below(clock.second, 60),
            microsecond=below(clock.microsecond, 1_000_000),
        )

    def _span(self, span: timedelta) -> timedelta:
        below = self._numbers.below
        return timedelta(
            self._numbers.integer(span.days), below(span.seconds, 86_400), below(span.microseconds, 1_000_000)
        )

    def _zone(self, zone: timezone) -> timezone:
        named = repr(zone).count(",") > repr(zone.utcoffset(None)).count(",")
        return timezone(zone.utcoffset(None), self._texts.replaced(zone.tzname(None))) if named else zone

    def _uuid(self, value: UUID) -> UUID:
        bits = value.int & _FIXED | self._random.getrandbits(128) & ~_FIXED
        if value.version in _TIMESTAMP_VERSIONS:
            # Those made near each other begin alike, and so do these.
            beginning = value.int >> _MOMENT
            first = self._beginnings.setdefault(beginning, self._random.getrandbits(128 - _MOMENT))
            bits = first << _MOMENT | bits & (1 << _MOMENT) - 1
        return UUID(int=bits, is_safe=value.is_safe)

    def _path(self, path: PurePath) -> PurePath:
        return type(path)(self._texts.replaced(str(path)))

    def _address(self, address: IPv4Address | IPv6Address) -> Any:
        if isinstance(address, IPv4Address):
            octets = (self._numbers.below(octet, 256) if octet > 1 else octet for octet in address.packed)
            return IPv4Address(bytes(octets))
        groups = (int(group, 16) for group in address.exploded.partition("%")[0].split(":"))
        zone = f"%{self._texts.replaced(address.scope_id)}" if address.scope_id else ""
        return IPv6Address(":".join(f"{self._group(group):x}" for group in groups) + zone)

    def _group(self, group: int) -> int:
        digits = len(f"{group:x}")
        return self._random.randrange(16 ** (digits - 1), 16**digits) if group > 1 else group

    def _with_prefix(self, value: Any) -> Any:
        if isinstance(value, (IPv4Network, IPv6Network)):
            return type(value)((self._address(value.network_address), value.prefixlen), strict=False)
        return type(value)(f"{self._address(value.ip)}/{value.network.prefixlen}")
