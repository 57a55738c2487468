"""A shop with Django, contrib.auth and messages. Start it by: python -m memcached_sessions.examples.django_shop."""

import fcntl
import os
from typing import Any

import django

from memcached_sessions import SessionManager
from memcached_sessions.examples import pages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memcached_sessions.examples.django_settings")
django.setup()

from django.contrib import auth, messages  # noqa: E402 - Django's models want its settings first
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
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


def manager() -> SessionManager:
    """Return what holds the sessions."""
    return session_manager()


def csrf(request: HttpRequest) -> tuple[str, str]:
    """Return the field that only a page of this browser has."""
    return "csrfmiddlewaretoken", get_token(request)


@require_GET
def show(request: Any) -> HttpResponse:
    """Show the shop."""
    flashes = [message.message for message in messages.get_messages(request)]
    return HttpResponse(pages.shop_page(request.user.get_username(), request.session, flashes, csrf(request)))


def register(request: Any) -> HttpResponse:
    """Make an account, and log in."""
    return account(
        request, "Register", lambda fields: BaseUserCreationForm(fields | {"password2": fields["password1"]})
    )


def log_in(request: Any) -> HttpResponse:
    """Log in, if the password is right."""
    return account(request, "Log in", lambda fields: AuthenticationForm(request, fields))


def account(request: Any, title: str, form_of: Any) -> HttpResponse:
    """Let somebody in whose form is right. `login` gives the session a new id; the cart stays."""
    if request.method != "POST":
        return HttpResponse(pages.account_page(title, csrf(request)))
    name, password = request.POST.get("name", ""), request.POST.get("password", "")
    form = form_of({"username": name, "password": password, "password1": password})
    if not form.is_valid():
        return HttpResponse(
            pages.account_page(
                title, csrf(request), " ".join(error for errors in form.errors.values() for error in errors)
            )
        )
    auth.login(request, form.get_user() if title == "Log in" else form.save())
    messages.success(request, f"Welcome, {name}")
    return redirect("/")


@require_POST
def set_line(request: Any) -> HttpResponse:
    """Set how much of something is in the cart. Whoever is in doubt may send it again."""
    item = request.POST.get("item", "")
    try:
        line, quantity = pages.cart_line(item, request.POST.get("quantity", ""))
    except ValueError as error:
        return HttpResponseBadRequest(str(error))
    request.session[line] = quantity
    if not quantity:
        del request.session[line]
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
