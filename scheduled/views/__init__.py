"""What people and machines look at, built from the same rows."""
