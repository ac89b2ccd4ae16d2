"""What is remembered: the journal, its checkpoint, and what is read from them."""
