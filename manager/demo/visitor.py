"""A visitor of a shop: follows its pages by HTTP, as a browser does, and knows what the shop has promised.

Invariant: `Visitor.expected` holds what was acknowledged. A change whose outcome is unknown, since its answer got lost,
may show or not, until it is acknowledged. And it may be carried out *later*: a server that was frozen goes on with the
requests that it had received, when nginx has given them up and the visitor has sent them again to another server. So:

- What a visitor sends twice does the same twice: it sets a line of the cart to a quantity. A line is set once: a late
  request with another quantity for it may win.
- Logging in and out cannot be sent twice. Both are done with an empty cart, and looked at afterwards. If the lost
  request is carried out late, the session that the visitor has meanwhile ends, or gets an id that nobody knows. Until
  his next try is acknowledged he has no session to lose, and a form of the page before may be refused.
"""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from ..session_id import SessionId
from .losses import Loss, Lost, NotAnswered
from .observing import HEADER
from .shop_page import Page

TIMEOUT = 10.0
"""Seconds that a visitor waits for an answer; nginx gives up earlier."""

RETRY_FOR = 10.0
"""Seconds that a visitor tries again where a server did not answer."""

PASSWORD = "correct horse battery staple"  # noqa: S105 - of accounts that live as long as the demo
SESSION_COOKIE = "id"
"""What all the shops call it."""

RETRIED = frozenset({502, 503, 504})
"""What nginx says when no server has answered: send it again."""

