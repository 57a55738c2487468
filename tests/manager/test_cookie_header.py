"""The cookie in the headers of HTTP: what is found whatever a client sends, and what browsers are told."""

from http.cookies import SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcached_sessions.manager.cookie import DELETE_COOKIE, NO_COOKIE, CookieAction, CookieKind
from memcached_sessions.manager.cookie_header import cookie_value, set_cookie_header
from memcached_sessions.manager.settings import Settings

SET = CookieAction(CookieKind.SET, "0123456789abcdef0123456789abcdef-n1.app1~x7")
NAME_CHARACTERS = "!#$%&'*+.^_`|~0123456789ABCXYZabcxyzid-"
RESERVED = {"expires", "path", "comment", "domain", "max-age", "secure", "httponly", "version", "samesite"}

names = st.text(NAME_CHARACTERS, min_size=1, max_size=6).filter(
    lambda name: name.lower() not in RESERVED and name[0] != "$"
)
values = st.text(NAME_CHARACTERS + "=:/?@()<>[]{}", max_size=20)
blanks = st.text(" \t", max_size=2)


def settings_with(**values: Any) -> Settings:
    """Return settings with some of ``cookie_...``."""
    return Settings(memcached_nodes="memory://", **values)


# Cookie


@given(st.dictionaries(names, values, min_size=1), st.data())
def test_every_cookie_is_found_as_the_standard_library_finds_it(cookies: dict[str, str], data: st.DataObject) -> None:
    """With names that are there once, and plain values, there are no two opinions."""
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    parsed = SimpleCookie(header)
    name = data.draw(st.sampled_from(sorted(cookies)))

    assert cookie_value(header, name) == parsed[name].value == cookies[name]


@given(names, st.text(NAME_CHARACTERS + " ,=", max_size=20), blanks, blanks, blanks, blanks)
def test_quotes_and_blanks_around_names_and_values_are_no_part_of_them(
    name: str, value: str, before: str, between: str, after: str, end: str
) -> None:
    """Proxies and hand-made clients write them; the standard library reads them the same."""
    header = f'first=1;{before}{name}{between}={after}"{value}"{end}; last=2'

    assert cookie_value(header, name) == value
    if name not in ("first", "last"):
        assert SimpleCookie(header)[name].value == value


@given(names, st.lists(values.filter(lambda value: '"' not in value), min_size=2, max_size=4))
def test_the_first_of_several_cookies_of_one_name_wins(name: str, several: list[str]) -> None:
    """Browsers send the one of the most specific path first."""
    assert cookie_value("; ".join(f"{name}={value}" for value in several), name) == several[0]


@given(st.text(), names)
def test_whatever_comes_is_read_as_pairs_between_semicolons(header: str, name: str) -> None:
    """Hostile headers raise nothing, and hold exactly what splitting them at the semicolons gives."""
    assert cookie_value(header, name) == _by_splitting(header, name)


@given(st.lists(st.sampled_from(["id", "i", "d", "=", ";", " ", "\t", '"', "x"]), max_size=30))
def test_headers_made_of_what_matters_are_read_as_pairs_between_semicolons(pieces: list[str]) -> None:
    """The same for headers that come close to having the cookie."""
    header = "".join(pieces)

    assert cookie_value(header, "id") == _by_splitting(header, "id")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("", None),
        ("id", None),
        ("id=", ""),
        ("paid=1; id=2", "2"),
        ("ID=1", None),
        ("a=id=3; id=4", "4"),
        ("a=b id=5", None),
        ("id=a=b", "a=b"),
        ('id="', '"'),
        ('id=""', ""),
        ('x="a; id=6; y=b"', "6"),
        ("id=7\x00", "7\x00"),
        (";;id=8;;", "8"),
    ],
)
def test_odd_headers_have_one_meaning(header: str, value: str | None) -> None:
    """The last but two: a quote that spans cookies hides none of them, which has been an attack."""
    assert cookie_value(header, "id") == value


def _by_splitting(header: str, name: str) -> str | None:
    """What `cookie_value` is, in its plainest form."""
    for pair in header.split(";"):
        found, equals, value = pair.partition("=")
        if equals and found.strip(" \t") == name:
            value = value.strip(" \t")
            return value[1:-1] if len(value) > 1 and value[0] == '"' == value[-1] else value
    return None


# Set-Cookie


@pytest.mark.parametrize("action", [SET, DELETE_COOKIE])
@pytest.mark.parametrize("by_https", [True, False])
def test_the_standard_library_reads_what_was_written(action: CookieAction, by_https: bool) -> None:
    """All attributes, each where it belongs."""
    settings = settings_with(
        cookie_name="sid", cookie_domain="shop.example", cookie_path="/shop", cookie_samesite="Strict"
    )

    (morsel,) = SimpleCookie(set_cookie_header(action, settings, secure=by_https)).values()

    assert (morsel.key, morsel.value) == ("sid", action.value)
    assert (morsel["domain"], morsel["path"], morsel["samesite"]) == ("shop.example", "/shop", "Strict")
    assert morsel["httponly"] is True
    assert bool(morsel["secure"]) is by_https
    assert morsel["max-age"] == ("0" if action is DELETE_COOKIE else "")


def test_a_deleted_cookie_is_named_by_the_attributes_that_it_was_set_with() -> None:
    """Browsers tell cookies apart by domain, path and partition, and drop what a prefix forbids."""
    settings = settings_with(cookie_name="__Host-id", cookie_partitioned=True)

    first, *attributes = set_cookie_header(SET, settings, secure=True).split("; ")
    deleted, age, *same = set_cookie_header(DELETE_COOKIE, settings, secure=True).split("; ")

    assert (first, deleted, age) == (f"__Host-id={SET.value}", "__Host-id=", "Max-Age=0")
    assert attributes == same == ["Path=/", "HttpOnly", "SameSite=Lax", "Secure", "Partitioned"]


@pytest.mark.parametrize(
    ("setting", "by_https", "secure"),
    [("auto", True, True), ("auto", False, False), (True, False, True), (False, True, False)],
)
def test_secure_is_what_the_setting_says_and_auto_follows_the_request(
    setting: bool | str, by_https: bool, secure: bool
) -> None:
    """A setting wins over the request."""
    header = set_cookie_header(SET, settings_with(cookie_secure=setting), secure=by_https)

    assert ("; Secure" in header) is secure


@pytest.mark.parametrize(
    "needing",
    [
        {"cookie_name": "__Host-id"},
        {"cookie_name": "__secure-id"},
        {"cookie_samesite": "None"},
        {"cookie_partitioned": True},
    ],
)
def test_what_browsers_take_as_secure_only_is_secure_by_http_too(needing: dict[str, Any]) -> None:
    """Without it they drop the cookie for certain; and a proxy may have taken the request by https."""
    assert "; Secure" in set_cookie_header(SET, settings_with(**needing), secure=False)


def test_scripts_may_read_the_cookie_only_if_asked_for() -> None:
    """The one attribute that is on by default and can be left out."""
    assert "HttpOnly" not in set_cookie_header(SET, settings_with(cookie_httponly=False), secure=True)


def test_nothing_to_set_is_refused() -> None:
    """A header that deletes the cookie by mistake would log the user out."""
    with pytest.raises(ValueError, match="send no Set-Cookie"):
        set_cookie_header(NO_COOKIE, settings_with(), secure=True)
