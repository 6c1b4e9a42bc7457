"""What ranks: each file composes rooms of the floor below into one kind of system."""
