"""The journal, the state as its checkpoint, and what is read from them."""
