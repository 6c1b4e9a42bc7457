"""Thousands of fusions of two systems from one run of each: measured, chosen without flattering, shown."""
