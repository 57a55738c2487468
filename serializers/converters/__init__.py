"""The shipped converters of the standard library's types, one module per kind, each behind its own entry point."""
