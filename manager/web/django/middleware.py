"""Django's session middleware, and what the cookie has beside the session key: node and route.

Invariants: applications see the session key alone; what else Django's middleware does stays as it is; a cookie is sent
only when the id changes or its lifetime is renewed or changed.
"""

# Django has no annotations:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

from django import conf  # not settings: whoever looks at the names of this module would evaluate them
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers

from ...session_id import SessionId
from .configured_manager import session_manager
from .store import SessionStore


class SessionMiddleware(DjangoSessionMiddleware):
    """Takes the place of ``django.contrib.sessions.middleware.SessionMiddleware`` in ``MIDDLEWARE``."""

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        if not issubclass(self.SessionStore, SessionStore):
            raise ImproperlyConfigured(
                f"{__name__}.SessionMiddleware goes with the engine memcached_sessions.manager.web.django, not with"
                f" SESSION_ENGINE={conf.settings.SESSION_ENGINE!r}"
            )
        self._ignores = session_manager().settings.ignored_path

    def process_request(self, request: Any) -> None:
        """Give the request its session; no node is asked yet."""
        super().process_request(request)
        request.session.cookie_may_differ = True
        if self._ignores is not None and self._ignores(request.path):
            request.session.ignored_path = request.path

    def process_response(self, request: Any, response: HttpResponse) -> HttpResponse:
        """Save the session if it was modified, and set or delete the cookie."""
        store = getattr(request, "session", None)
        if not isinstance(store, SessionStore):
            return super().process_response(request, response)
        if store.ignored_path:
            return self._respond_ignoring(store, response)
        response = super().process_response(request, response)
        cookie = response.cookies.get(conf.settings.SESSION_COOKIE_NAME) if response.cookies else None
        if cookie is None:
            if self._has_moved(store) and response.status_code < 500:
                self._set_cookie(response, store)
        elif cookie.value and cookie.value == store.session_key:
            unchanged = store.cookie_value == store.cookie_came and store.lasts_as_before and not cookie["max-age"]
            if store.cookie_value is None or store.undecided or unchanged:
                del response.cookies[cookie.key]
            else:
                cookie.set(cookie.key, store.cookie_value, store.cookie_value)
        return response

    def _respond_ignoring(self, store: SessionStore, response: HttpResponse) -> HttpResponse:
        """Drop what was changed, and tell the client of nothing but a new key."""
        if store.accessed:
            patch_vary_headers(response, ("Cookie",))
        if store.modified and not store.is_empty() and response.status_code < 500:
            with session_manager().request(None, path=store.ignored_path) as session:
                session["changed"] = True  # what an ignored request writes is dropped by the manager, which tells of it
        if store.session_key not in (None, SessionId.sid_of(store.cookie_came)) and self._has_moved(store):
            self._set_cookie(response, store)
        return response

    @staticmethod
    def _has_moved(store: SessionStore) -> bool:
        """Whether the client has an id that names another node or server than its session is at now."""
        return store.cookie_value is not None and store.cookie_value != store.cookie_came

    @staticmethod
    def _set_cookie(response: HttpResponse, store: SessionStore) -> None:
        response.set_cookie(
            conf.settings.SESSION_COOKIE_NAME,
            store.cookie_value or "",
            max_age=None if store.get_expire_at_browser_close() else store.get_expiry_age(),
            domain=conf.settings.SESSION_COOKIE_DOMAIN,
            path=conf.settings.SESSION_COOKIE_PATH,
            secure=conf.settings.SESSION_COOKIE_SECURE or False,
            httponly=conf.settings.SESSION_COOKIE_HTTPONLY or False,
            samesite=conf.settings.SESSION_COOKIE_SAMESITE,
        )
        patch_vary_headers(response, ("Cookie",))
