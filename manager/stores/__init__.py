"""Stores: what the manager needs of one node (`store`), in memory and on a memcached.

`memcached_store` is a pool (`connection_pool`) of clients (`meta_client`). They are connected by `dialing` and learn by
`greeting` what the server is; `meta_commands` is what they send, `meta_replies` what they understand.
"""
