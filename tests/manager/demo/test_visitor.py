"""A visitor repeats what was not answered, keeps quiet about what is as it should be, and notices whatever is not."""

from collections.abc import Callable

import pytest
from demo_scripted_shop import (
    Deed,
    Request,
    ScriptedShop,
    do_and_break_the_connection,
    do_and_lose_the_answer,
    fail_with,
)

from memcached_sessions.manager.demo import visitor as visiting
from memcached_sessions.manager.demo.losses import Loss, Lost, NotAnswered
from memcached_sessions.manager.demo.visitor import Exchange, Visitor

NewVisitor = Callable[[tuple[str, int]], Visitor]
LOST_ANSWERS = [do_and_lose_the_answer, do_and_break_the_connection, fail_with(502), fail_with(503)]
LOST_NAMES = ["done, 504", "done, broken connection", "502", "503"]


def _paths(shop: ScriptedShop) -> list[str]:
    return [path for path, _ in shop.posts]


def test_forms_are_sent_with_their_hidden_fields(shop: ScriptedShop, ann: Visitor) -> None:
    """By whatever name a framework has its token."""
    ann.put("fig", 2)

    assert shop.posts[-1] == ("/cart", {"csrf": "1", "item": "fig", "quantity": "2"})


def test_a_line_set_to_nothing_is_gone(shop: ScriptedShop, ann: Visitor) -> None:
    """And the visitor expects it to be."""
    ann.put("apple", 0)

    assert shop.cart == {}


@pytest.mark.parametrize("deed", LOST_ANSWERS, ids=LOST_NAMES)
def test_a_change_that_is_not_answered_is_sent_again(shop: ScriptedShop, ann: Visitor, deed: Deed) -> None:
    """Whether it was done or not."""
    shop.deeds.append(deed)

    ann.put("fig", 2)

    assert (shop.cart, _paths(shop)) == ({"apple": "3", "fig": "2"}, ["/register", "/cart", "/cart", "/cart"])


@pytest.mark.parametrize("deed", LOST_ANSWERS, ids=LOST_NAMES)
@pytest.mark.parametrize("known", [False, True], ids=["register", "log in"])
def test_whoever_is_let_in_without_an_answer_gets_in(
    shop: ScriptedShop, new_visitor: NewVisitor, deed: Deed, known: bool
) -> None:
    """The account may be made, the session may have another id."""
    shop.accounts = {"Ann"} if known else set()
    shop.deeds.append(deed)
    visitor = new_visitor(shop.address)

    (visitor.log_in if known else visitor.register)()

    assert (visitor.logged_in, shop.user) == (True, "Ann")


def test_an_account_that_a_lost_registration_has_made_is_used(shop: ScriptedShop, new_visitor: NewVisitor) -> None:
    """The shop says that the name is taken."""

    def do_for_another_session(request: Request) -> None:
        request.shop.accounts.add(request.fields["name"])
        request.answer(504)

    shop.deeds.append(do_for_another_session)

    new_visitor(shop.address).register()

    assert _paths(shop) == ["/register", "/register", "/login"]


@pytest.mark.parametrize("deed", LOST_ANSWERS, ids=LOST_NAMES)
def test_whoever_is_let_out_without_an_answer_gets_out(shop: ScriptedShop, ann: Visitor, deed: Deed) -> None:
    """He looks, and tries again if he is still in."""
    shop.deeds.append(deed)

    ann.log_out()

    assert (ann.logged_in, shop.user) == (False, "")


@pytest.mark.parametrize("known", [False, True], ids=["log out", "log in"])
def test_a_form_may_be_refused_after_one_without_an_answer(
    shop: ScriptedShop, ann: Visitor, new_visitor: NewVisitor, known: bool
) -> None:
    """The lost request is carried out late, and the session of the form is not there any more."""
    shop.deeds.extend([fail_with(504), fail_with(403)])

    visitor = ann
    if known:
        shop.user = ""
        visitor = new_visitor(shop.address)
        visitor.log_in()
    else:
        visitor.log_out()

    assert not shop.deeds
    assert visitor.excused == 1


@pytest.mark.parametrize("step", ["log_out", "log_in", "register"])
def test_an_error_of_a_server_is_one_also_after_a_form_without_an_answer(
    shop: ScriptedShop, ann: Visitor, step: str
) -> None:
    """Nothing that is done late makes a server fail."""
    shop.deeds.extend([fail_with(502), fail_with(500)])
    if step != "log_out":
        shop.user = ""

    with pytest.raises(NotAnswered, match="answered by 500"):
        getattr(ann, step)()

    assert ann.excused == 0


def test_a_refused_form_is_a_loss_otherwise(shop: ScriptedShop, ann: Visitor) -> None:
    """Its token was on the page before."""
    shop.deeds.append(fail_with(403))

    with pytest.raises(Lost, match="POST /cart was answered by 403") as caught:
        ann.put("fig", 2)

    assert caught.value.what is Loss.FORM


