"""The scalars and arrays of NumPy: registered once NumPy is imported, see `numpy_scalars` and `numpy_arrays`."""

from ..registry import ConverterRegistry


def register_converters(registry: ConverterRegistry) -> None:
    """Register them once NumPy is imported."""
    registry.when_imported("numpy", _register)


def _register(registry: ConverterRegistry) -> None:
    from . import numpy_arrays, numpy_scalars  # noqa: PLC0415 - NumPy was imported

    numpy_scalars.register_converters(registry)
    numpy_arrays.register_converters(registry)
