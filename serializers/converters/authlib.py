"""What authlib hands to applications, which may keep it: the claims about a user and a token of OAuth 2, both dicts."""

# Arbitrary data has no static type, and the library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from typing import Any

from ..registry import ConverterRegistry
from .plain_data import expect_pairs, pairs_of, refuse_attributes


def register_converters(registry: ConverterRegistry) -> None:
    """Register each once authlib's module of it is imported."""
    registry.when_imported("authlib.oidc.core.claims", _register_user_info)
    registry.when_imported("authlib.oauth2.rfc6749.wrappers", _register_token)


def _register_user_info(registry: ConverterRegistry) -> None:
    from authlib.oidc.core.claims import UserInfo  # noqa: PLC0415 - it was imported

    _register(registry, UserInfo)


def _register_token(registry: ConverterRegistry) -> None:
    from authlib.oauth2.rfc6749.wrappers import OAuth2Token  # noqa: PLC0415 - it was imported

    _register(registry, OAuth2Token)


def _register(registry: ConverterRegistry, cls: Any) -> None:
    def write(value: Any) -> list[Any]:
        refuse_attributes(value)
        return pairs_of(value)

    def read(plain: Any) -> Any:
        value = cls.__new__(cls)  # a token's __init__ may add when it expires, counted from now
        value.update(expect_pairs(plain))
        return value

    registry.register(cls, tag=f"authlib.{cls.__name__}", encode=write, decode=read)