@pytest.mark.parametrize("step", ["log_out", "log_in", "register"])
def test_a_refused_form_of_an_account_is_a_loss(shop: ScriptedShop, ann: Visitor, step: str) -> None:
    """As any other."""
    shop.deeds.append(fail_with(400))

    with pytest.raises(Lost) as caught:
        getattr(ann, step)()

    assert caught.value.what is Loss.FORM


def test_a_forgotten_account_is_a_loss(shop: ScriptedShop, ann: Visitor) -> None:
    """The shop says: wrong password."""
    ann.log_out()
    shop.accounts.clear()

    with pytest.raises(Lost, match="Ann has an account and may not log in"):
        ann.log_in()


@pytest.mark.parametrize(
    ("change", "what", "message"),
    [
        (lambda shop: shop.cart.clear(), Loss.CART, "the cart has 0 of apple instead of 3"),
        (lambda shop: shop.cart.update(apple="2"), Loss.CART, "the cart has 2 of apple instead of 3"),
        (lambda shop: shop.cart.update(fig="1"), Loss.CART, "the cart has 1 of fig instead of 0"),
        (lambda shop: setattr(shop, "user", ""), Loss.LOGIN, "logged in as Ann, and the page says nobody"),
        (lambda shop: setattr(shop, "user", "Bob"), Loss.LOGIN, "logged in as Ann, and the page says Bob"),
    ],
    ids=["line gone", "old quantity", "somebody's line", "logged out", "somebody else"],
)
def test_what_the_page_does_not_show_is_lost(
    shop: ScriptedShop, ann: Visitor, change: Callable[[ScriptedShop], object], what: Loss, message: str
) -> None:
    """And so is what it should not show."""
    change(shop)

    with pytest.raises(Lost, match=message) as caught:
        ann.look()

    assert caught.value.what is what


def test_a_login_that_outlives_the_log_out_is_a_loss(shop: ScriptedShop, ann: Visitor) -> None:
    """It was acknowledged that it ended."""
    shop.deeds.append(fail_with(303))

    with pytest.raises(Lost, match="logged in as nobody, and the page says Ann"):
        ann.log_out()


def test_what_was_never_acknowledged_may_be_there_or_not(
    shop: ScriptedShop, ann: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the quantity that was sent, and no other."""
    monkeypatch.setattr(visiting, "RETRY_FOR", 0.0)
    shop.deeds.extend([fail_with(504)] * 2)
    with pytest.raises(NotAnswered):
        ann.put("fig", 2)

    ann.look()
    shop.cart["fig"] = "2"
    ann.look()
    shop.cart["fig"] = "1"

    with pytest.raises(Lost, match="1 of fig"):
        ann.look()


@pytest.mark.parametrize(
    "step",
    [lambda ann: ann.put("fig", 2), Visitor.log_out, Visitor.log_in, Visitor.register],
    ids=["put", "log out", "log in", "register"],
)
def test_nobody_tries_for_ever(
    shop: ScriptedShop, ann: Visitor, monkeypatch: pytest.MonkeyPatch, step: Callable[[Visitor], object]
) -> None:
    """Whoever is not answered for long says so."""
    monkeypatch.setattr(visiting, "RETRY_FOR", 0.3)
    shop.deeds.extend([fail_with(503)] * 50)
    if step in (Visitor.log_in, Visitor.register):
        shop.user = ""

    with pytest.raises(NotAnswered, match="at last 503"):
        step(ann)

    assert len(shop.deeds) < 50


@pytest.mark.parametrize("where", ["page", "form"])
def test_an_error_of_a_server_is_not_tried_again(shop: ScriptedShop, ann: Visitor, where: str) -> None:
    """Another server would not know better."""
    (shop.page_deeds if where == "page" else shop.deeds).append(fail_with(500))

    with pytest.raises(NotAnswered, match="answered by 500"):
        (ann.look if where == "page" else lambda: ann.put("fig", 2))()


def test_every_try_is_heard_of(shop: ScriptedShop) -> None:
    """Also those that nobody answers."""
    heard: list[Exchange] = []
    visitor = Visitor(shop.address, "Ann", heard.append)
    shop.page_deeds.append(fail_with(502))

    visitor.look()
    visitor.close()

    assert [(exchange.status, exchange.answered) for exchange in heard] == [(502, False), (200, True)]


def test_the_cookie_says_where_the_session_is(ann: Visitor) -> None:
    """To balancers, and to whoever looks into a loss."""
    assert ann.place == ("app1", "n1")


def test_whoever_starts_anew_has_nothing_to_lose(shop: ScriptedShop, ann: Visitor) -> None:
    """He is known to nobody."""
    shop.do("/logout", {})

    ann.start_anew()
    ann.look()

    assert (ann.cookies, ann.place) == ({}, ("", ""))
