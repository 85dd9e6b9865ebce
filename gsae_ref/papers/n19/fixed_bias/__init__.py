"""N19: fixed bias."""
