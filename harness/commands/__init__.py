"""One thin file per command: `harness NAME …` is the file NAME.py with a `command` in it. Nothing is listed anywhere."""
