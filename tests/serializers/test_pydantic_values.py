"""Values that pydantic makes of what it reads come back as they were, and hostile ones are refused."""

from typing import Any

import pydantic
import pytest
from pydantic import networks
from pydantic_core import Url

from memcached_sessions.serializers import ConverterRegistry, DeserializationError, SerializationError, get_serializer

FORMATS = ["pickle", "json", "msgpack", "cbor", "compact"]


class Shop(pydantic.BaseModel):
    site: pydantic.HttpUrl
    database: pydantic.PostgresDsn
    key: pydantic.SecretStr
    token: pydantic.Secret[int]
    mail: Any = networks.NameEmail("Ada", "ada@example.org")


@pytest.mark.parametrize("name", FORMATS)
def test_a_model_with_urls_and_secrets_is_kept(name: str) -> None:
    registry = ConverterRegistry()
    registry.register(Shop, tag="shop.Shop")
    given = {"site": "http://a.example", "database": "postgres://u:p@one,two/shop", "key": "k", "token": 3}
    shop = Shop.model_validate(given)
    serializer = get_serializer(name, registry)
    loaded = serializer.loads(serializer.dumps(shop))
    assert loaded == shop
    assert (loaded.key.get_secret_value(), loaded.token.get_secret_value()) == ("k", 3)
    assert [str(each) for each in (loaded.site, loaded.database)] == [str(shop.site), str(shop.database)]


@pytest.mark.parametrize("make", [lambda: Url("http://a.example", preserve_empty_path=True), lambda: _without_path()])
def test_a_url_that_was_made_without_a_path_stays_so(make: Any) -> None:
    url = make()
    serializer = get_serializer("json", ConverterRegistry())
    loaded = serializer.loads(serializer.dumps(url))
    assert (loaded, str(loaded)) == (url, "http://a.example")


def _without_path() -> Any:
    return pydantic.HttpUrl(Url("http://a.example", preserve_empty_path=True))  # pyright: ignore[reportArgumentType]


def test_a_url_that_its_class_would_not_take_is_refused_in_both_directions() -> None:
    serializer = get_serializer("json", ConverterRegistry())
    with pytest.raises(DeserializationError, match=r"not a pydantic\.HttpUrl"):
        serializer.loads(b'{"$pydantic.HttpUrl":"javascript:alert(1)"}')
    forged: Any = pydantic.HttpUrl("http://a.example")
    vars(forged)["_url"] = Url("javascript:alert(1)")
    with pytest.raises(SerializationError, match="HttpUrl"):
        serializer.dumps(forged)


@pytest.mark.parametrize(
    "tag", ["pydantic_core.Url", "pydantic_core.MultiHostUrl", "pydantic.AnyUrl", "pydantic.NameEmail"]
)
@pytest.mark.parametrize("plain", ["3", '"no url"', "[1,2]", "[]", "null"])
def test_what_is_no_text_of_theirs_is_refused(tag: str, plain: str) -> None:
    serializer = get_serializer("json", ConverterRegistry())
    with pytest.raises(DeserializationError):
        serializer.loads(f'{{"${tag}":{plain}}}'.encode())


@pytest.mark.parametrize("tag", ["SecretStr", "SecretBytes"])
def test_a_secret_of_another_type_is_refused(tag: str) -> None:
    with pytest.raises(DeserializationError, match="found int"):
        get_serializer("json", ConverterRegistry()).loads(f'{{"$pydantic.{tag}":3}}'.encode())
