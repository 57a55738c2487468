"""`markupsafe.Markup`: text that templates take as it is, as in flashed messages."""

from ..registry import ConverterRegistry
from .plain_data import expect


def register_converters(registry: ConverterRegistry) -> None:
    """Register it once markupsafe is imported."""
    registry.when_imported("markupsafe", _register)


def _register(registry: ConverterRegistry) -> None:
    from markupsafe import Markup  # noqa: PLC0415 - it was imported

    registry.register(
        Markup,
        tag="markupsafe.Markup",
        encode=str.__str__,
        decode=lambda p: Markup(expect(str, p)),  # noqa: S704 - whoever put it into the session said that it is safe
    )
