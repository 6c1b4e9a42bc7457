"""Where one system fails on one task: by slice, query by query, and where every recorded system fails with it."""
