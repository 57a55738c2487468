"""What the four shops show: plain HTML, all of it escaped, for narrow screens too."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

PRODUCTS = {
    name.lower(): name
    for name in "Apple Banana Cherry Fig Grape Kiwi Lemon Mango Olive Peach Pear Plum".split()  # noqa: SIM905
}
"""What can be bought, by the name in a form."""

MOST = 99
"""How much of it."""

_STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 0 auto; padding: 0 1rem 2rem;
  overflow-wrap: anywhere }
header, form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
header { justify-content: space-between }
ul { list-style: none; padding: 0; display: grid; gap: .5rem }
ul { grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)) }
input[type=number] { width: 3rem; box-sizing: border-box }
li label { flex: 1; display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center }
.flash { padding: .5rem 1rem; border-left: .3rem solid seagreen }
.error { border-color: crimson }
"""


def cart_line(item: str, quantity: str) -> tuple[str, int]:
    """Return the name of the session's attribute for a line of the cart, and how much of it is wanted; 0 for none.

    Raises
    ------
    ValueError
        The form was not ours.
    """
    number = int(quantity) if quantity.isascii() and quantity.isdigit() and len(quantity) < 4 else MOST + 1
    if item not in PRODUCTS or number > MOST:
        raise ValueError(f"there are {', '.join(PRODUCTS)}, up to {MOST} of each")
    return f"cart:{item}", number


def shop_page(user: str, session: Mapping[str, Any], flashes: Iterable[str], csrf: tuple[str, str]) -> str:
    """Return the page of the shop.

    Parameters
    ----------
    user
        Who is logged in; empty for nobody.
    session
        With the cart.
    flashes
        What to say once.
    csrf
        Name and value of the hidden field that each form has.

    >>> page = shop_page("<Ann>", {"cart:apple": 2}, ["Welcome"], ("csrf", "token"))
    >>> '<body data-user="&lt;Ann&gt;">' in page, '<li data-item="apple" data-quantity="2">' in page
    (True, True)
    """
    cart = {item: session[f"cart:{item}"] for item in PRODUCTS if f"cart:{item}" in session}
    lines = "".join(
        f'<li data-item="{item}" data-quantity="{quantity}">{quantity} x {PRODUCTS[item]}</li>'
        for item, quantity in cart.items()
    )
    products = "".join(
        f'<li><form action="/cart" method="post">{_hidden(csrf)}<input type="hidden" name="item" value="{item}">'
        f'<label>{name} <input type="number" name="quantity" min="0" max="{MOST}" value="{cart.get(item, 1)}"></label>'
        f"<button>Set</button></form></li>"
        for item, name in PRODUCTS.items()
    )
    account = (
        f'<form action="/logout" method="post">{_hidden(csrf)}{escape(user)} <button>Log out</button></form>'
        if user
        else '<nav><a href="/login">Log in</a> <a href="/register">Register</a></nav>'
    )
    said = "".join(f'<p class="flash">{escape(flash)}</p>' for flash in flashes)
    body = f"<header><h1>Shop</h1>{account}</header>{said}<h2>Cart</h2><ul>{lines or '<li>empty</li>'}</ul>"
    return _page("Shop", user, f"{body}<h2>Products</h2><ul>{products}</ul>")


def account_page(title: str, csrf: tuple[str, str], error: str = "") -> str:
    """Return the page to log in or to register, whose form is sent to its own address."""
    said = f'<p class="flash error">{escape(error)}</p>' if error else ""
    return _page(
        title,
        "",
        f'<h1>{title}</h1>{said}<form method="post">{_hidden(csrf)}<label>Name <input name="name" required></label>'
        f'<label>Password <input type="password" name="password" required></label><button>{title}</button></form>'
        '<p><a href="/">Back to the shop</a></p>',
    )


def _hidden(csrf: tuple[str, str]) -> str:
    return f'<input type="hidden" name="{escape(csrf[0])}" value="{escape(csrf[1])}">'


def _page(title: str, user: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f'<title>{title}</title><style>{_STYLE}</style></head><body data-user="{escape(user)}">{body}</body></html>'
    )
