"""What runs the forward pass: one file per runtime, each a function from a loaded model to a `Runner`."""
