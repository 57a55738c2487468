"""The scalars, arrays, indexes, series and frames of pandas 2.2 and later: registered once pandas is imported.

What is kept of each is told in `pandas_scalars`, `pandas_arrays`, `pandas_indexes` and `pandas_tables`.
"""

from ..registry import ConverterRegistry


def register_converters(registry: ConverterRegistry) -> None:
    """Register them once pandas is imported."""
    registry.when_imported("pandas", _register)


def _register(registry: ConverterRegistry) -> None:
    from . import pandas_arrays, pandas_indexes, pandas_scalars, pandas_tables  # noqa: PLC0415 - pandas was imported

    pandas_scalars.register_converters(registry)
    pandas_arrays.register_converters(registry)
    pandas_indexes.register_converters(registry)
    pandas_tables.register_converters(registry)
