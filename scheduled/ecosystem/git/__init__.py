"""What can be said of a git repository without letting it decide what is run."""
