"""The four shops in Chromium, on a screen as narrow as a telephone's."""

from pathlib import Path

import pytest
from chromium import TELEPHONE, Chromium
from memcached_process import MemcachedProcess
from web.example_shops import SERVED, serve_shop

WIDE_NAME = "W" * 40
"""As long as a name can be, of the widest letters and without a place to break."""


@pytest.mark.parametrize("name", [name for name in SERVED if name != "django-async"])
def test_a_visitor_registers_fills_the_cart_and_logs_out(
    name: str, chromium: Chromium, shared_memcached: MemcachedProcess, tmp_path: Path
) -> None:
    """By links, fields and buttons alone; no page has to be scrolled sideways, and none has a fault."""

    def look(page: str) -> None:
        chromium.keep_screenshot(f"{name}-shop-{page}")
        assert chromium.width <= TELEPHONE
        assert chromium.complaints == []

    with serve_shop(name, shared_memcached.port, tmp_path) as server:
        chromium.open(f"http://127.0.0.1:{server.port}/")
        look("nobody")

        chromium.press("a[href='/register']", "input[name=password]")
        look("register")
        chromium.type("input[name=name]", WIDE_NAME)
        chromium.type("input[name=password]", "a password of the tests")
        chromium.press("button", f"body[data-user='{WIDE_NAME}']")
        assert [flash.text for flash in chromium.all(".flash")] == [f"Welcome, {WIDE_NAME}"]
        look("welcome")

        for item, quantity in (("apple", 2), ("plum", 12)):
            form = f"form:has(input[value={item}])"
            chromium.type(f"{form} input[name=quantity]", str(quantity))
            chromium.press(f"{form} button", f"li[data-item={item}][data-quantity='{quantity}']")
            assert [flash.text for flash in chromium.all(".flash")] == [f"{quantity} x {item} in the cart"]
        assert [line.text for line in chromium.all("li[data-item]")] == ["2 x Apple", "12 x Plum"]
        look("cart")

        chromium.press("form[action='/logout'] button", "a[href='/login']")
        assert chromium.all("li[data-item]") == []

        chromium.press("a[href='/login']", "input[name=password]")
        chromium.type("input[name=name]", WIDE_NAME)
        chromium.type("input[name=password]", "another one")
        chromium.press("button", ".flash.error")
        look("refused")


def test_a_page_that_is_too_wide_would_be_noticed(chromium: Chromium) -> None:
    """And so would a script that fails."""
    chromium.open("data:text/html,<p style='width: 500px'>wide</p><script>nothing.at.all()</script>")

    assert chromium.width > TELEPHONE
    (complaint,) = chromium.complaints
    assert "nothing is not defined" in complaint
