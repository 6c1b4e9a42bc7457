"""Where a system's quality is lost and won, step by step."""
