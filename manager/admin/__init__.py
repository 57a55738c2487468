"""`memcached-sessions`: what an operator asks of nodes and stored sessions, from the command line."""
