"""Settings: their defaults, what each of them is refused for and how that is said, and what follows from them."""

import pickle
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memcached_sessions.manager.errors import ConfigurationError
from memcached_sessions.manager.settings import Settings
from memcached_sessions.serializers import get_serializer

KEY = "0123456789abcdef"
SHORT_KEY = "too-short-secret"[:15]

# What each setting cannot be, and what messages must say is allowed. Lists, because one kind of wrong is not enough.
REFUSED: dict[str, tuple[list[Any], str]] = {
    "memcached_nodes": (["", None, 7, "http://cache1"], "host:port, [ipv6]:port, tls://host:port"),
    "failover_nodes": (["n2", 7], "names of nodes in memcached_nodes, not all of them"),
    "sticky": ([False, None, 1, "true"], "true (false comes with non-sticky mode)"),
    "enabled": ([None, 1, "true"], "True or False"),
    "dry_run": ([None, 1, "true"], "True or False"),
    "serializer": (["msgpck", "", None, 7, type(get_serializer("json"))], "the name of an installed serializer"),
    "custom_converters": (
        ["shop:register", ("shop",), ("django-model",), ("shop:",), (7,), None],
        'names of the form "module:function"',
    ),
    "accept_serializers": (["json", ("msgpck",), (7,), 7], "a sequence of names of installed serializers, or None"),
    "on_undecodable": (["purge", None, True], "'new' or 'raise' or 'keep'"),
    "signing_keys": ([KEY, (SHORT_KEY,), (KEY, b"short"), (7,), None], "keys of at least 16 bytes each"),
    "compression": (["gzip", True, ""], "'zlib' or 'zstd', or None"),
    "max_session_bytes": ([0, -1, True, 1.5, "1"], "bytes, a whole number from 1 to 1073741824, or None"),
    "session_attribute_filter": (["(", "", 7, "a{99999999999}"], "a regular expression, or None"),
    "storage_key_prefix": (["a b", "x" * 201, "é", "a\n", None, 7], "at most 200 printable ASCII characters"),
    "session_backup_async": ([None, 0, "yes"], "True or False"),
    "session_backup_timeout": ([0, -1, 61, True, "1", None, float("nan")], "seconds, a number from 0.001 to 60"),
    "operation_timeout": ([0, -1, 61, True, "1", None, float("inf")], "seconds, a number from 0.001 to 60"),
    "connect_timeout": ([0, -1, 61, True, "1", None], "seconds, a number from 0.001 to 60"),
    "max_pool_size": ([0, 10_001, 1.0, True, "1", None], "connections, a whole number from 1 to 10000"),
    "backup_thread_count": ([0, 1025, 1.0, True, "1"], "threads, a whole number from 1 to 1024, or None"),
    "backup_queue_size": ([0, 1.0, True, "1", None], "sessions, a whole number from 1 to 10000000"),
    "copies": ([2, 0, True, 1.0, "1", None], "1 (more come with non-sticky mode)"),
    "on_conflict": (["last", None, print], "'merge' (others come with non-sticky mode)"),
    "locking_mode": (["auto", "all", "uri_pattern:/cart", "app", True], "come with non-sticky mode), or None"),
    "lock_expiration": ([0, 3601, True, "1", None], "seconds, a number from 0.001 to 3600"),
    "max_inactive_interval": ([0, -1, 315_360_001, 1.5, True, "5"], "seconds, a whole number from 1 to 315360000, or"),
    "absolute_timeout": ([0, -1, 315_360_001, 1.5, True, "5"], "seconds, a whole number from 1 to 315360000, or"),
    "max_local_sessions": ([0, True, 1.0, "1", None], "sessions, a whole number from 1 to 2147483648"),
    "max_local_bytes": ([0, True, 1.0, "1"], "bytes, a whole number from 1 to 9223372036854775808, or None"),
    "route": (["", "a.b", "a~b", "a b", "r" * 64, "é", "app1\n", 7], "1 to 63 of A-Za-z0-9_-, or None"),
    "freshness": (["always", None, True], "'auto' or 'trust' or 'revalidate'"),
    "local_trust": ([-1, 86_401, True, "1"], "seconds, a number from 0 to 86400, or None"),
    "quiet_window": ([0, 86_401, True, "1", None], "seconds, a number from 0.001 to 86400"),
    "request_uri_ignore_pattern": (["[", "", 7], "a regular expression, or None"),
    "enable_statistics": ([None, 1, "yes"], "True or False"),
    "cookie_name": (["", "a b", "a;b", "a=b", "é", None, 7], "letters, digits and any of"),
    "cookie_domain": (["", "a b", "a;b", "a..b", "é.org", 7], "a domain name, or None"),
    "cookie_path": (["", "shop", "/a;b", "/a b", "/\n", None, 7], "a path that begins with / and holds no ; or space"),
    "cookie_httponly": ([None, 1, "yes"], "True or False"),
    "cookie_samesite": (["lax", None, False], "'Lax' or 'Strict' or 'None'"),
    "cookie_secure": (["always", None, 1], "True or False or 'auto'"),
    "cookie_partitioned": ([None, 1, "yes"], "True or False"),
    "username": (["", "a b", "a:b", "a\n", "\udc80", 7], "1 to 250 characters without spaces and colons, or None"),
    "password": (["", "hush hush", "hush\n", "\udc80hush", 7], "1 to 250 characters without spaces, or None"),
    "tls_ca_file": (["/nowhere/ca.pem", "", "/", 7, "x" * 5000], "the path of a file that is there, or None"),
    "tls_certificate_file": (["/nowhere/a.pem", "", 7], "the path of a file that is there, or None"),
    "tls_key_file": (["/nowhere/a.key", "", 7], "the path of a file that is there, or None"),
    "tls_check_hostname": ([None, 1, "yes"], "True or False"),
    "warn_without_tls": ([None, 1, "yes"], "True or False"),
}
SECRETS_OF_BOB: dict[str, Any] = {"username": "bob", "password": "hush", "signing_keys": (KEY,)}
SECRETS = {"password": "hush", "signing_keys": SHORT_KEY}


