"""A row of the reports: a serializer with its options under a label, and how another process is told which."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from ..serializers import ConverterRegistry, Serializer, SerializerInfo
from .case import Option, made
from .floor import FLOOR
from .references import references


class RowData(TypedDict):
    """A row as JSON carries it."""

    serializer: str
    label: str
    options: dict[str, Option]


@dataclass(frozen=True)
class Row:
    """A serializer with its options under a label."""

    serializer: str
    """The name of its entry point, or of a library alone."""
    label: str
    options: dict[str, Option]

    @property
    def is_library(self) -> bool:
        """Whether it is a library alone, which raises what it likes."""
        return self.serializer in references()

    def make(self, registry: ConverterRegistry) -> Serializer:
        """Return the serializer.

        Raises
        ------
        PluginError
            There is no such serializer, or it is broken.
        """
        return made(self.serializer, self.options, registry)

    def data(self) -> RowData:
        """Return it as JSON carries it."""
        return RowData(serializer=self.serializer, label=self.label, options=self.options)


def row_of(data: RowData) -> Row:
    """Return a row that was sent.

    >>> row_of(RowData(serializer="json", label="json", options={})).is_library
    False
    """
    return Row(data["serializer"], data["label"], data["options"])


def every_row(infos: Iterable[SerializerInfo]) -> list[Row]:
    """Return the rows of serializers that can be asked something: not the broken ones, nor the floor of reading.

    >>> from memcached_sessions.serializers import available_serializers
    >>> [row.label for row in every_row([available_serializers()["json"]])]
    ['json']
    """
    asked = [info for info in infos if info.broken is None and info.name != FLOOR]
    return [Row(info.name, label, dict(options)) for info in asked for label, options in info.variants.items()]
