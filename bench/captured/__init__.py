"""The sessions of the user's own site as a workload: read from files or from a live memcached, and anonymized."""
