"""A Django site with what goes into sessions there: accounts, messages, forms, django-allauth, authlib."""

from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import include, path
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy
from flows.django_flows import LONG
from flows.openid_provider import CLIENT


def who(request: HttpRequest) -> HttpResponse:
    """Say who is logged in; nobody: nothing."""
    return HttpResponse(request.user.get_username())


def tell(request: HttpRequest) -> HttpResponse:
    """Leave messages, of which a cookie has no room for all."""
    messages.success(request, "bought")
    messages.info(request, mark_safe("<b>tea</b>"), extra_tags="shop cart")
    messages.warning(request, gettext_lazy("Yes"), fail_silently=True)
    messages.error(request, LONG)
    return HttpResponse()


def told(request: HttpRequest) -> HttpResponse:
    """Show the messages."""
    shown = [(m.tags, str(m), isinstance(m.message, SafeString)) for m in messages.get_messages(request)]
    return JsonResponse(shown, safe=False)


def token(request: HttpRequest) -> HttpResponse:
    """Show the token that a form has to bring."""
    return HttpResponse(get_token(request))


def step(request: HttpRequest) -> HttpResponse:
    """Keep the first page of a form of several pages."""
    request.session["step"] = request.POST
    request.session["label"] = gettext_lazy("Yes")
    request.session["hint"] = mark_safe("<b>tea</b>")
    request.session["price"] = Decimal("9.90")
    request.session.set_test_cookie()
    request.session.set_expiry(600)
    return HttpResponse()


def last_step(request: HttpRequest) -> HttpResponse:
    """Show what was kept."""
    kept = request.session
    sizes = kept["step"].getlist("size")
    return JsonResponse([sizes, kept["label"], type(kept["hint"]).__name__, str(kept["price"])], safe=False)


@cache
def _provider() -> Any:
    from authlib.integrations.django_client import OAuth

    oauth = OAuth()
    oauth.register(
        "provider",
        **CLIENT,
        server_metadata_url=f"{settings.PROVIDER}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
    )
    return oauth.provider


def to_provider(request: HttpRequest) -> HttpResponse:
    """Send the visitor to the provider, by authlib."""
    return _provider().authorize_redirect(request, "http://testserver/callback")


def callback(request: HttpRequest) -> HttpResponse:
    """Take what the provider says."""
    request.session["claims"] = _provider().authorize_access_token(request)["userinfo"]
    return HttpResponse(request.session["claims"]["sub"])


urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("login/", auth_views.LoginView.as_view(template_name="admin/login.html", next_page="/who")),
    path("password/", auth_views.PasswordChangeView.as_view(success_url="/who")),
    path("reset/<uidb64>/<token>/", auth_views.PasswordResetConfirmView.as_view(success_url="/who")),
    path("who", who),
    path("tell", tell),
    path("told", told),
    path("token", token),
    path("step", step),
    path("last-step", last_step),
    path("to-provider", to_provider),
    path("callback", callback),
]
