"""The sessions that this package brings, each found by its entry point as a third party's would be.

Invariant: every random value comes from a local generator with the seed of its module, and parts are distinct objects
unless the session of a real application shares them: repeated parts would flatter formats with back-references.
"""
