"""The session cookie in the headers of HTTP: found in a request's ``Cookie``, written as a response's ``Set-Cookie``.

Invariants: a pair ends at the next semicolon whatever quotes say, so no other cookie can hide or swallow this one (RFC
6265 section 5.4, and what browsers do); reading never raises, and takes time in proportion to the header; what deletes
a cookie names it by the same attributes as what set it, or browsers would keep it.
"""

from .cookie import CookieAction, CookieKind
from .settings import Settings

_BLANKS = frozenset(" \t")
_NAME_PREFIXES_THAT_NEED_SECURE = ("__host-", "__secure-")  # RFC 6265bis section 4.1.3; browsers ignore their case


def cookie_value(header: str, name: str) -> str | None:
    """Return the value of one cookie of a request.

    Parameters
    ----------
    header
        Of ``Cookie``, as it came: anything at all. Several headers are to be joined with ``"; "``.
    name
        Of the cookie.

    Returns
    -------
    The value without blanks and quotes around it; None if there is no such cookie. If there are several, it is the
    first, which browsers send for the most specific path. Escapes within quotes stay: no session id has any.

    >>> cookie_value('theme=dark; id="0123-n1"; id=other', "id")
    '0123-n1'
    >>> cookie_value("paid=yes", "id") is None
    True
    """
    at = header.find(name)
    while at >= 0:
        equals = at + len(name)
        sign = header[equals : equals + 1]
        while sign in _BLANKS:
            equals += 1
            sign = header[equals : equals + 1]
        # The two looks in front are for speed: what browsers send begins like this, and every request comes here.
        if sign == "=" and (not at or header[at - 2 : at] == "; " or _begins_a_pair(header, at)):
            value = header[equals + 1 :].partition(";")[0].strip(" \t")
            return value[1:-1] if value[:1] == '"' and value[-1:] == '"' != value else value
        at = header.find(name, at + 1)
    return None


def set_cookie_header(action: CookieAction, settings: Settings, *, secure: bool) -> str:
    """Return the value of the ``Set-Cookie`` header that does what a commit decided.

    The cookie lasts until the browser ends. It is ``Secure`` where browsers would drop it otherwise (the prefixes
    ``__Host-`` and ``__Secure-``, ``SameSite=None``, ``Partitioned``), whatever the request came by: a proxy may have
    taken it by https.

    Parameters
    ----------
    action
        To set or to delete the cookie.
    settings
        Those named ``cookie_...``.
    secure
        Whether the request came by https: what ``cookie_secure="auto"`` follows.

    Raises
    ------
    ValueError
        There is nothing to set: look at the kind of the action first.

    >>> from memcached_sessions.manager.cookie import DELETE_COOKIE
    >>> settings = Settings(memcached_nodes="memory://")
    >>> set_cookie_header(CookieAction(CookieKind.SET, "0123-n1"), settings, secure=True)
    'id=0123-n1; Path=/; HttpOnly; SameSite=Lax; Secure'
    >>> set_cookie_header(DELETE_COOKIE, settings, secure=False)
    'id=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'
    """
    if action.kind is CookieKind.NOTHING:
        raise ValueError("the response leaves the cookie as it is: send no Set-Cookie for an action of kind NOTHING")
    parts = [f"{settings.cookie_name}={action.value}"]
    if action.kind is CookieKind.DELETE:
        parts.append("Max-Age=0")
    if settings.cookie_domain is not None:
        parts.append(f"Domain={settings.cookie_domain}")
    parts.append(f"Path={settings.cookie_path}")
    if settings.cookie_httponly:
        parts.append("HttpOnly")
    parts.append(f"SameSite={settings.cookie_samesite}")
    if _is_secure(settings, secure=secure):
        parts.append("Secure")
    if settings.cookie_partitioned:
        parts.append("Partitioned")
    return "; ".join(parts)


def _begins_a_pair(header: str, at: int) -> bool:
    """Whether nothing but blanks is between a place and the semicolon, or the beginning, before it."""
    before = at - 1
    while before >= 0 and header[before] in _BLANKS:
        before -= 1
    return before < 0 or header[before] == ";"


def _is_secure(settings: Settings, *, secure: bool) -> bool:
    if settings.cookie_secure == "auto":
        return (
            secure
            or settings.cookie_partitioned
            or settings.cookie_samesite == "None"
            or settings.cookie_name.lower().startswith(_NAME_PREFIXES_THAT_NEED_SECURE)
        )
    return settings.cookie_secure
