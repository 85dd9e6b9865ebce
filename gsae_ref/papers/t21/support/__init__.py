"""T21: support."""
