"""Plots of a board: few systems task by task, many as dots and a heat map, quality against speed, compression."""
