"""Embedding endpoints: what vendors' requests and answers look like, a client that bills no text twice, what it cost."""
