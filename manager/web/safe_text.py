"""Text that a template engine takes for safe HTML: a class of each framework, which flash messages and forms put into
sessions."""

from ...serializers import DEFAULT, DeserializationError


def keep_safe_text(cls: type[str], *, tag: str) -> None:
    """Have every serializer keep instances of a class, unless the application has registered it already.

    Parameters
    ----------
    cls
        Of str.
    tag
        Under which it is written.
    """
    if DEFAULT.converter_for(cls) is not None:
        return

    def read(plain: object) -> str:
        if type(plain) is not str:
            raise DeserializationError(f"{tag} is made of text, not of {type(plain).__name__}")
        return cls(plain)

    DEFAULT.register(cls, tag=tag, encode=str.__str__, decode=read)  # str() would return some of them as they are
