"""What a manager counts and times: the figures, their snapshot, and their way to Prometheus."""
