"""Serializers: objects to bytes and back, as plug-ins, with converters that work in every format.

This package knows nothing of sessions, memcached or the web.

>>> from decimal import Decimal
>>> serializer = get_serializer("msgpack")
>>> serializer.loads(serializer.dumps({"total": Decimal("9.90"), "seats": (3, 4)}))
{'total': Decimal('9.90'), 'seats': (3, 4)}
"""

from .available import SerializerInfo, available_serializers, get_serializer
from .converter import Converter, FieldsConverter
from .errors import DeserializationError, NotInstalledError, PluginError, SerializationError
from .protocol import Capabilities, LibraryCall, LibraryCalls, Serializer, Variants
from .registering import register
from .registry import DEFAULT, ConverterRegistry

__all__ = [
    "DEFAULT",
    "Capabilities",
    "Converter",
    "ConverterRegistry",
    "DeserializationError",
    "FieldsConverter",
    "LibraryCall",
    "LibraryCalls",
    "NotInstalledError",
    "PluginError",
    "SerializationError",
    "Serializer",
    "SerializerInfo",
    "Variants",
    "available_serializers",
    "get_serializer",
    "register",
]
