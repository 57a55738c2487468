"""A shop in plain WSGI. Start it by: python -m memcached_sessions.examples.wsgi_shop [--port 8000]."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from memcached_sessions import SessionManager
from memcached_sessions.examples import accounts, pages
from memcached_sessions.examples.forms import csrf_field, is_ours
from memcached_sessions.examples.serving import manager_of_the_environment, serve_wsgi
from memcached_sessions.manager.web.wsgi import SessionMiddleware

SESSIONS = manager_of_the_environment()


def manager() -> SessionManager:
    """Return what holds the sessions."""
    return SESSIONS


def shop(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer a request."""
    session, method = environ["memcached_sessions.session"], environ["REQUEST_METHOD"]
    view = VIEWS.get((method, environ.get("PATH_INFO", "/")))
    form = form_of(environ) if view and method == "POST" else {}
    if view is None:
        status, answer = "404 Not Found", "There is no such page"
    elif method == "POST" and not is_ours(session, form.get("csrf", "")):
        status, answer = "403 Forbidden", "This form is not of this session: go back, and try again"
    else:
        status, answer = view(session, form)
    if status.startswith("303"):
        start_response(status, [("Location", answer)])
        return [b""]
    kind = "text/html" if status.startswith("200") else "text/plain"
    start_response(status, [("Content-Type", f"{kind}; charset=utf-8"), ("Cache-Control", "no-store")])
    return [answer.encode()]


def form_of(environ: dict[str, Any]) -> dict[str, str]:
    """Return the fields that were sent."""
    size = min(int(environ.get("CONTENT_LENGTH") or 0), 10_000)  # no form of ours is longer, or has more fields
    sent = environ["wsgi.input"].read(size).decode("utf-8", "replace")
    return dict(parse_qsl(sent)) if sent.count("&") < 10 else {}


def show(session: Any, _: dict[str, str]) -> tuple[str, str]:
    """Show the shop."""
    flash = session.pop("flash", None)
    return "200 OK", pages.shop_page(session.get("user", ""), session, [flash] if flash else [], csrf_field(session))


def ask_for_account(title: str, error: str = "") -> Any:
    """Return the view of the form to log in or to register."""
    return lambda session, _: ("200 OK", pages.account_page(title, csrf_field(session), error))


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
    """Let somebody in. Id and token that were known before are worth nothing any more; the cart stays."""
    session.rotate()
    session.pop("csrf", None)
    session.update(user=name, flash=f"Welcome, {name}")
    return "303 See Other", "/"


def set_line(session: Any, form: dict[str, str]) -> tuple[str, str]:
    """Set how much of something is in the cart. Whoever is in doubt may send it again."""
    try:
        line, quantity = pages.cart_line(form.get("item", ""), form.get("quantity", ""))
    except ValueError as error:
        return "400 Bad Request", str(error)
    session[line] = quantity  # an attribute of its own: what two servers changed is merged by attributes
    if not quantity:
        session.pop(line, None)
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
