"""The settings of the Django shop."""

import os
from pathlib import Path

from memcached_sessions.examples.serving import SECRET, settings_of_the_environment

SECRET_KEY = SECRET
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "memcached_sessions.examples.django_shop"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "memcached_sessions.manager.web.django",
]
MIDDLEWARE = [
    "memcached_sessions.manager.web.django.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
DATABASE = Path(os.environ.get("SHOP_DATABASE", "shop.sqlite")).with_suffix(".django.sqlite")
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE, "OPTIONS": {"timeout": 10}}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]

TIME_ZONE = "UTC"

SESSION_ENGINE = "memcached_sessions.manager.web.django"
MEMCACHED_SESSIONS = settings_of_the_environment()  # {"nodes": "n1:10.0.0.1:11211 n2:10.0.0.2:11211", "route": "app1"}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_NAME = "id"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = "SHOP_HTTPS" in os.environ
