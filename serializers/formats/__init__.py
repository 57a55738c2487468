"""The built-in serializers, one module per format, each behind its own entry point."""
