"""A tick: the story of one `scheduled run`."""
