"""The comparison of serializers on realistic sessions that go through a real memcached.

One step hands its result to the next: `workload` (what is stored) and the installed serializers give the cases of
`case`, which are verified there; `measuring` times the verified ones; `result` holds what was found and is what the
JSON file is; `report` prints it. `run` does all of it, `cli` is the command, and `suite` has the same cases for
pytest-benchmark. Invariant: what was not verified is never timed, and a report reads nothing but a result.
"""
