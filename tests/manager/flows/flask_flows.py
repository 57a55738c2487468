"""What visitors of a Flask application are in the middle of when the process that served them dies."""

from typing import Any
from urllib.parse import urlsplit

from flask_babel.speaklater import LazyString
from flows.flow import Flow
from flows.openid_provider import sent_back


def _log_in(browser: Any) -> None:
    browser.get("/login?remember=1")


def _is_logged_in(browser: Any, begun: None) -> None:
    del begun
    assert browser.get("/who").text == "ann"
    assert browser.get("/fresh").text == "fresh"


def _is_remembered(browser: Any) -> None:
    browser.get("/login?remember=1")
    browser.delete_cookie("session")
    assert browser.get("/who").text == "ann"


def _has_to_prove_it(browser: Any, begun: None) -> None:
    del begun
    assert browser.get("/who").text == "ann"
    assert browser.get("/fresh").status_code == 401


def _is_sent_to_the_login(browser: Any) -> None:
    assert browser.get("/fresh").status_code == 302


def _comes_back_from_the_login(browser: Any, begun: None) -> None:
    del begun
    assert urlsplit(browser.get("/login").location).path == "/fresh"
    assert browser.get("/flashed").json == [["message", "Please log in to access this page.", False]]


def _buy(browser: Any) -> None:
    browser.get("/buy")


def _is_told_once(browser: Any, begun: None) -> None:
    del begun
    assert browser.get("/flashed").json == [
        ["success", "bought", False],
        ["message", "<b>tea</b>", True],
        ["price", "bought for 990 cents", False],
    ]
    assert browser.get("/flashed").json == []


def _with_texts(session: dict[str, Any]) -> dict[str, Any]:
    """Return what a session with lazy flashes comes back as."""
    flashes = session.get("_flashes")
    if not isinstance(flashes, list):
        return session
    texts = [(category, str(text) if isinstance(text, LazyString) else text) for category, text in flashes]
    return session | {"_flashes": texts}


def _open_a_form(browser: Any) -> str:
    assert browser.post("/form").status_code == 400
    return browser.get("/token").text


def _send_the_form(browser: Any, token: str) -> None:
    assert browser.post("/form", data={"csrf_token": token}).status_code == 200


def _fill_a_form_in(browser: Any) -> None:
    form = {"csrf_token": browser.get("/token").text, "size": ["s", "m"]}
    assert browser.post("/form?page=2", data=form).status_code == 200


def _form_is_kept(browser: Any, begun: None) -> None:
    del begun
    assert browser.get("/kept").json == ["s", "m", "2"]


def _go_to_the_provider(browser: Any) -> str:
    return browser.get("/to-provider").location


def _come_back_from_the_provider(browser: Any, location: str) -> None:
    assert browser.get(sent_back(location)).text == "ann-7"


def _come_in_from_the_provider(browser: Any) -> None:
    browser.get(sent_back(browser.get("/to-provider").location))


def _is_known(browser: Any, begun: None) -> None:
    del begun
    assert browser.get("/user").text == "ann-7"


def _stay(browser: Any) -> None:
    browser.get("/stay")


def _stays(browser: Any, begun: None) -> None:
    del begun
    answer = browser.get("/who")
    assert "Expires" in next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("session="))


FLOWS = [
    Flow("Flask-Login login", _log_in, _is_logged_in),
    Flow("Flask-Login remember", _is_remembered, _has_to_prove_it),
    Flow("Flask-Login next", _is_sent_to_the_login, _comes_back_from_the_login, _with_texts),
    Flow("flash messages", _buy, _is_told_once, _with_texts),
    Flow("Flask-WTF token", _open_a_form, _send_the_form),
    Flow("form of a request", _fill_a_form_in, _form_is_kept),
    Flow("authlib login", _go_to_the_provider, _come_back_from_the_provider),
    Flow("authlib user", _come_in_from_the_provider, _is_known),
    Flow("permanent session", _stay, _stays),
]
