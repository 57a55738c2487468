"""Payloads of earlier versions, which must be written and read for ever: the format does not change."""

import sys
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from compact_samples import BERLIN, CET, Color, Item, Node, compact

from memcached_sessions.serializers.fidelity import difference

pytestmark = pytest.mark.usefixtures("implementation")

GOLDEN = Path(__file__).parent / "golden"


def golden_values() -> dict[str, object]:
    """Return the values whose payloads lie in the folder `golden`, in hexadecimal."""
    shared = Item("a-1", Decimal("9.90"))
    cart: dict[str, Any] = {"user": 42, "items": [shared, Item("b-2", shared)], "seats": {(1, "a"), (2, "b")}}
    cart["self"] = cart
    node = Node("root")
    node.links = {"self": node, "peers": [Node("a"), Node("b")], "color": [Color.RED, Color.BLUE, Color.RED]}
    times = [datetime(2026, 7, 1, 12, tzinfo=BERLIN), datetime.max, time(1, tzinfo=CET), timedelta(-1, 5, 7)]
    login = {"_auth_user_id": "7", "_auth_backend": "käse", "_flashes": [("info", "hi")], "next": None, "n": 1.5}
    return {"cart": cart, "graph": node, "login": login, "times": times}


@pytest.mark.parametrize("name", golden_values())
def test_golden_payloads_are_written_and_read(name: str) -> None:
    """`python tests/serializers/test_compact_golden.py` shows what they are now."""
    expected = bytes.fromhex((GOLDEN / f"{name}.hex").read_text())
    value = golden_values()[name]
    assert compact().dumps(value).hex() == expected.hex()
    changed = difference(value, compact().loads(expected), identity=True)
    assert changed is None, str(changed)


if __name__ == "__main__":
    for golden, golden_value in golden_values().items():
        sys.stdout.write(f"{golden}: {compact().dumps(golden_value).hex()}\n")
