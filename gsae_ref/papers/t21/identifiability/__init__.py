"""Which dictionaries have least cost: R14, zero loss, and the least loss with weight decay."""
