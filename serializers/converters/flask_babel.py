"""The lazy strings of Flask-Babel: kept, and read, as the text that they are at that moment, in the locale of the
request."""

from ..registry import ConverterRegistry
from .plain_data import expect


def register_converters(registry: ConverterRegistry) -> None:
    """Register them once Flask-Babel is imported."""
    registry.when_imported("flask_babel.speaklater", _register)


def _register(registry: ConverterRegistry) -> None:
    from flask_babel.speaklater import LazyString  # noqa: PLC0415 - it was imported

    registry.register(LazyString, tag="flask_babel.LazyString", encode=str, decode=lambda p: expect(str, p))
