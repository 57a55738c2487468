"""A shop in plain WSGI. Start it by: python -m memcached_sessions.examples.wsgi_shop [--port 8000]."""

import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from memcached_sessions import SessionManager
from memcached_sessions.examples import accounts, pages
from memcached_sessions.examples.serving import manager_of_the_environment, serve_wsgi
from memcached_sessions.manager.web.wsgi import SessionMiddleware

SESSIONS = manager_of_the_environment()


def manager() -> SessionManager:
    """Return what holds the sessions."""
    return SESSIONS


def shop(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer a request."""
    session, path, method = (
        environ["memcached_sessions.session"],
        environ.get("PATH_INFO", "/"),
        environ["REQUEST_METHOD"],
    )
    view = VIEWS.get((method, path))
    if view is None:
        status, answer = "404 Not Found", "There is no such page"
    else:
        form = form_of(environ) if method == "POST" else {}
        if method == "POST" and not secrets.compare_digest(form.get("csrf", "").encode(), csrf_of(session)[1].encode()):
            status, answer = "403 Forbidden", "This form is not of this session: go back, and try again"
        else:
            status, answer = view(session, form)
    if status.startswith("303"):
        start_response(status, [("Location", answer)])
        return [b""]
    kind = "text/html" if view else "text/plain"
    start_response(status, [("Content-Type", f"{kind}; charset=utf-8"), ("Cache-Control", "no-store")])
    return [answer.encode()]


def form_of(environ: dict[str, Any]) -> dict[str, str]:
    """Return the fields that were sent."""
    length = environ.get("CONTENT_LENGTH") or "0"
    size = min(int(length) if length.isdigit() else 0, 10_000)  # no form of ours is longer
    return dict(parse_qsl(environ["wsgi.input"].read(size).decode("utf-8", "replace"), max_num_fields=10))


def csrf_of(session: Any) -> tuple[str, str]:
    """Return the field that only a page of this session has."""
    return "csrf", session.setdefault("csrf", secrets.token_urlsafe(16))


def show(session: Any, _: dict[str, str]) -> tuple[str, str]:
    """Show the shop."""
    flash = session.pop("flash", None)
    return "200 OK", pages.shop_page(session.get("user", ""), session, [flash] if flash else [], csrf_of(session))


def ask_for_account(title: str, error: str = "") -> Any:
    """Return the view of the form to log in or to register."""
    return lambda session, _: ("200 OK", pages.account_page(title, csrf_of(session), error))


def register(session: Any, form: dict[str, str]) -> tuple[str, str]:
    """Make an account, and log in."""
    error = accounts.register(form.get("name", ""), form.get("password", ""))
    return ask_for_account("Register", error)(session, form) if error else welcome(session, form["name"])


def log_in(session: Any, form: dict[str, str]) -> tuple[str, str]:
    """Log in, if the password is right."""
    if accounts.has_password(form.get("name", ""), form.get("password", "")):
        return welcome(session, form["name"])
    return ask_for_account("Log in", "Wrong name or password")(session, form)


def welcome(session: Any, name: str) -> tuple[str, str]:
    """Let somebody in. The id that was known before is worth nothing any more; the cart stays."""
    session.rotate()
    session.update(user=name, flash=f"Welcome, {name}", csrf=secrets.token_urlsafe(16))
    return "303 See Other", "/"


def set_line(session: Any, form: dict[str, str]) -> tuple[str, str]:
    """Set how much of something is in the cart. Whoever is in doubt may send it again."""
    try:
        line, quantity = pages.cart_line(form.get("item", ""), form.get("quantity", ""))
    except ValueError as error:
        return "400 Bad Request", str(error)
    session[line] = quantity
    if not quantity:
        del session[line]
    session["flash"] = f"{quantity} x {form['item']} in the cart"
    return "303 See Other", "/"


def log_out(session: Any, _: dict[str, str]) -> tuple[str, str]:
    """End the session, on all servers at once."""
    session.destroy()
    return "303 See Other", "/"


VIEWS: Any = {
    ("GET", "/"): show,
    ("GET", "/login"): ask_for_account("Log in"),
    ("GET", "/register"): ask_for_account("Register"),
    ("POST", "/login"): log_in,
    ("POST", "/register"): register,
    ("POST", "/cart"): set_line,
    ("POST", "/logout"): log_out,
}
application = SessionMiddleware(shop, manager=SESSIONS)

if __name__ == "__main__":
    serve_wsgi(application)
