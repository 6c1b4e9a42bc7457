"""Published scores: the file that lists them, what explains a gap to ours, and the table of both."""
