"""The same small shop four times: accounts and a cart, with sessions that survive their server.

Each is one file, a real server by one command, and works with the memcached that `MEMCACHED_SESSIONS_NODES` names
(127.0.0.1:11211 if it is not set):

    python -m memcached_sessions.examples.wsgi_shop
    python -m memcached_sessions.examples.fastapi_shop
    python -m memcached_sessions.examples.flask_shop
    python -m memcached_sessions.examples.django_shop

A line of the cart is an attribute of its own (`session["cart:apple"]`), because what two processes did to one session
is merged attribute by attribute: a request that a server answers late takes no other line away.

>>> from memcached_sessions.examples import pages
>>> pages.cart_line("apple", "2")
('cart:apple', 2)
"""
