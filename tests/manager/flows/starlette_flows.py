"""What visitors of a FastAPI application are in the middle of when the process that served them dies."""

from typing import Any

from flows.flow import Flow
from flows.openid_provider import sent_back

_LINE = {
    "sku": "c0ffee00-0000-4000-8000-000000000000",
    "size": "l",
    "price": "9.90",
    "wanted_by": "2026-12-24T18:00:00+01:00",
}


def _go_to_the_provider(browser: Any) -> str:
    return browser.get("/login").headers["location"]


def _come_back_from_the_provider(browser: Any, location: str) -> None:
    assert browser.get(sent_back(location)).text == "ann-7"


def _come_in_from_the_provider(browser: Any) -> None:
    _come_back_from_the_provider(browser, _go_to_the_provider(browser))


def _is_known(browser: Any, begun: None) -> None:
    assert begun is None
    assert browser.get("/who").text == "ann-7"


def _fill_a_cart(browser: Any) -> None:
    assert browser.post("/cart", json={"lines": [_LINE, _LINE | {"gift": True}]}).text == "2"


def _see_the_total(browser: Any, begun: None) -> None:
    assert begun is None
    assert browser.get("/total").text == '"19.80"'


FLOWS = [
    Flow("authlib login", _go_to_the_provider, _come_back_from_the_provider),
    Flow("authlib user", _come_in_from_the_provider, _is_known),
    Flow("models of pydantic", _fill_a_cart, _see_the_total),
]
