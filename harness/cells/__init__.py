"""One cell of the board: what it needs is opened, what it gave is recorded, what went wrong is kept."""
