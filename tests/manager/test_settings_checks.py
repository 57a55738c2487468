"""Settings that go together, and those that do not."""

from typing import Any

import pytest

from memcached_sessions.manager.errors import ConfigurationError
from memcached_sessions.manager.settings import Settings
from memcached_sessions.serializers import get_serializer

KEY = "0123456789abcdef"


def made(**values: Any) -> Settings:
    return Settings(**{"memcached_nodes": "memory://", **values})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"freshness": "trust"}, "freshness cannot be 'trust', without route ids do not say"),
        ({"serializer": "pickle"}, "serializer cannot be 'pickle', whoever can write to memcached"),
        ({"serializer": "fory"}, "serializer cannot be 'fory', whoever can write to memcached"),
        ({"serializer": get_serializer("pickle", unrestricted=True)}, "serializer cannot be <"),
        ({"accept_serializers": ("json", "pickle")}, "accept_serializers cannot be ('json', 'pickle'), whoever can"),
        ({"username": "bob"}, "username cannot be 'bob', password is missing"),
        ({"password": "hush"}, "password cannot be (hidden), username is missing"),
        ({"tls_key_file": __file__}, "tls_certificate_file is missing; allowed: a key together with"),
        ({"tls_ca_file": __file__, "memcached_nodes": "cache1"}, "the nodes are reached without TLS; allowed: "),
        ({"tls_certificate_file": __file__, "memcached_nodes": "cache1"}, "the nodes are reached without TLS"),
        ({"cookie_samesite": "None", "cookie_secure": False}, "cookie_secure cannot be False, browsers would drop"),
        ({"cookie_partitioned": True, "cookie_secure": False}, "cookie_secure cannot be False, browsers would drop"),
        ({"cookie_name": "__Secure-id", "cookie_secure": False}, "because of cookie_name '__Secure-id'; allowed: True"),
        ({"cookie_name": "__host-id", "cookie_secure": False}, "because of cookie_name '__host-id'; allowed: True"),
        ({"cookie_name": "__Host-id", "cookie_domain": "a.org"}, "cookie_domain cannot be 'a.org', browsers would"),
        ({"cookie_name": "__Host-id", "cookie_path": "/shop"}, "cookie_path cannot be '/shop', browsers would drop"),
    ],
)
def test_settings_are_refused_that_do_not_go_together(values: dict[str, Any], message: str) -> None:
    """Each would fail later, or be less safe than it looks."""
    with pytest.raises(ConfigurationError) as caught:
        made(**values)

    assert message in str(caught.value)
    assert "; allowed: " in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"freshness": "trust", "route": "app1"},
        {"serializer": "pickle", "signing_keys": (KEY,)},
        {"serializer": "fory", "signing_keys": (KEY,)},
        {"serializer": "msgspec", "accept_serializers": ("ormsgpack",)},
        {"accept_serializers": ("pickle",), "signing_keys": (KEY,)},
        {"username": "bob", "password": "hush"},
        {"tls_certificate_file": __file__, "tls_key_file": __file__, "memcached_nodes": "tls://cache1"},
        {"tls_ca_file": __file__, "memcached_nodes": "n1:tls://a n2:b:1"},
        {"tls_ca_file": __file__, "memcached_nodes": "memory://"},
        {"cookie_samesite": "None", "cookie_partitioned": True},
        {"cookie_name": "__Host-id"},
        {"cookie_name": "__Secure-id", "cookie_domain": "a.org", "cookie_path": "/shop"},
        {"cookie_secure": False},
    ],
)
def test_settings_are_taken_that_do_go_together(values: dict[str, Any]) -> None:
    """What makes them allowed is there."""
    settings = made(**values)

    assert all(getattr(settings, name) == value for name, value in values.items())
