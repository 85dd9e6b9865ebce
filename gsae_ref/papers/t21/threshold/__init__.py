"""T21: threshold."""
