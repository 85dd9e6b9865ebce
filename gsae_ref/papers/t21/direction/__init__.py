"""T21: direction."""