_SEE_OTHER = frozenset({302, 303})


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    status: int | None
    """None: the connection broke, or nobody answered in time."""
    started: float
    """By the monotonic clock."""
    seconds: float
    location: str = ""
    body: str = ""
    told: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the server says of itself, see `HEADER`."""

    @property
    def answered(self) -> bool:
        """Whether a server has answered, and not only nginx."""
        return self.status is not None and self.status not in RETRIED

    @property
    def failed(self) -> bool:
        """Whether a server has answered by an error of its own.

        >>> [Exchange("GET", "/", status, 1.0, 0.1).failed for status in (500, 502, 403, None)]
        [True, False, False, False]
        """
        return self.status is not None and self.answered and self.status >= http.client.INTERNAL_SERVER_ERROR


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
    curious
        Whether servers should tell if they have asked a node, see `HEADER`.
    """

    def __init__(
        self, address: tuple[str, int], name: str, listener: Listener = lambda _: None, *, curious: bool = False
    ) -> None:
        self._address = address
        self._listener = listener
        self._connection: http.client.HTTPConnection | None = None
        self._page = Page()
        self._headers = {HEADER: "asked?"} if curious else {}
        self.name = name
        self.cookies: dict[str, str] = {}
        self.expected: dict[str, int] = {}
        """The acknowledged cart."""
        self.uncertain: dict[str, int] = {}
        """What was sent and may have been done."""
        self.logged_in: bool | None = False
        """None: what he sent to log in or out may have been done, or be done later."""
        self.excused = 0
        """How often a form was refused after one without an answer, and that was no loss."""

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # What he does

    def register(self) -> None:
        """Make an account, which logs in; or log in, if an earlier try has made it.

        Raises
        ------
        Lost
            He is not logged in, although he was told so, or his form was refused.
        NotAnswered
            Nobody answers.
        """
        if not self._enter("/register"):
            self.log_in(unknown=True)

    def log_in(self, *, unknown: bool = False) -> None:
        """Log in; raises what `register` raises.

        Parameters
        ----------
        unknown
            Whether a request before may be carried out late, and end the session whose form is sent.
        """
        if not self._enter("/login", unknown=unknown):
            raise Lost(Loss.LOGIN, f"{self.name} has an account and may not log in")

    def _enter(self, path: str, *, unknown: bool = False) -> bool:
        """Send the form of an account until the outcome is known; return False if the shop shows it again."""
        self.logged_in = None if unknown else False
        deadline = time.monotonic() + RETRY_FOR
        while True:
            form = self._get(path).form("") | {"name": self.name, "password": PASSWORD}
            exchange = self._once("POST", path, form)
            if exchange.status in _SEE_OTHER:
                break
            if exchange.status == http.client.OK:
                return False
            self._excuse(exchange, unknown=unknown)
            unknown, self.logged_in = True, None
            self._pause_before_retry(deadline, exchange)
            if self._get("/").user == self.name:
                break
        self.logged_in = True
        self.look()
        return True

    def log_out(self) -> None:
        """Log out, with an empty cart afterwards; raises what `register` raises."""
        self.logged_in, self.expected, self.uncertain = False, {}, {}
        deadline, unknown = time.monotonic() + RETRY_FOR, False
        while True:
            exchange = self._once("POST", "/logout", self._page.form("/logout"))
            if exchange.status in _SEE_OTHER:
                break
            self._excuse(exchange, unknown=unknown)
            unknown, self.logged_in = True, None
            self._pause_before_retry(deadline, exchange)
            if not self._get("/").user:
                break
        self.logged_in = False
        self.look()

    def _excuse(self, exchange: Exchange, *, unknown: bool) -> None:
        """Raise what a refused form of an account means, unless a request before may have ended its session."""
        if exchange.failed or (exchange.answered and not unknown):
            raise _refused(exchange)
        self.excused += exchange.answered

    def start_anew(self) -> None:
        """Forget the session and what was in it, as somebody with another browser."""
        self.cookies.clear()
        self.logged_in, self.expected, self.uncertain = False, {}, {}

    def put(self, item: str, quantity: int) -> None:
        """Set a line of the cart, none for 0, and look at it; raises what `register` raises."""
        form = self._page.form("/cart", item) | {"quantity": str(quantity)}
        self.uncertain[item] = quantity
        exchange = self._until_answered("POST", "/cart", form)
        if exchange.status not in _SEE_OTHER:
            raise _refused(exchange)
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
        page = self._get("/")
        lost = self.missing(page)
        if lost:
            raise Lost(Loss.CART if page.user == self._user else Loss.LOGIN, "; ".join(lost))

    def missing(self, page: Page) -> list[str]:
        """Return what a page of the shop should say and does not; empty if nothing was lost."""
        if self.logged_in is None:
            return []
        lost: list[str] = []
        if page.user != self._user:
            lost.append(f"logged in as {self._user or 'nobody'}, and the page says {page.user or 'nobody'}")
        for item in sorted(self.expected.keys() | page.cart.keys()):
            quantity, shown = self.expected.get(item, 0), page.cart.get(item, 0)
            if shown not in (quantity, self.uncertain.get(item, quantity)):
                lost.append(f"the cart has {shown} of {item} instead of {quantity}")
        return lost

    @property
    def _user(self) -> str:
        return self.name if self.logged_in else ""

    @property
    def place(self) -> tuple[str, str]:
        """The route and the memcached node that the session cookie names; empty for none."""
        session_id = SessionId.parse(self.cookies.get(SESSION_COOKIE, ""))
        return ((session_id.route or ""), (session_id.node or "")) if session_id else ("", "")

    # How it is sent

    def _get(self, path: str) -> Page:
        exchange = self._until_answered("GET", path)
        if exchange.status != http.client.OK:
            raise _refused(exchange)
        self._page = Page.of(exchange.body)
        return self._page

    def _until_answered(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Exchange:
        """Send a request, again and again while no server answers it."""
        deadline, pause = time.monotonic() + RETRY_FOR, 0.05
        while True:
            exchange = self._once(method, path, form)
            if exchange.answered:
                return exchange
            self._pause_before_retry(deadline, exchange, pause)
            pause = min(2 * pause, 1.0)

    def _pause_before_retry(self, deadline: float, exchange: Exchange, seconds: float = 0.2) -> None:
        if time.monotonic() > deadline:
            raise NotAnswered(
                f"{exchange.method} {exchange.path}: no answer within {RETRY_FOR:.0f} s, at last "
                f"{exchange.status or 'a broken connection'}"
            )
        time.sleep(seconds)

    def _once(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Exchange:
        """Send a request once."""
        started = time.monotonic()
        headers = dict(self._headers)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
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
            exchange = Exchange(method, path, None, started, time.monotonic() - started)
        else:
            if response.status not in RETRIED:
                self._keep_cookies(response.headers.get_all("Set-Cookie") or [])
            exchange = Exchange(
                method,
                path,
                response.status,
                started,
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


def _refused(exchange: Exchange) -> Exception:
    """Return what it means that a server has answered in a way that it should not."""
    message = f"{exchange.method} {exchange.path} was answered by {exchange.status}"
    if exchange.status is None or exchange.status >= http.client.INTERNAL_SERVER_ERROR:
        return NotAnswered(message)
    return Lost(Loss.FORM, message)
