"""A plug-in that cannot be imported: the library that it needs is not there."""

raise ImportError("libbroken is not installed")
