"""Vectors or terms to ranked lists, in the one order."""
