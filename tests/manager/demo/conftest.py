"""What the tests of the demo share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from demo_scripted_shop import ScriptedShop

from memcached_sessions.manager.demo.visitor import Visitor


@pytest.fixture
def shop() -> Iterator[ScriptedShop]:
    """A shop that answers what a test wants it to."""
    with ScriptedShop() as running:
        yield running


@pytest.fixture
def new_visitor() -> Iterator[Callable[[tuple[str, int]], Visitor]]:
    """Return what makes Ann, a visitor of the shop at an address."""
    with ExitStack() as stack:

        def new(address: tuple[str, int], name: str = "Ann") -> Visitor:
            visitor = Visitor(address, name)
            stack.callback(visitor.close)
            return visitor

        yield new


@pytest.fixture
def ann(shop: ScriptedShop, new_visitor: Callable[[tuple[str, int]], Visitor]) -> Visitor:
    """A visitor of the scripted shop, logged in, with three apples in her cart."""
    visitor = new_visitor(shop.address)
    visitor.register()
    visitor.put("apple", 3)
    return visitor
