"""The failover, live: two memcached nodes, two application servers and nginx, all real processes on the loopback.

`cluster` starts, kills and freezes them, `served` is what the application servers serve: a shop of
`memcached_sessions.examples` and what tells where its sessions came from. A `visitor` clicks through the shop. One of
them makes the `story`, which goes into a `journal` that the terminal, the JSON lines and the web page read. Two hundred
make the `crowd`.

>>> from memcached_sessions.manager.demo.balancer import CONFIGURATION
>>> "proxy_next_upstream" in CONFIGURATION.read_text()
True
"""
