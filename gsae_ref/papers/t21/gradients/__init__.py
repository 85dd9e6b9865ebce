"""T21: gradients."""
