"""The shipped converters: of the standard library's types, one module a kind, and of libraries, one or a few each.

Each kind and each library is an entry point. What needs its library is imported once something else has imported that.
"""
