"""Weights in fewer bits, and the multiplications by them."""
