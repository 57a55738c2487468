"""Django: ``SESSION_ENGINE = "memcached_sessions.manager.web.django"``.

`SessionStore` is the engine, `SessionMiddleware` takes the place of Django's and adds what the load balancer needs to
the cookie, and the checks tell of settings that do not do what they seem to. ``MEMCACHED_SESSIONS`` holds the settings.
"""

from .checks import check_settings
from .configured_manager import session_manager
from .middleware import SessionMiddleware
from .store import SessionStore

__all__ = ["SessionMiddleware", "SessionStore", "check_settings", "session_manager"]
