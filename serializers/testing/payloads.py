"""Prints the payload of every sample in hexadecimal, for comparison with another process.

``PYTHONHASHSEED=1 python -m memcached_sessions.serializers.testing.payloads json '{}'``
"""

import json
import sys

from ..available import get_serializer
from ..errors import SerializationError
from ..protocol import Serializer
from .sample_classes import sample_registry
from .samples import SAMPLES


def payloads(serializer: Serializer) -> dict[str, str]:
    """Return the payload of every sample that is kept, by the name of the sample."""
    found: dict[str, str] = {}
    for sample in SAMPLES:
        try:
            found[str(sample)] = serializer.dumps(sample.make()).hex()
        except SerializationError:
            continue
    return found


if __name__ == "__main__":
    json.dump(payloads(get_serializer(sys.argv[1], registry=sample_registry(), **json.loads(sys.argv[2]))), sys.stdout)
