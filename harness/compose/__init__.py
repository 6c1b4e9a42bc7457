"""From what a person types or calls to jobs that run: discovery of plug-ins, Hydra, the launcher, the Python door."""
