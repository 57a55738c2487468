"""What settings mean together: combinations that would fail later, or be less safe than they look, are refused."""

from typing import TYPE_CHECKING

from ..serializers import get_serializer
from .setting_rules import HIDDEN, SettingError

if TYPE_CHECKING:
    from .settings import Settings

_COOKIE_PREFIXES = ("__host-", "__secure-")  # browsers ignore their case, see RFC 6265bis section 5.7


def check_together(settings: "Settings") -> None:
    """Refuse settings that do not go together.

    Raises
    ------
    ConfigurationError
        With the first setting that cannot be what it is, and why.
    """
    _check_freshness(settings)
    _check_signing(settings)
    _check_credentials(settings)
    _check_tls(settings)
    _check_cookie(settings)


def _check_freshness(settings: "Settings") -> None:
    if settings.freshness == "trust" and settings.route is None:
        reason = "without route ids do not say which process holds the session"
        raise SettingError("freshness", "trust", "'auto', 'revalidate', or 'trust' together with route", reason=reason)


def _check_signing(settings: "Settings") -> None:
    if settings.signing_keys:
        return
    chosen, *others = settings.accepted_serializers
    serializer = get_serializer(chosen) if isinstance(settings.serializer, str) else settings.serializer
    unsafe = [name for name in others if not get_serializer(name).capabilities.safe]
    if serializer.capabilities.safe and not unsafe:
        return
    in_question = ("accept_serializers", settings.accept_serializers) if unsafe else ("serializer", settings.serializer)
    raise SettingError(
        *in_question,
        f"serializers that are safe without signing_keys, or {unsafe[0] if unsafe else chosen!r} together with them",
        reason="whoever can write to memcached could harm the process that reads it",
    )


def _check_credentials(settings: "Settings") -> None:
    if settings.username is not None and settings.password is None:
        reason = "password is missing"
        raise SettingError("username", settings.username, "username and password, or neither", reason=reason)
    if settings.password is not None and settings.username is None:
        raise SettingError("password", HIDDEN, "username and password, or neither", reason="username is missing")


def _check_tls(settings: "Settings") -> None:
    if settings.tls_key_file is not None and settings.tls_certificate_file is None:
        allowed = "a key together with its tls_certificate_file"
        raise SettingError("tls_key_file", settings.tls_key_file, allowed, reason="tls_certificate_file is missing")
    kinds = {node.address.kind for node in settings.node_list.nodes}
    if "tcp" in kinds and "tls" not in kinds:
        for setting in ("tls_ca_file", "tls_certificate_file"):
            if (file := getattr(settings, setting)) is not None:
                allowed = "a file together with tls://host:port in memcached_nodes"
                raise SettingError(setting, file, allowed, reason="the nodes are reached without TLS")


def _check_cookie(settings: "Settings") -> None:
    prefix = next((known for known in _COOKIE_PREFIXES if settings.cookie_name.lower().startswith(known)), None)
    if settings.cookie_secure is False:
        for needed, why in (
            (prefix is not None, f"cookie_name {settings.cookie_name!r}"),
            (settings.cookie_samesite == "None", "cookie_samesite 'None'"),
            (settings.cookie_partitioned, "cookie_partitioned"),
        ):
            if needed:
                raise SettingError("cookie_secure", value=False, allowed="True or 'auto'", reason=_dropped(why))
    if prefix == "__host-" and settings.cookie_domain is not None:
        reason = _dropped(f"cookie_name {settings.cookie_name!r}")
        raise SettingError("cookie_domain", settings.cookie_domain, "None", reason=reason)
    if prefix == "__host-" and settings.cookie_path != "/":
        reason = _dropped(f"cookie_name {settings.cookie_name!r}")
        raise SettingError("cookie_path", settings.cookie_path, "'/'", reason=reason)


def _dropped(because_of: str) -> str:
    return f"browsers would drop the cookie because of {because_of}"
