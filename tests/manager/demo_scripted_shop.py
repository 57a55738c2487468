"""A shop that keeps what it is told, and that fails where a test says: a lost answer cannot be asked of a real one."""

from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

Deed = Callable[["Request"], None]
ITEMS = ("apple", "fig")


class ScriptedShop:
    """One account at a time, and a cart. Each POST takes the next deed of `deeds`, if there is one."""

    def __init__(self) -> None:
        self.user = ""
        self.cart: dict[str, str] = {}
        self.accounts: set[str] = set()
        self.deeds: deque[Deed] = deque()
        self.page_deeds: deque[Deed] = deque()
        """The same for each GET."""
        self.posts: list[tuple[str, dict[str, str]]] = []
        """What has come in."""
        self.token = 0
        shop = self

        class Handler(Request):
            pass

        Handler.shop = shop
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def address(self) -> tuple[str, int]:
        """Where it is."""
        return "127.0.0.1", self._server.server_port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def page(self) -> str:
        """Return the page."""
        lines = "".join(f'<li data-item="{item}" data-quantity="{count}">' for item, count in self.cart.items())
        hidden = f'<input type="hidden" name="csrf" value="{self.token}">'
        forms = "".join(
            f'<form action="/cart" method="post">{hidden}<input type="hidden" name="item" value="{item}"></form>'
            for item in ITEMS
        )
        out = f'<form action="/logout" method="post">{hidden}</form>'
        return f'<body data-user="{self.user}">{lines}{forms}{out}'

    def form(self) -> str:
        """Return the page with the form of an account."""
        return (
            f'<body data-user=""><form method="post"><input type="hidden" name="csrf" value="{self.token}">'
            '<input name="name"><input type="password" name="password"></form>'
        )

    def do(self, path: str, fields: dict[str, str]) -> bool:
        """Do what a form says; return False if it shows the form again."""
        if path == "/cart":
            self.cart[fields["item"]] = fields["quantity"]
            if fields["quantity"] == "0":
                del self.cart[fields["item"]]
        elif path == "/logout":
            self.user, self.cart = "", {}
            self.token += 1
        elif (fields["name"] in self.accounts) is (path == "/register"):
            return False
        else:
            self.accounts.add(fields["name"])
            self.user, self.cart = fields["name"], {}
            self.token += 1
        return True


class Request(BaseHTTPRequestHandler):
    """One request."""

    shop: ScriptedShop
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fields: dict[str, str]

    def log_message(self, *_: Any) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Show a page."""
        if self.shop.page_deeds:
            self.shop.page_deeds.popleft()(self)
        else:
            self.answer(200, self.shop.page() if self.path == "/" else self.shop.form())

    def do_POST(self) -> None:
        """Do what the form says, or what the test wants."""
        self.fields = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.shop.posts.append((self.path, self.fields))
        (self.shop.deeds.popleft() if self.shop.deeds else obey)(self)

    def answer(self, status: int, body: str = "", **headers: str) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())


def obey(request: Request) -> None:
    """Do what the form says, and answer."""
    if request.fields["csrf"] != str(request.shop.token):
        request.answer(403)
    elif request.shop.do(request.path, request.fields):
        request.answer(303, Location="/", Set_Cookie=f"id={'0' * 32}-n1.app1; Path=/")
    else:
        request.answer(200, request.shop.form())


def fail_with(status: int) -> Deed:
    """Return what does nothing, and answers by a status."""
    return lambda request: request.answer(status)


def do_and_lose_the_answer(request: Request) -> None:
    """Do what the form says, as a server that nginx has given up."""
    request.shop.do(request.path, request.fields)
    request.answer(504)


def do_and_break_the_connection(request: Request) -> None:
    """Do what the form says, and answer nothing."""
    request.shop.do(request.path, request.fields)
    request.close_connection = True
