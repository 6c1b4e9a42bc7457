"""Texts to vectors: order, duplicates, progress, and the refusal of vectors that cannot be compared."""
