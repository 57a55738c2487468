"""The manager in web frameworks: each module translates the conventions of one to open, commit and release.

Import the module of the framework that you use. Invariant: none of them imports another's framework, and nothing but
them knows HTTP.
"""
