"""The dicts of authlib."""

# The library has no types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportMissingTypeStubs=false

from authlib.oauth2.rfc6749.wrappers import OAuth2Token
from authlib.oidc.core.claims import UserInfo

from .library_sample import LibrarySample

SAMPLES = [
    LibrarySample("user_info", lambda: UserInfo(sub="7", email="käse@example.com", groups=["a", "b"])),
    LibrarySample("token", lambda: OAuth2Token({"access_token": "t", "expires_at": 1795625150})),
    LibrarySample("lasting_token", lambda: _lasting(OAuth2Token({"access_token": "t", "expires_in": 60}))),
]


def _lasting(token: OAuth2Token) -> OAuth2Token:
    del token["expires_at"]  # which differs from call to call, and must not be added on reading
    return token
