"""What the value of one setting may be, how it is checked, and how the environment's text becomes such a value.

Invariant: a value that is not allowed ends in a `SettingError` with the setting, the value and what is allowed; a text
that stands for no value is such a value itself. Values of secret settings are never shown.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from ..serializers import PluginError, Serializer, get_serializer
from ..serializers.plugins import optional_converters
from .errors import ConfigurationError

_SHOWN = 200  # characters of a value
_KEY_BYTES = 16
_FUNCTION = re.compile(r"[\w.]+:\w+")
_WORDS = {True: ("true", "1", "yes"), False: ("false", "0", "no")}


class SettingError(ConfigurationError):
    """One setting has a value that cannot be used.

    Parameters
    ----------
    setting
        Its name.
    value
        What was given; for a secret something that stands for it.
    allowed
        What could have been given.
    reason
        Why it cannot be used, where that is not plain.

    >>> print(SettingError("copies", 0, "1"))
    copies cannot be 0; allowed: 1
    """

    def __init__(self, setting: str, value: object, allowed: str, *, reason: str = "") -> None:
        shown = repr(value)
        if len(shown) > _SHOWN:
            shown = f"{shown[:_SHOWN]}..."
        super().__init__(f"{setting} cannot be {shown}{f', {reason}' if reason else ''}; allowed: {allowed}")
        self.setting = setting


class _Secret:
    def __repr__(self) -> str:
        return "(hidden)"


HIDDEN = _Secret()
"""Stands for a secret in messages."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting may be."""

    allowed: str
    """As messages say it."""
    fits: Callable[[object], bool]
    """Whether a value other than None is allowed; a `ValueError` says no, and why not."""
    read: Callable[[str], object] = str
    """The value that a text of the environment stands for; the text itself if it stands for none."""
    optional: bool = False
    """Whether None is allowed."""
    secret: bool = False
    """Whether no message may show the value."""

    def check(self, setting: str, value: object) -> None:
        """Refuse a value that is not allowed.

        Raises
        ------
        ConfigurationError
            With the setting, the value and what is allowed.

        >>> number(1, 10, "nodes").check("copies", "2")
        Traceback (most recent call last):
            ...
        memcached_sessions.manager.setting_rules.SettingError: copies cannot be '2'; allowed: nodes, a \
whole number from 1 to 10
        """
        if value is None and self.optional:
            return
        reason = ""
        try:
            if self.fits(value):
                return
        except ValueError as error:
            reason = str(error)
        allowed = f"{self.allowed}, or None" if self.optional else self.allowed
        raise SettingError(setting, HIDDEN if self.secret else value, allowed, reason=reason)

    def from_text(self, text: str) -> object:
        """Return the value that a text of the environment stands for; ``none`` is None where that is allowed."""
        return None if self.optional and text.lower() == "none" else self.read(text)


def choice(values: tuple[object, ...], *, allowed: str = "", optional: bool = False) -> Rule:
    """Return the rule of a setting that has one of a few values; ``allowed`` where a list of them says too little."""

    def fits(value: object) -> bool:
        return any(type(value) is type(known) and value == known for known in values)  # 1 is not True

    def read(text: str) -> object:
        for known in values:
            spellings = _WORDS[known] if isinstance(known, bool) else (str(known).lower(),)
            if text.lower() in spellings:
                return known
        return text

    return Rule(allowed or " or ".join(map(repr, values)), fits, read, optional)


def flag() -> Rule:
    """Return the rule of a setting that is on or off."""
    return choice((True, False))


def number(low: float, high: float, unit: str, *, whole: bool = True, optional: bool = False) -> Rule:
    """Return the rule of a number from ``low`` to ``high``, of a unit that messages name."""

    def fits(value: object) -> bool:
        return (type(value) is int or (type(value) is float and not whole)) and low <= value <= high

    def read(text: str) -> object:
        for type_ in (int, float):
            try:
                return type_(text)
            except ValueError:
                continue
        return text

    return Rule(f"{unit}, a {'whole ' if whole else ''}number from {low} to {high}", fits, read, optional)


def text(pattern: str, allowed: str, *, optional: bool = False, secret: bool = False) -> Rule:
    """Return the rule of a text that a regular expression matches in full."""
    expression = re.compile(pattern)
    return Rule(
        allowed, lambda value: isinstance(value, str) and bool(expression.fullmatch(value)), str, optional, secret
    )


def nodes() -> Rule:
    """Return the rule of the nodes, which `parse_node_list` checks."""
    return Rule("nodes", lambda _: True)


def node_names() -> Rule:
    """Return the rule of names of nodes, which `parse_node_list` checks."""
    return Rule("names of nodes", lambda _: True, optional=True)


def regex() -> Rule:
    """Return the rule of a setting that is a regular expression."""

    def fits(value: object) -> bool:
        if not isinstance(value, str) or not value:
            return False
        try:
            re.compile(value)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"it is no regular expression: {error}") from error
        return True

    return Rule("a regular expression", fits, optional=True)


def file() -> Rule:
    """Return the rule of a setting that is the path of a file."""

    def fits(value: object) -> bool:
        if not isinstance(value, str | Path):
            return False
        try:
            return Path(value).is_file()
        except OSError as error:
            raise ValueError(str(error)) from error

    return Rule("the path of a file that is there", fits, optional=True)


def converters() -> Rule:
    """Return the rule of names of functions that register converters, or of converters that are installed."""
    return _several(
        _names_converters,
        'a sequence of names of the form "module:function", or of installed converters to be chosen: "django-models"',
    )


def serializer() -> Rule:
    """Return the rule of a serializer, by name or itself."""

    def fits(value: object) -> bool:
        return _is_serializer_name(value) or (isinstance(value, Serializer) and not isinstance(value, type))

    return Rule("the name of an installed serializer, or a Serializer", fits)


def serializers() -> Rule:
    """Return the rule of names of serializers."""
    return _several(_is_serializer_name, "a sequence of names of installed serializers", optional=True)


def keys() -> Rule:
    """Return the rule of secret keys."""
    return _several(_is_key, f"a sequence of keys of at least {_KEY_BYTES} bytes each, bytes or text", secret=True)


def _several(fits_one: Callable[[object], bool], allowed: str, *, optional: bool = False, secret: bool = False) -> Rule:
    def fits(value: object) -> bool:
        return isinstance(value, tuple) and all(map(fits_one, cast("tuple[object, ...]", value)))

    def read(text: str) -> object:
        return () if text.lower() == "none" else tuple(part.strip() for part in text.split(","))

    return Rule(allowed, fits, read, optional, secret)


def _names_converters(value: object) -> bool:
    return isinstance(value, str) and (bool(_FUNCTION.fullmatch(value)) or value in optional_converters())


def _is_serializer_name(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        get_serializer(value)
    except PluginError as error:
        raise ValueError(str(error)) from error
    return True


def _is_key(value: object) -> bool:
    if isinstance(value, str):
        try:
            value = value.encode()
        except UnicodeEncodeError:  # its message shows a part of the key
            raise ValueError("one of them is no text that UTF-8 can encode") from None
    return isinstance(value, bytes) and len(value) >= _KEY_BYTES


def unknown_setting(name: str, known: Iterable[str]) -> ConfigurationError:
    """Return the error for a name that is no setting, with the one that was probably meant.

    >>> print(unknown_setting("stiky", ["sticky", "route"]))
    there is no setting stiky; did you mean sticky?
    """
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return ConfigurationError(f"there is no setting {name}{f'; did you mean {near[0]}?' if near else ''}")
