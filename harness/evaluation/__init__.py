"""One cell of the board: its system and task are opened, its run is had, recorded with its diagnostics, and shown."""
