"""The rows that a comparison has unless somebody chooses: every serializer that works or should, and the references.

A serializer that only lacks a library, of an extra that nobody asked for, is no row and no complaint.
"""

from collections.abc import Collection

from ..serializers import SerializerInfo, available_serializers
from .references import reference_infos


def offered(named: Collection[str] = ()) -> dict[str, SerializerInfo]:
    """Return serializers and references by name.

    Parameters
    ----------
    named
        Serializers that are asked for: they are there even where their library is not, as broken.

    >>> {"json", "bare-pickle"} <= set(offered())
    True
    """
    found = {name: info for name, info in available_serializers().items() if info.installed or name in named}
    return found | reference_infos()
