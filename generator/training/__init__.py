"""Training of our own model: the loop, its losses, and the recipes that compose them."""
