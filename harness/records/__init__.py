"""What a run leaves behind: records, runs, per-query scores, keys, provenance; every write atomic."""
