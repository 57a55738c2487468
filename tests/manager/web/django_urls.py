"""The views of the project, sync and async, and where they are."""

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import alogin, alogout, authenticate, login, logout, update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path


def plain(request: HttpRequest) -> HttpResponse:
    """Not look at the session."""
    del request
    return HttpResponse("the same for all")


def show(request: HttpRequest) -> HttpResponse:
    """Answer with all that the session holds."""
    return JsonResponse(dict(request.session.items()))


def put(request: HttpRequest) -> HttpResponse:
    """Set what the query says, and answer with the status that it may name."""
    query = request.GET.dict()
    status = int(query.pop("status", "200"))
    request.session.update(query)
    return HttpResponse(request.session.session_key or "", status=status)


def act(request: HttpRequest, name: str) -> HttpResponse:
    """Call a method of the session, with the value that the query may give as JSON."""
    given = request.GET.get("value")
    getattr(request.session, name)(*([] if given is None else [json.loads(given)]))
    return HttpResponse(request.session.session_key or "")


def fail(request: HttpRequest) -> HttpResponse:
    """Change the session, and fail."""
    request.session["kept"] = "no"
    raise RuntimeError("the view fails")


def change_password(request: HttpRequest) -> HttpResponse:
    """As Django's own view does."""
    request.user.set_password("another password")
    request.user.save()
    update_session_auth_hash(request, request.user)
    return HttpResponse()


def sign_in(request: HttpRequest) -> HttpResponse:
    """Log the user of the query in."""
    user = authenticate(request, username=request.GET["name"], password=request.GET["password"])
    login(request, user)
    messages.success(request, "welcome")
    return HttpResponse()


def sign_out(request: HttpRequest) -> HttpResponse:
    """Log out."""
    logout(request)
    return HttpResponse()


def who(request: HttpRequest) -> HttpResponse:
    """Answer with the name of the user, and the messages for them."""
    return JsonResponse(
        {"user": request.user.get_username(), "messages": [str(m) for m in messages.get_messages(request)]}
    )


async def async_put(request: HttpRequest) -> HttpResponse:
    """Set what the query says, and save it before the response is made."""
    await request.session.aupdate(request.GET.dict())
    await request.session.asave()
    return HttpResponse(request.session.session_key or "")


async def async_show(request: HttpRequest) -> HttpResponse:
    """Answer with all that the session holds."""
    return JsonResponse(dict(await request.session.aitems()))


async def async_sign_in(request: HttpRequest) -> HttpResponse:
    """Log the user of the query in."""
    from django.contrib.auth import aauthenticate

    user = await aauthenticate(request, username=request.GET["name"], password=request.GET["password"])
    await alogin(request, user)
    return HttpResponse()


async def async_sign_out(request: HttpRequest) -> HttpResponse:
    """Log out."""
    await alogout(request)
    return HttpResponse()


async def async_who(request: HttpRequest) -> HttpResponse:
    """Answer with the name of the user."""
    return HttpResponse((await request.auser()).get_username())


urlpatterns: list[Any] = [
    path("admin/", admin.site.urls),
    path("login/", auth_views.LoginView.as_view(template_name="admin/login.html", next_page="/who")),
    path("plain", plain),
    path("show", show),
    path("put", put),
    path("act/<name>", act),
    path("fail", fail),
    path("password", change_password),
    path("sign-in", sign_in),
    path("sign-out", sign_out),
    path("who", who),
    path("async/put", async_put),
    path("async/show", async_show),
    path("async/sign-in", async_sign_in),
    path("async/sign-out", async_sign_out),
    path("async/who", async_who),
]
