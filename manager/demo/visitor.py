"""A visitor of a shop: follows its pages by HTTP, as a browser does, and knows what the shop has promised.

A shop's pages say in attributes what a program has to know: ``<body data-user="...">``, and for each line of the cart
``<li data-item="..." data-quantity="...">``. Forms are sent back with all their hidden fields.

Invariant: `Visitor.expected` holds what was acknowledged. A change whose outcome is unknown, since its answer got lost,
may show or not, until it is acknowledged. So every change that a visitor makes can be sent twice: it sets a line to a
quantity. What is not repeatable, logging in and out, is done with an empty cart, and begun anew without an answer.
"""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from .observing import HEADER

TIMEOUT = 5.0
"""Seconds that a visitor waits for an answer; nginx gives up earlier."""

RETRY_FOR = 10.0
"""Seconds that a visitor tries again where a server did not answer."""

RETRIED = frozenset({502, 503, 504})
"""What nginx says when no server has answered: send it again."""

_SEE_OTHER = frozenset({302, 303})


class Lost(Exception):  # noqa: N818 - what has happened, and to whom
    """Something that a shop had acknowledged is not there any more; the message says what."""


class NotAnswered(Exception):  # noqa: N818 - as above
    """No server has answered within `RETRY_FOR`, or one has answered with an error."""


