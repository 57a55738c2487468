"""A shop with FastAPI. Start it by: python -m memcached_sessions.examples.fastapi_shop [--port 8000]."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from memcached_sessions import SessionManager
from memcached_sessions.examples import accounts, pages
from memcached_sessions.examples.forms import csrf_field, is_ours
from memcached_sessions.examples.serving import manager_of_the_environment, serve_asgi
from memcached_sessions.manager.web.asgi import SessionMiddleware

SESSIONS = manager_of_the_environment()
Field = Annotated[str, Form()]


def manager() -> SessionManager:
    """Return what holds the sessions."""
    return SESSIONS


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Store what waits when the server ends."""
    yield
    await SESSIONS.aclose()


def check_csrf(request: Request, csrf: Field = "") -> None:
    """Refuse a form that another site has made."""
    if not is_ours(request.session, csrf):
        raise HTTPException(403, "This form is not of this session: go back, and try again")


application = FastAPI(lifespan=lifespan)
application.add_middleware(SessionMiddleware, manager=SESSIONS)
guarded = [Depends(check_csrf)]
TITLES = {"/register": "Register", "/login": "Log in"}


@application.get("/")
async def show(request: Request) -> HTMLResponse:
    """Show the shop."""
    session = request.session
    flash = session.pop("flash", None)
    return page(pages.shop_page(session.get("user", ""), session, [flash] if flash else [], csrf_field(session)))


@application.get("/register")
@application.get("/login")
async def ask_for_account(request: Request) -> HTMLResponse:
    """Show the form to register or to log in."""
    return account_page(request)


def account_page(request: Request, error: str = "") -> HTMLResponse:
    """Return the form, with what was wrong with what came in it."""
    title = TITLES[request.url.path]
    return page(pages.account_page(title, csrf_field(request.session), error))


def page(html: str) -> HTMLResponse:
    """Return a page for one visitor, which no cache is to keep."""
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


@application.post("/register", dependencies=guarded)
async def register(request: Request, name: Field = "", password: Field = "") -> Any:
    """Make an account, and log in."""
    error = await run_in_threadpool(accounts.register, name, password)
    return account_page(request, error) if error else await welcome(request, name)


@application.post("/login", dependencies=guarded)
async def log_in(request: Request, name: Field = "", password: Field = "") -> Any:
    """Log in, if the password is right."""
    if await run_in_threadpool(accounts.has_password, name, password):
        return await welcome(request, name)
    return account_page(request, "Wrong name or password")


async def welcome(request: Request, name: str) -> RedirectResponse:
    """Let somebody in. Id and token that were known before are worth nothing any more; the cart stays."""
    session: Any = request.session
    await session.arotate()
    session.pop("csrf", None)
    session.update(user=name, flash=f"Welcome, {name}")
    return RedirectResponse("/", 303)


@application.post("/cart", dependencies=guarded)
async def set_line(request: Request, item: Field = "", quantity: Field = "") -> RedirectResponse:
    """Set how much of something is in the cart. Whoever is in doubt may send it again."""
    try:
        line, number = pages.cart_line(item, quantity)
    except ValueError as error:
        raise HTTPException(400, str(error)) from error
    request.session[line] = number  # an attribute of its own: what two servers changed is merged by attributes
    if not number:
        request.session.pop(line, None)
    request.session["flash"] = f"{number} x {item} in the cart"
    return RedirectResponse("/", 303)


@application.post("/logout", dependencies=guarded)
async def log_out(request: Request) -> RedirectResponse:
    """End the session, on all servers at once."""
    session: Any = request.session
    await session.adestroy()
    return RedirectResponse("/", 303)


if __name__ == "__main__":
    serve_asgi(application)
