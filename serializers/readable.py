"""Text of a plug-in as one line that every terminal, file and report can hold.

A plug-in may say anything: lone surrogates, which no file takes, escape sequences that move the cursor, or nothing,
because saying it raises. Invariant: what comes out is printable, has no line break, and can be encoded in UTF-8.
"""


def readable(text: object) -> str:
    r"""Return what a plug-in says in one line; characters that cannot be printed are escaped.

    Parameters
    ----------
    text
        A text, or what `str` makes one of.

    >>> print(readable("no such field:\n  \ud800\x1b[2J"))
    no such field: \ud800\x1b[2J
    """
    try:
        line = " ".join(str(text).split())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a __str__ of somebody else's may raise anything
        return f"{type(text).__qualname__}, which cannot be told: its __str__ raises {type(error).__qualname__}"
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)


def readable_error(error: BaseException) -> str:
    """Return what was raised in one line, with its type.

    >>> readable_error(KeyError("price"))
    "KeyError: 'price'"
    """
    return f"{readable(type(error).__qualname__)}: {readable(error)}"