def made(**values: Any) -> Settings:
    return Settings(**{"memcached_nodes": "memory://", **values})


def refusal(**values: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        made(**values)
    return str(caught.value)


def test_no_setting_is_left_out_of_these_tests() -> None:
    """The table of refusals names each setting."""
    assert set(REFUSED) == set(Settings.rules_by_name())


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (values, _) in REFUSED.items() for value in values]
)
def test_a_wrong_value_is_refused_with_its_name_the_value_and_what_is_allowed(name: str, value: object) -> None:
    """Whoever reads the message can put the setting right."""
    message = refusal(**{name: value})

    assert message.startswith(f"{name} cannot be ")
    assert REFUSED[name][1] in message.partition("; allowed: ")[2]
    if name in SECRETS:
        assert message.startswith(f"{name} cannot be (hidden)")
        assert SECRETS[name] not in message
    else:
        assert repr(value)[:200] in message


def test_the_defaults_are_those_of_the_documentation() -> None:
    """A default that changes is a change that users must be told of."""
    settings = made()

    assert {name: getattr(settings, name) for name in Settings.rules_by_name()} == {
        "memcached_nodes": "memory://",
        "failover_nodes": None,
        "sticky": True,
        "enabled": True,
        "dry_run": False,
        "serializer": "compact",
        "custom_converters": (),
        "accept_serializers": None,
        "on_undecodable": "new",
        "signing_keys": (),
        "compression": None,
        "max_session_bytes": None,
        "session_attribute_filter": None,
        "storage_key_prefix": "",
        "session_backup_async": False,
        "session_backup_timeout": 0.25,
        "operation_timeout": 0.5,
        "connect_timeout": 0.25,
        "max_pool_size": 64,
        "backup_thread_count": None,
        "backup_queue_size": 10_000,
        "copies": 1,
        "on_conflict": "merge",
        "locking_mode": None,
        "lock_expiration": 5,
        "max_inactive_interval": 1800,
        "absolute_timeout": None,
        "max_local_sessions": 100_000,
        "max_local_bytes": None,
        "route": None,
        "freshness": "auto",
        "local_trust": None,
        "quiet_window": 60,
        "request_uri_ignore_pattern": None,
        "enable_statistics": True,
        "cookie_name": "id",
        "cookie_domain": None,
        "cookie_path": "/",
        "cookie_httponly": True,
        "cookie_samesite": "Lax",
        "cookie_secure": "auto",
        "cookie_partitioned": False,
        "username": None,
        "password": None,
        "tls_ca_file": None,
        "tls_certificate_file": None,
        "tls_key_file": None,
        "tls_check_hostname": True,
        "warn_without_tls": True,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("session_backup_timeout", 0.001),
        ("operation_timeout", 60),
        ("max_inactive_interval", 1),
        ("max_inactive_interval", 315_360_000),
        ("max_inactive_interval", None),
        ("storage_key_prefix", "!" * 200),
        ("route", "r" * 63),
        ("signing_keys", (b"\0" * 16,)),
        ("signing_keys", ("é" * 8,)),
        ("accept_serializers", ()),
        ("cookie_domain", ".example.org"),
        ("cookie_path", "/shop/"),
        ("tls_ca_file", Path(__file__)),
    ],
)
def test_what_is_just_allowed_is_taken_as_it_is(name: str, value: object) -> None:
    """Limits are inclusive."""
    assert getattr(made(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("stiky", "sticky"),
        ("memcachedNodes", "memcached_nodes"),
        ("sessionBackupAsync", "session_backup_async"),
        ("cookie_same_site", "cookie_samesite"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(name: str, meant: str) -> None:
    """A misspelled setting must not leave the default in force unseen; its value may be a secret."""
    message = refusal(**{name: "hush"})

    assert message == f"there is no setting {name}; did you mean {meant}?"


@pytest.mark.parametrize("name", ["xyzzy", "cls", "self", "quiet"])
def test_a_name_like_no_other_is_refused_too(name: str) -> None:
    """Nothing is suggested where nothing is near; names of Python's own are no exception."""
    assert refusal(**{name: 1}).startswith(f"there is no setting {name}")


def test_lists_become_tuples() -> None:
    """Settings never change, and TOML has only lists."""
    settings = made(memcached_nodes=["n1:a:1", "n2:b:2"], failover_nodes=["n1"], signing_keys=[KEY])

    assert (settings.memcached_nodes, settings.failover_nodes) == (("n1:a:1", "n2:b:2"), ("n1",))
    assert settings.signing_keys == (KEY,)
    assert hash(settings) == hash(replace(settings))


def test_no_locking_has_two_names_and_one_value() -> None:
    """``none`` is what the other modes' configuration calls it."""
    assert made(locking_mode="none").locking_mode is None


def test_the_nodes_are_parsed() -> None:
    """Checklist lines 7 to 9: the list of nodes is checked with the settings, and kept."""
    settings = made(memcached_nodes="n1:a:1 n2:b:2", failover_nodes="n2")

    assert [node.name for node in settings.node_list.primaries] == ["n1"]
    assert settings.node_list is settings.node_list


def test_keys_are_bytes_in_the_order_in_which_they_were_given() -> None:
    """The first key signs, so the order matters."""
    assert made(signing_keys=("é" * 8, b"\xff" * 16)).mac_keys == ("é".encode() * 8, b"\xff" * 16)
    assert made().mac_keys == ()


def test_a_key_that_is_no_text_is_refused_without_a_part_of_it_being_shown() -> None:
    """The environment hands over undecodable bytes as lone surrogates."""
    message = refusal(signing_keys=(KEY + "\udce9",))

    assert message.startswith("signing_keys cannot be (hidden), one of them is no text that UTF-8 can encode; allowed")


def test_patterns_match_in_full_or_are_absent() -> None:
    """A pattern is not found somewhere in a text by accident; without one nobody needs to ask."""
    settings = made(request_uri_ignore_pattern=r"/static/.*|.*\.ico", session_attribute_filter="cart|user")

    assert settings.ignored_path is not None
    assert [settings.ignored_path(path) for path in ("/static/a", "/x.ico", "/x.icon", "/a/static/")] == [
        True,
        True,
        False,
        False,
    ]
    assert settings.kept_attribute is not None
    assert [settings.kept_attribute(name) for name in ("cart", "user", "carts", "users", "")] == [True, True] + [
        False
    ] * 3
    assert made().ignored_path is made().kept_attribute is None


@pytest.mark.parametrize(("limit", "payload"), [(None, 2**26), (1000, 2**26), (2**27, 2**27)])
def test_what_is_decompressed_is_bounded(limit: int | None, payload: int) -> None:
    """64 MiB, unless larger sessions are asked for."""
    assert made(max_session_bytes=limit).max_payload_bytes == payload


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        ({}, ("compact", "json", "msgpack", "cbor")),
        ({"serializer": "cbor"}, ("cbor", "compact", "json", "msgpack")),
        ({"serializer": get_serializer("json")}, ("json", "compact", "msgpack", "cbor")),
        ({"serializer": "pickle", "signing_keys": (KEY,)}, ("pickle", "compact", "json", "msgpack", "cbor")),
        ({"accept_serializers": ()}, ("compact",)),
        ({"accept_serializers": ("json", "compact")}, ("compact", "json")),
    ],
)
def test_what_was_written_before_is_read_but_never_pickles_unless_chosen(
    values: dict[str, Any], accepted: tuple[str, ...]
) -> None:
    """Changing the serializer logs nobody out, and opens no door."""
    assert made(**values).accepted_serializers == accepted


@pytest.mark.parametrize(
    ("idle", "seconds"), [(1800, 450), (3600, 900), (36_000, 900), (None, 900), (7, 1), (4, 1), (1, 1), (43, 10)]
)
def test_the_touch_interval_is_a_quarter_of_the_idle_timeout_within_limits(idle: int | None, seconds: int) -> None:
    """Rules T1 and R17: at least a second, at most 15 minutes."""
    assert made(max_inactive_interval=idle).touch_interval == seconds


@pytest.mark.parametrize(
    ("idle", "window", "seconds"),
    [(60, 60, 600), (1800, 60, 900), (None, 60, 1800), (60, 600, 660), (60, 3600.5, 3661), (7200, 1740, 1800)],
)
def test_a_tombstone_outlives_every_copy_and_every_request(idle: int | None, window: float, seconds: int) -> None:
    """Rule R18: two touch intervals, the longest request and a minute, ten minutes."""
    assert made(max_inactive_interval=idle, quiet_window=window).tombstone_ttl == seconds


def test_no_secret_is_in_the_repr() -> None:
    """Settings are logged at start."""
    shown = repr(made(**SECRETS_OF_BOB))

    assert "bob" in shown
    assert "hush" not in shown
    assert KEY not in shown


def test_a_long_value_is_shown_in_part() -> None:
    """A message is for people to read."""
    assert len(refusal(route="x" * 100_000)) < 400


def test_settings_are_values() -> None:
    """They are equal when their settings are, and survive copying and being sent to another process."""
    settings = made(route="app1", signing_keys=(KEY,), session_attribute_filter="cart", memcached_nodes=["n1:a:1"])

    assert copy(settings) == pickle.loads(pickle.dumps(settings)) == replace(settings) == settings
    assert replace(settings, route="app2") != settings
    with pytest.raises(AttributeError):
        settings.route = "app2"  # type: ignore[misc]