@dataclass
class Page:
    """What a program sees of a page.

    >>> page = Page.of('<body data-user="Ann"><li data-item="fig" data-quantity="2">')
    >>> page.user, page.cart
    ('Ann', {'fig': 2})
    """

    user: str | None = None
    """Who is logged in; empty for nobody, None if this is no page of a shop."""
    cart: dict[str, int] = field(default_factory=dict[str, int])
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])
    """Where each form is sent, and its hidden fields."""

    @classmethod
    def of(cls, html: str) -> "Page":
        """Read a page."""
        reader = _Reader()
        reader.feed(html)
        return reader.page

    def form(self, action: str, item: str | None = None) -> dict[str, str]:
        """Return the hidden fields of a form.

        Raises
        ------
        Lost
            The page has no such form.
        """
        for where, fields in self.forms:
            if where == action and (item is None or fields.get("item") == item):
                return dict(fields)
        raise Lost(f"the page has no form for {action}{f' of {item}' if item else ''}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "body":
            self.page.user = attributes.get("data-user")
        elif tag == "li" and "data-item" in attributes:
            self.page.cart[attributes["data-item"]] = int(attributes["data-quantity"])
        elif tag == "form":
            self.page.forms.append((attributes.get("action", ""), {}))
        elif tag == "input" and attributes.get("type") == "hidden" and self.page.forms:
            self.page.forms[-1][1][attributes["name"]] = attributes.get("value", "")


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    status: int | None
    """None: the connection broke, or nobody answered in time."""
    seconds: float
    location: str = ""
    body: str = ""
    told: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the server says of itself, see `HEADER`."""


Listener = Callable[[Exchange], object]


class Visitor:
    """Somebody with a browser.

    Parameters
    ----------
    address
        Host and port of the shop.
    name
        What he is called, which no other visitor is.
    listener
        Hears of each exchange.
    """

    def __init__(self, address: tuple[str, int], name: str, listener: Listener = lambda _: None) -> None:
        self._address = address
        self._listener = listener
        self._connection: http.client.HTTPConnection | None = None
        self._page = Page()
        self.name = name
        self.cookies: dict[str, str] = {}
        self.expected: dict[str, int] = {}
        """The acknowledged cart."""
        self.uncertain: dict[str, int] = {}
        """What was sent and may have been done."""
        self.logged_in = False

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # What he does

    def register(self) -> None:
        """Make an account, which logs in; or log in, if an earlier try that was not answered has made it."""
        if self._let_in("/register") == http.client.OK:
            self.log_in()

    def log_in(self) -> None:
        """Log in."""
        if self._let_in("/login") == http.client.OK:
            raise Lost(f"{self.name} cannot log in: wrong name or password")

    def _let_in(self, path: str) -> int:
        """Send the form of an account until it is answered; return the status: 200 is a form with an error."""
        self.logged_in = False
        while True:
            form = self._get(path).form("") | {"name": self.name, "password": "a password"}
            exchange = self._once("POST", path, form)
            if exchange.status is not None and exchange.status not in RETRIED:
                break
            self._forget_everything()
        if exchange.status in _SEE_OTHER:
            self.logged_in = True
            self.look()
        elif exchange.status != http.client.OK:
            raise Lost(f"{path} was answered by {exchange.status}")
        return exchange.status

    def log_out(self) -> None:
        """Log out, with an empty cart afterwards."""
        form = self._page.form("/logout")
        self.logged_in, self.expected, self.uncertain = False, {}, {}
        exchange = self._once("POST", "/logout", form)
        if exchange.status in RETRIED or exchange.status is None:
            self._forget_everything()
        elif exchange.status not in _SEE_OTHER:
            raise Lost(f"/logout was answered by {exchange.status}")
        self.look()

    def put(self, item: str, quantity: int) -> None:
        """Set a line of the cart, and look at it."""
        form = self._page.form("/cart", item) | {"quantity": str(quantity)}
        self.uncertain[item] = quantity
        exchange = self._until_answered("POST", "/cart", form)
        if exchange.status not in _SEE_OTHER:
            raise Lost(f"/cart was answered by {exchange.status}")
        self.expected[item] = quantity
        del self.uncertain[item]
        self.look()

    def look(self) -> None:
        """Look at the shop, and compare it with what it has acknowledged.

        Raises
        ------
        Lost
            Something is missing, or somebody else's.
        NotAnswered
            Nobody answers.
        """
        lost = self.missing(self._get("/"))
        if lost:
            raise Lost("; ".join(lost))

    def missing(self, page: Page) -> list[str]:
        """Return what a page of the shop should say and does not; empty if nothing was lost."""
        lost: list[str] = []
        if page.user != (self.name if self.logged_in else ""):
            lost.append(f"logged in as {self.name if self.logged_in else 'nobody'}, and the page says {page.user!r}")
        for item in sorted(self.expected.keys() | page.cart.keys()):
            allowed = (self.expected.get(item), self.uncertain.get(item, self.expected.get(item)))
            if page.cart.get(item) not in allowed:
                lost.append(f"the cart has {page.cart.get(item)} of {item} instead of {self.expected.get(item)}")
        return lost

    def _forget_everything(self) -> None:
        """Begin anew, as in another browser: a server may carry out, at any time, a login or log-out that it has not
        answered, and that gives the session another id, or ends it."""
        self.cookies.clear()
        self._pause(0.2)

    # How it is sent

    def _get(self, path: str) -> Page:
        exchange = self._until_answered("GET", path)
        if exchange.status != http.client.OK:
            raise NotAnswered(f"GET {path} was answered by {exchange.status}")
        self._page = Page.of(exchange.body)
        return self._page

    def _until_answered(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Exchange:
        """Send a request, again and again while no server answers it."""
        deadline, pause = time.monotonic() + RETRY_FOR, 0.05
        while True:
            exchange = self._once(method, path, form)
            if exchange.status is not None and exchange.status not in RETRIED:
                return exchange
            if time.monotonic() > deadline:
                raise NotAnswered(f"{method} {path}: no answer within {RETRY_FOR:.0f} s, at last {exchange.status}")
            self._pause(pause)
            pause = min(2 * pause, 1.0)

    def _pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def _once(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Exchange:
        """Send a request once."""
        started = time.monotonic()
        headers = (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        )
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self._connection is None:
            self._connection = http.client.HTTPConnection(*self._address, timeout=TIMEOUT)
        try:
            self._connection.request(method, path, urlencode(form) if form is not None else None, headers)
            response = self._connection.getresponse()
            body = response.read().decode()
        except (OSError, http.client.HTTPException):
            self.close()
            exchange = Exchange(method, path, None, time.monotonic() - started)
        else:
            if response.status not in RETRIED:
                self._keep_cookies(response.headers.get_all("Set-Cookie") or [])
            exchange = Exchange(
                method,
                path,
                response.status,
                time.monotonic() - started,
                location=response.headers.get("Location", ""),
                body=body,
                told=json.loads(response.headers.get(HEADER, "{}")),
            )
        self._listener(exchange)
        return exchange

    def _keep_cookies(self, headers: list[str]) -> None:
        for header in headers:
            for name, morsel in SimpleCookie(header).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
