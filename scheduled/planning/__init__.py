"""What is due, and what the end of a run means for its slot (pure)."""
