"""What becomes of Python's types in each serializer: the values, and the matrix."""
