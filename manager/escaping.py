"""What may be put on a terminal or into a log of text that anybody may have written: of sessions, of servers.

Invariant: what these functions return is printable, spaces included: no control character, no line break, nothing that
turns the direction of writing around, and no half of a surrogate pair.
"""


def shown(text: str) -> str:
    """Return a text with everything that cannot be printed escaped; what can be printed stays as it is.

    >>> print(shown("Stra\\u00dfe \\x1b[31m"))
    Straße \\x1b[31m
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text)


def escaped(text: str) -> str:
    """Return a text like `shown`, with backslashes doubled: different texts look different.

    >>> print(escaped("C:\\\\n"), escaped("C:\\n"))
    C:\\\\n C:\\n
    """
    return shown(text.replace("\\", "\\\\")) if text.isprintable() else "".join(map(_unambiguous, text))


def quoted(text: str) -> str:
    """Return a text `escaped` and in double quotes; Python reads it as the same text.

    >>> print(quoted('say "yes"\\n'))
    "say \\"yes\\"\\n"
    """
    return '"{}"'.format(escaped(text).replace('"', '\\"'))


def shortened(text: str, limit: int) -> str:
    """Return a text, or its beginning with ``...`` for the rest: at most `limit` characters, at least three.

    >>> shortened("attribute", 6)
    'att...'
    """
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def _unambiguous(character: str) -> str:
    return character if character.isprintable() and character != "\\" else _escape(character)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
