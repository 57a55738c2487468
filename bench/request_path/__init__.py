"""What a session costs a request: the manager beside the session libraries of Python, on the same memcached."""
