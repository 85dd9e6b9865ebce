"""T21: experimental validation."""
