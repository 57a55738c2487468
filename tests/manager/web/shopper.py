"""Somebody who visits the shops of `memcached_sessions.examples`: reads their pages, sends their forms back.

What a page says to programs stands in attributes: ``<body data-user>``, ``<li data-item data-quantity>``.
"""

import http.client
import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Protocol
from urllib.parse import urlencode

from server_process import PATIENCE

PASSWORD = "a password of the tests"  # noqa: S105


class Listening(Protocol):
    """What can be visited."""

    @property
    def port(self) -> int:
        """Of the loopback."""
        ...


@dataclass
class Form:
    """A form, with what its hidden fields hold."""

    action: str
    fields: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Page:
    """A response, and what it says."""

    status: int
    body: str
    headers: http.client.HTTPMessage
    user: str | None = None
    """Who is logged in; empty for nobody, None if this is no page of a shop."""
    cart: dict[str, int] = field(default_factory=dict[str, int])
    flashes: list[str] = field(default_factory=list[str])
    errors: list[str] = field(default_factory=list[str])
    forms: list[Form] = field(default_factory=list[Form])

    def form(self, action: str, item: str | None = None) -> dict[str, str]:
        """Return the hidden fields of the form that is sent there, for this item."""
        for form in self.forms:
            if form.action == action and form.fields.get("item") == item:
                return form.fields
        raise AssertionError(f"no form for {action} with item {item}: {self.forms}")


class _Reader(HTMLParser):
    def __init__(self, page: Page, path: str) -> None:
        super().__init__()
        self._page, self._path = page, path
        self._said: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        page = self._page
        if tag == "body":
            page.user = attributes.get("data-user")
        elif tag == "li" and "data-item" in attributes:
            page.cart[attributes["data-item"]] = int(attributes["data-quantity"])
        elif tag == "form":
            assert attributes["method"] == "post"
            page.forms.append(Form(attributes.get("action", self._path)))
        elif tag == "input" and attributes.get("type") == "hidden":
            page.forms[-1].fields[attributes["name"]] = attributes["value"]
        elif tag == "p" and "flash" in attributes.get("class", "").split():
            self._said = page.errors if "error" in attributes["class"] else page.flashes
            self._said.append("")

    def handle_data(self, data: str) -> None:
        if self._said is not None:
            self._said[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self._said = None


class Shopper:
    """A visitor of servers that share a host name; his browser keeps cookies.

    Parameters
    ----------
    server
        The one that he visits until told otherwise.
    """

    def __init__(self, server: Listening) -> None:
        self.server = server
        self.name = f"visitor-{secrets.token_hex(4)}"
        self.cookies: dict[str, str] = {}
        self.said_cookies: list[str] = []
        """The ``Set-Cookie`` headers that came, the last one last."""

    @property
    def session_id(self) -> str:
        """The constant part of his id."""
        return self.cookies.get("id", "").partition(".")[0].partition("-")[0]

    def open(self, path: str = "/") -> Page:
        """Return a page."""
        return self._ask("GET", path)

    def send(self, path: str, fields: dict[str, str]) -> Page:
        """Send a form; return the page that he is led to, which has to be the shop, or what was answered instead."""
        page = self._ask("POST", path, fields)
        if page.status not in (302, 303):
            return page
        assert page.headers["Location"] == "/"
        return self.open()

    def fill_in(self, path: str, name: str = "", password: str = PASSWORD) -> Page:
        """Open the form of an account and send it."""
        return self.send(path, self.open(path).form(path) | {"name": name or self.name, "password": password})

    def register(self) -> Page:
        """Make an account, which logs in."""
        page = self.fill_in("/register")
        assert page.user == self.name, page
        return page

    def put(self, item: str, quantity: int | str) -> Page:
        """Set a line of the cart."""
        return self.send("/cart", self.open().form("/cart", item) | {"quantity": str(quantity)})

    def log_out(self) -> Page:
        """Log out."""
        return self.send("/logout", self.open().form("/logout"))

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> Page:
        headers: dict[str, str] = {}
        if fields is not None:
            origin = f"http://127.0.0.1:{self.server.port}"
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        try:
            connection.request(method, path, None if fields is None else urlencode(fields), headers)
            response = connection.getresponse()
            page = Page(response.status, response.read().decode(), response.headers)
        finally:
            connection.close()
        for line in page.headers.get_all("Set-Cookie") or ():
            self.said_cookies.append(line)
            for name, morsel in SimpleCookie(line).items():
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        _Reader(page, path).feed(page.body)
        return page
