"""A shop with Django, contrib.auth and messages. Start it by: python -m memcached_sessions.examples.django_shop."""

import fcntl
import os
from typing import Any

import django

from memcached_sessions.examples import pages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memcached_sessions.examples.django_settings")
django.setup()

from django.contrib import auth, messages  # noqa: E402 - Django's models want its settings first
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import IntegrityError  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest  # noqa: E402
from django.middleware.csrf import get_token  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.http import require_GET, require_POST  # noqa: E402

from memcached_sessions.examples.django_settings import DATABASE  # noqa: E402
from memcached_sessions.examples.serving import serve_wsgi  # noqa: E402
from memcached_sessions.manager.web.django import session_manager  # noqa: E402

with DATABASE.with_suffix(".lock").open("w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)  # several servers may start at once
    call_command("migrate", verbosity=0)

manager = session_manager  # what holds the sessions


def csrf(request: HttpRequest) -> tuple[str, str]:
    """Return the field that only a page of this browser has."""
    return "csrfmiddlewaretoken", get_token(request)


@require_GET
def show(request: Any) -> HttpResponse:
    """Show the shop."""
    flashes = [message.message for message in messages.get_messages(request)]
    return page(pages.shop_page(request.user.get_username(), request.session, flashes, csrf(request)))


def page(html: str) -> HttpResponse:
    """Return a page for one visitor, which no cache is to keep."""
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


def register(request: Any) -> HttpResponse:
    """Make an account, and log in."""
    password = request.POST.get("password")
    form = BaseUserCreationForm({"username": request.POST.get("name"), "password1": password, "password2": password})
    return account(request, "Register", form, form.save)


def log_in(request: Any) -> HttpResponse:
    """Log in, if the password is right."""
    form = AuthenticationForm(request, {"username": request.POST.get("name"), "password": request.POST.get("password")})
    return account(request, "Log in", form, form.get_user)


def account(request: Any, title: str, form: Any, user_of: Any) -> HttpResponse:
    """Let somebody in whose form is right. `login` makes id and token new; the cart stays."""
    if request.method != "POST":
        return page(pages.account_page(title, csrf(request)))
    if not form.is_valid():
        error = " ".join(error for errors in form.errors.values() for error in errors)
        return page(pages.account_page(title, csrf(request), error))
    try:
        user = user_of()
    except IntegrityError:  # somebody else has just taken the name
        return page(pages.account_page(title, csrf(request), "This name is taken"))
    auth.login(request, user)
    messages.success(request, f"Welcome, {user.get_username()}")
    return redirect("/")


@require_POST
def set_line(request: Any) -> HttpResponse:
    """Set how much of something is in the cart. Whoever is in doubt may send it again."""
    item = request.POST.get("item", "")
    try:
        line, quantity = pages.cart_line(item, request.POST.get("quantity", ""))
    except ValueError as error:
        return HttpResponseBadRequest(str(error))
    request.session[line] = quantity  # an attribute of its own: what two servers changed is merged by attributes
    if not quantity:
        request.session.pop(line, None)
    messages.success(request, f"{quantity} x {item} in the cart")
    return redirect("/")


@require_POST
def log_out(request: Any) -> HttpResponse:
    """End the session, on all servers at once."""
    auth.logout(request)
    return redirect("/")


urlpatterns = [
    path("", show),
    path("register", register),
    path("login", log_in),
    path("cart", set_line),
    path("logout", log_out),
]
application = get_wsgi_application()
asgi_application = get_asgi_application()

if __name__ == "__main__":
    serve_wsgi(application)
