"""N19: mixture."""
