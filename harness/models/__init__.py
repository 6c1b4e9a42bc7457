"""Model specifications, where their files lie, prompts, loading."""
