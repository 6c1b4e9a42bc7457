"""Two systems on one task, query by query: what differs, how sure that is, where it lives, and what made it so."""
