"""What hostile bytes do to each serializer: the attacks, and the grid."""
