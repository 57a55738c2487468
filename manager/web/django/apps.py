"""For ``INSTALLED_APPS``: with it, ``manage.py check`` looks at the settings of the sessions too."""

from django.apps import AppConfig


class MemcachedSessionsConfig(AppConfig):
    """The application has no models and no templates; that it is imported registers the checks."""

    name = "memcached_sessions.manager.web.django"
    label = "memcached_sessions"
    verbose_name = "Memcached sessions"
