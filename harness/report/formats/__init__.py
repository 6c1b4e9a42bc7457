"""Formats of other tools, one file each; its name is what `harness export` is asked for, its first line what the help says."""
