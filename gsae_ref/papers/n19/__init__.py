"""N19: one folder for every topic of the paper; its rows in order are in statements.py."""
