"""What gradient descent does on finitely many samples: R9 without noise, R13 with it."""
