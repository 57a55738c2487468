"""The errors of this package: what could not be written or read, where in the value, and what to do.

Invariant: whatever goes wrong inside a format library, a converter or hostile bytes, callers see one of the first two;
both are `ValueError`. The exception that one was made from is its ``__cause__``. A message that names a place shows
types, field names and keys, never values of the session; one without a place quotes what a library or, under `pickle`
and `compact`, a converter said of bytes that it could not read.
"""


class SerializationError(ValueError):
    """A value cannot be kept as it is by this format, or not at all; nothing was written.

    Parameters
    ----------
    problem
        What happened and what to do, without the place.
    path
        Where in the value, such as ``"cart.items[3].price"``; empty for the value itself.

    >>> str(SerializationError("json keeps no cycles", path="menu.parent"))
    'menu.parent: json keeps no cycles'
    """

    def __init__(self, problem: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.problem = problem
        self.path = path


class DeserializationError(ValueError):
    """These bytes do not hold a value of this format, or hold one that this process cannot make.

    Parameters are those of `SerializationError`; `path` is where in the value that was being read, as far as known.
    """

    def __init__(self, problem: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.problem = problem
        self.path = path


def problem_without_values(error: Exception) -> str:
    """Return what a serializer said of a value that it could not write, but for what may quote the value.

    >>> problem_without_values(SerializationError("json keeps no cycles", path="menu.parent"))
    'json keeps no cycles'
    >>> try:
    ...     raise SerializationError("tool cannot write this value: KeyError: 'secret'") from KeyError("secret")
    ... except SerializationError as error:
    ...     problem_without_values(error)
    'it cannot be written: KeyError'
    """
    cause = error.__cause__ or error
    if isinstance(error, SerializationError) and (error.path or isinstance(cause, SerializationError)):
        return error.problem
    return f"it cannot be written: {type(cause).__name__}"


class PluginError(LookupError):
    """No installed serializer, converter or workload can be had by this name; the message says why."""


class NotInstalledError(PluginError):
    """A plug-in is there and works once a library is installed, which an extra brings.

    Parameters
    ----------
    missing
        What Python said of the library.
    extra
        What to install, as pip is told.

    >>> str(NotInstalledError(ModuleNotFoundError("No module named 'msgspec'"), "memcached-sessions[msgspec]"))
    "No module named 'msgspec': pip install 'memcached-sessions[msgspec]'"
    """

    def __init__(self, missing: ModuleNotFoundError, extra: str) -> None:
        super().__init__(f"{missing}: pip install '{extra}'")
