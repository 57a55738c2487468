"""Whether sessions outlive a deploy: what yesterday's code wrote is read by today's."""
