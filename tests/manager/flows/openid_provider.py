"""A provider of OpenID Connect, which logs everybody in as Ann: to whom an application sends its visitors.

It is a server of this process on the loopback. Invariants: a token is given for a code once, and only to who knows what
the challenge was made of; the nonce of the request is in the ID token.
"""

import base64
import hashlib
import http.client
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = {"client_id": "shop", "client_secret": "a secret of the shop and its provider"}
ANN = {"sub": "ann-7", "email": "ann@example.com", "email_verified": True, "preferred_username": "ann"}


class _Provider(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
        self.asked: dict[str, dict[str, str]] = {}
        """The requests to log somebody in, by their codes."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Request(BaseHTTPRequestHandler):
    server: _Provider

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        url = self.server.url
        match address.path:
            case "/.well-known/openid-configuration":
                paths = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
                found: dict[str, Any] = {f"{name}_endpoint": f"{url}/{path}" for name, path in paths.items()}
                self.say(
                    found | {"issuer": url, "jwks_uri": f"{url}/keys", "code_challenge_methods_supported": ["S256"]}
                )
            case "/keys":
                self.say({"keys": [self.server.key.as_dict(private=False)]})
            case "/userinfo":
                self.say(ANN)
            case "/authorize":
                code = secrets.token_urlsafe(16)
                self.server.asked[code] = query
                self.send_response(302)
                self.send_header(
                    "Location", f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"
                )
                self.end_headers()
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = self.server.asked.pop(form["code"][0])
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            self.send_error(400, "another verifier")
            return
        now = int(time.time())
        claims = ANN | {"iss": self.server.url, "aud": CLIENT["client_id"], "iat": now, "exp": now + 60}
        claims |= {"nonce": asked["nonce"]} if "nonce" in asked else {}
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.server.key)
        self.say({"access_token": "t", "token_type": "Bearer", "expires_in": 60, "id_token": token})

    def say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the names of http.server
        """Say nothing."""


@contextmanager
def openid_provider() -> Iterator[str]:
    """Have a provider serve, and return its address."""
    server = _Provider()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sent_back(location: str) -> str:
    """Visit a provider as the visitor whom an application has sent there; return where the visitor is sent back to."""
    address = urlsplit(location)
    connection = http.client.HTTPConnection(address.netloc, timeout=5)
    try:
        connection.request("GET", f"{address.path}?{address.query}")
        back = urlsplit(connection.getresponse().getheader("Location") or "")
    finally:
        connection.close()
    return f"{back.path}?{back.query}"
