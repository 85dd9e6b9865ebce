"""N19: sparse codes."""
