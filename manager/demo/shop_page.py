"""What a program sees of the page of a shop.

Pages say in attributes what it has to know: ``<body data-user="...">``, and for each line of the cart ``<li
data-item="..." data-quantity="...">``. Forms are sent back with all their hidden fields.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from .losses import Loss, Lost


@dataclass
class Page:
    """What a program sees of a page.

    >>> page = Page.of('<body data-user="Ann"><li data-item="fig" data-quantity="2">')
    >>> page.user, page.cart
    ('Ann', {'fig': 2})
    """

    user: str | None = None
    """Who is logged in; empty for nobody, None if this is no page of a shop."""
    cart: dict[str, int] = field(default_factory=dict[str, int])
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])
    """Where each form is sent, and its hidden fields."""

    @classmethod
    def of(cls, html: str) -> "Page":
        """Read a page."""
        reader = _Reader()
        reader.feed(html)
        return reader.page

    def form(self, action: str, item: str | None = None) -> dict[str, str]:
        """Return the hidden fields of a form.

        Raises
        ------
        Lost
            The page has no such form.

        >>> page = Page.of('<form action="/cart"><input type="hidden" name="item" value="fig">')
        >>> page.form("/cart", "fig")
        {'item': 'fig'}
        """
        for where, fields in self.forms:
            if where == action and (item is None or fields.get("item") == item):
                return dict(fields)
        raise Lost(Loss.FORM, f"the page has no form for {action}{f' of {item}' if item else ''}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "body":
            self.page.user = attributes.get("data-user")
        elif tag == "li" and "data-item" in attributes:
            self.page.cart[attributes["data-item"]] = int(attributes["data-quantity"])
        elif tag == "form":
            self.page.forms.append((attributes.get("action", ""), {}))
        elif tag == "input" and attributes.get("type") == "hidden" and self.page.forms:
            self.page.forms[-1][1][attributes["name"]] = attributes.get("value", "")
